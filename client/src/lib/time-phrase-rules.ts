/**
 * The vocabulary of typed times: each rule reads one piece of a phrase (a date, a clock time, a part of the day, …) at
 * the place where the phrase has been read to. `time-phrase.ts` puts the pieces together. Phrases come from
 * `plainPhrase`: lower case, no marks.
 */
export type DayPart = 'dawn' | 'morning' | 'noon' | 'afternoon' | 'evening' | 'night';
export type ClockPrecision = 'hour' | 'minute' | 'second' | 'tenth';
/** Why a phrase is not taken: a key of the sentence that is shown. */
export type PhraseFault = 'unknown' | 'noSuchDay' | 'noSuchTime' | 'unclear' | 'otherWeekday';

export type Piece =
  | { kind: 'date'; day: number; month: number | undefined; year: number | undefined }
  /** 1 is Monday, 7 Sunday. `week`: the most recent one, the one before today, or that of this, the last or the next week. */
  | { kind: 'weekday'; weekday: number; week: 'recent' | 'before' | 'this' | 'last' | 'next' }
  | { kind: 'days'; back: number }
  | { kind: 'clock'; hour: number; minute: number; second: number; ms: number; precision: ClockPrecision }
  | { kind: 'half'; half: 'am' | 'pm' }
  | { kind: 'part'; part: DayPart }
  /** So long before now. */
  | { kind: 'ago'; ms: number }
  | { kind: 'fault'; fault: PhraseFault };

interface Rule {
  /** Sticky. */
  pattern: RegExp;
  read(match: RegExpExecArray): Piece[];
}

const rule = (source: string, read: Rule['read']): Rule => ({ pattern: new RegExp(source, 'y'), read });
const end = '(?![a-z0-9])';
const hourWord = '(?:gio|h|g)';
const minuteWord = "(?:phut|ph|p|')";
const year = '(?:19[7-9]\\d|2[01]\\d\\d)';

function clock(
  hour: string | number,
  minute?: string | number,
  second?: string,
  fraction?: string,
  precision?: ClockPrecision,
): Piece[] {
  return [
    {
      kind: 'clock',
      hour: Number(hour),
      minute: Number(minute ?? 0),
      second: Number(second ?? 0),
      ms: Number((fraction ?? '').slice(0, 3).padEnd(3, '0')),
      precision:
        precision ??
        (fraction !== undefined ? 'tenth' : second !== undefined ? 'second' : minute !== undefined ? 'minute' : 'hour'),
    },
  ];
}

function date(day: string | number, month?: string | number, ofYear?: string): Piece[] {
  const number = ofYear === undefined ? undefined : Number(ofYear);
  return [
    {
      kind: 'date',
      day: Number(day),
      month: month === undefined ? undefined : Number(month),
      year: number !== undefined && ofYear?.length === 2 ? 2000 + number : number,
    },
  ];
}

const unitMs: [RegExp, number][] = [
  [/^(?:tuan|week)/, 7 * 86_400_000],
  [/^(?:ngay|hom|day)/, 86_400_000],
  [/^(?:gio|tieng|h)/, 3600_000],
  [/^(?:phut|p|'|m)/, 60_000],
  [/^(?:giay|s)/, 1000],
];
const spanUnit =
  "(?:tuan|weeks?|ngay|hom|days?|gio|tieng(?: dong ho)?|hours?|hrs?|h|phut|ph|p|'|minutes?|mins?|giay|seconds?|secs?|s)";
const spanItem = `(?:nua|half an?|an?|\\d{1,4}) ?(?:${spanUnit})(?: ?ruoi)?`;
const span = `((?:khoang |about )?${spanItem}(?:(?: | and )?${spanItem}){0,2}(?: ?\\d{1,2}(?= (?:truoc|ago)))?)`;
const readItem = new RegExp(`(nua|half an?|an?|\\d{1,4}) ?(${spanUnit})?( ?ruoi)?`, 'g');

/** `2 tiếng rưỡi`, `1h30`, `nửa giờ`, `2 ngày`: whole days and weeks count as days, the rest in milliseconds. */
function readSpan(text: string): Piece[] {
  let ms = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let before = 0;
  for (const [, amount = '', unit, half] of text.replace(/^(?:khoang|about) /, '').matchAll(readItem)) {
    const size =
      unit === undefined ? (before === 3600_000 ? 60_000 : Number.NaN) : unitMs.find(([name]) => name.test(unit))?.[1];
    const count = amount === 'nua' || amount.startsWith('half') ? 0.5 : amount.startsWith('a') ? 1 : Number(amount);
    before = size ?? Number.NaN;
    ms += (count + (half === undefined ? 0 : 0.5)) * before;
    smallest = Math.min(smallest, count % 1 === 0 && half === undefined ? before : before / 2);
  }
  if (!Number.isFinite(ms)) return [{ kind: 'fault', fault: 'unknown' }];
  return smallest % 86_400_000 === 0 ? [{ kind: 'days', back: ms / 86_400_000 }] : [{ kind: 'ago', ms }];
}

const ahead = (pieces: Piece[]): Piece[] =>
  pieces.map((piece) =>
    piece.kind === 'ago'
      ? { ...piece, ms: -piece.ms }
      : piece.kind === 'days'
        ? { ...piece, back: -piece.back }
        : piece,
  );

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const monthName =
  '(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?';
const monthOf = (name: string | undefined) => months.indexOf((name ?? '').slice(0, 3)) + 1;
const weekdaysVi: Record<string, number> = { hai: 1, ba: 2, tu: 3, nam: 4, sau: 5, bay: 6 };
const weekdaysEn = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const weekOf = (words: string | undefined) =>
  words === undefined
    ? 'recent'
    : /^(?:tuan (?:truoc|qua|roi)|last week)/.test(words)
      ? 'last'
      : /^(?:tuan (?:sau|toi)|next)/.test(words)
        ? 'next'
        : words.startsWith('tuan') || words.startsWith('this')
          ? 'this'
          : 'before';

const partsVi: [string, DayPart][] = [
  ['rang sang|sang som|tang sang', 'dawn'],
  ['sang', 'morning'],
  ['trua', 'noon'],
  ['chieu toi', 'evening'],
  ['chieu', 'afternoon'],
  ['toi', 'evening'],
  ['dem khuya|khuya|dem', 'night'],
];
const daysAfterPart = '(?: (nay|hom nay|qua|hom qua|ngay hom qua))?';
const dayOfWord = (word: string | undefined): Piece[] =>
  word === undefined ? [] : [{ kind: 'days', back: word.endsWith('qua') ? 1 : 0 }];

/** In the order in which they are tried. */
export const phraseRules: readonly Rule[] = [
  rule(`(?:ngay bay gio|bay gio|luc nay|hien tai|vua xong|right now|just now|now)${end}`, () => [
    { kind: 'ago', ms: 0 },
  ]),
  // So long from now: understood, so that a form can say that it is in the future.
  rule(`(?:sau |in )?${span} ?(?:nua|from now)${end}|in ${span}${end}`, ([, one, other]) =>
    ahead(readSpan(one ?? other ?? '')),
  ),
  rule(`cach (?:day|nay) ${span}(?: truoc)?${end}`, ([, text = '']) => readSpan(text)),
  rule(`${span} ?(?:truoc day|truoc|ago)${end}`, ([, text = '']) => readSpan(text)),

  // Dates.
  rule('(\\d{4})[-/](\\d{1,2})[-/](\\d{1,2})(?:t(?=\\d)|(?![\\d/:-]))', ([, y, m = '', d = '']) => date(d, m, y)),
  rule(`(?:ngay )?(\\d{1,2}) ?/ ?(\\d{1,2})(?: ?/ ?(\\d{4}|\\d{2}))?(?! ?[/:]|\\d)`, ([, d = '', m, y]) =>
    date(d, m, y),
  ),
  rule(`(?:ngay )?(\\d{1,2})-(\\d{1,2})(?:-(\\d{4}|\\d{2}))?(?![\\d/:-])`, ([, d = '', m, y]) => date(d, m, y)),
  rule('(?:ngay )?(\\d{1,2})\\.(\\d{1,2})\\.(\\d{4})(?![\\d.:])', ([, d = '', m, y]) => date(d, m, y)),
  // `29.11.26` can only be a day, `14.30.05` only a time, `10.11.12` either.
  rule('(\\d{1,2})\\.(\\d{1,2})\\.(\\d{2})(?![\\d.,:])', ([, a = '', b = '', c = '']) => {
    const isTime = Number(a) < 24 && Number(b) < 60 && Number(c) < 60;
    const isDay = Number(a) >= 1 && Number(a) <= 31 && Number(b) >= 1 && Number(b) <= 12;
    if (isTime && isDay) return [{ kind: 'fault', fault: 'unclear' }];
    return isDay ? date(a, b, c) : clock(a, b, c);
  }),
  rule(
    `(?:ngay )?(\\d{1,2}) ?thang (\\d{1,2})(?:,? ?nam (\\d{4}|\\d{2})| ?/ ?(\\d{4})| (${year})(?! ?[:h]))?(?!\\d)`,
    ([, d = '', m, y1, y2, y3]) => date(d, m, y1 ?? y2 ?? y3),
  ),
  rule('ngay (\\d{1,2})(?![\\d/.:-]| ?(?:gio|h|g|truoc|phut|tieng)(?![a-z]))', ([, d = '']) => date(d)),
  rule(`(\\d{1,2})(?:st|nd|rd|th)? (?:of )?${monthName}(?:,? (${year})(?! ?[:h]))?${end}`, ([, d = '', m, y]) =>
    date(d, monthOf(m), y),
  ),
  rule(`${monthName} (\\d{1,2})(?:st|nd|rd|th)?(?:,? (${year}))?(?![\\d:a-z])`, ([, m, d = '', y]) =>
    date(d, monthOf(m), y),
  ),

  // Days by name.
  rule(
    `(?:thu ?([2-7]|hai|ba|tu|nam|sau|bay)|t([2-7])|(chu ?nhat|cn))${end}(?: (tuan (?:truoc|qua|roi|nay|sau|toi)|vua roi|vua qua|truoc)${end})?`,
    ([, vi, short, _sunday, week]) => {
      const name = vi ?? short;
      const weekday = name === undefined ? 7 : (weekdaysVi[name] ?? Number(name) - 1);
      return [{ kind: 'weekday', weekday, week: weekOf(week) }];
    },
  ),
  rule(
    `(?:on )?(last |this |next )?(mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)${end}(?: (last week|next week)${end})?`,
    ([, before, name = '', week]) => [
      {
        kind: 'weekday',
        weekday: weekdaysEn.indexOf(name.slice(0, 3)) + 1,
        week: weekOf(week ?? before),
      },
    ],
  ),
  rule(`(?:ngay )?hom nay${end}|today${end}`, () => [{ kind: 'days', back: 0 }]),
  rule(`(?:ngay )?hom kia${end}|(?:the )?day before yesterday${end}`, () => [{ kind: 'days', back: 2 }]),
  rule(`(?:ngay )?hom qua${end}|yesterday${end}`, () => [{ kind: 'days', back: 1 }]),
  rule(`ngay (?:kia|mot)${end}|(?:the )?day after tomorrow${end}`, () => [{ kind: 'days', back: -2 }]),
  rule(`(?:ngay )?mai${end}|tomorrow${end}`, () => [{ kind: 'days', back: -1 }]),

  // Clock times.
  rule(
    '(\\d{1,2}) ?: ?(\\d{1,2})(?: ?: ?(\\d{1,2})(?:[.,](\\d{1,3}))?)?(?:h(?![a-z0-9]))?(?![\\d:]|[.,]\\d)',
    ([, h = '', m, s, f]) => clock(h, m, s, f),
  ),
  rule(`(\\d{1,2}) ?${hourWord} ?ruoi${end}`, ([, h = '']) => clock(h, 30)),
  rule(`(\\d{1,2}) ?${hourWord} ?kem (\\d{1,2})(?: ?${minuteWord})?${end}`, ([, h = '', less = '']) =>
    Number(less) < 1 || Number(less) > 59
      ? [{ kind: 'fault', fault: 'noSuchTime' }]
      : clock((Number(h) + 23) % 24, 60 - Number(less)),
  ),
  rule(
    `(\\d{1,2}) ?${hourWord} ?(\\d{1,2})(?![\\d/:.]|-\\d{1,2}(?![\\d/])| ?/| (?:thang|ngay truoc|hom truoc|tuan))` +
      ` ?(?:${minuteWord} ?(\\d{1,2})(?:[.,](\\d{1,3}))? ?(?:giay|s)?(?![a-z0-9/:.-]| ?[/:]| (?:thang|gio|h))|(?:${minuteWord})?(?![a-z]))`,
    ([, h = '', m, s, f]) => clock(h, m, s, f),
  ),
  rule(`(\\d{1,2})h(\\d{1,2}):(\\d{1,2})(?:[.,](\\d{1,3}))?(?![\\d:])`, ([, h = '', m, s, f]) => clock(h, m, s, f)),
  rule(`(\\d{1,2}) ?${hourWord}${end}`, ([, h = '']) => clock(h)),
  rule('(\\d{1,2})\\.(\\d{2})(?:\\.(\\d{2})(?:[.,](\\d{1,3}))?)?(?:h(?![a-z0-9]))?(?![\\d.:])', ([, h = '', m, s, f]) =>
    clock(h, m, s, f),
  ),
  rule('(\\d{1,2})(\\d{2})(?:h|p)?(?![a-z0-9/:.]|-\\d{1,2}(?![\\d/]))', ([, h = '', m]) => clock(h, m)),
  rule(`(?:giua trua|noon|midday)${end}`, () => clock(12, 0)),
  rule(`nua dem${daysAfterPart}${end}`, ([, day]) => [
    ...clock(12, 0),
    { kind: 'part', part: 'night' },
    ...dayOfWord(day),
  ]),
  rule(`midnight${end}`, () => clock(0, 0)),
  rule('(\\d{1,2})(?= ?(?:am|pm|a\\.m|p\\.m|rang sang|sang|trua|chieu|toi|dem|khuya|in the)(?![a-z]))', ([, h = '']) =>
    clock(h),
  ),
  rule(`(a|p)\\.?m${end}\\.?`, ([, half]) => [{ kind: 'half', half: half === 'a' ? 'am' : 'pm' }]),

  // Parts of the day.
  ...partsVi.map(([words, part]) =>
    rule(`(?:${words})${daysAfterPart}${end}`, ([, day]) => [{ kind: 'part', part }, ...dayOfWord(day)]),
  ),
  rule(`last night${end}`, () => [
    { kind: 'part', part: 'night' },
    { kind: 'days', back: 1 },
  ]),
  rule(`tonight${end}`, () => [
    { kind: 'part', part: 'evening' },
    { kind: 'days', back: 0 },
  ]),
  rule(`(?:in the |at )?(this )?(morning|noon|afternoon|evening|night)${end}`, ([, today, part]) => [
    { kind: 'part', part: part as DayPart },
    ...dayOfWord(today === undefined ? undefined : 'nay'),
  ]),

  // Words between that change nothing.
  rule(`(?:vao luc|vao hoi|vao|luc|hoi|khoang|tam|at about|at|on|about|around)${end}`, () => []),
];
