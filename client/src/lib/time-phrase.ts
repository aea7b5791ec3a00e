import { fromWallTime, startOfDay, startOfWeek, vietnamOffsetMs } from './time.js';
import { phraseRules, type DayPart, type PhraseFault, type Piece } from './time-phrase-rules.js';
import { plainPhrase } from './time-phrase-text.js';

export type { DayPart, PhraseFault } from './time-phrase-rules.js';

/** Which day is meant where none was typed. */
export type AssumedDay =
  /** Today in Vietnam: the rule for every field that does not say otherwise. */
  | 'today'
  /**
   * A day of the opened window, for a field whose question is about that window: the day on which the time lies inside
   * it, else the day on which the window begins. The page must say which day was taken.
   */
  | { fromMs: number; toMs: number };

export interface UnderstoodTime {
  kind: 'time';
  /** UTC milliseconds. */
  atMs: number;
  /** The finest thing typed. `part` and `day`: no clock time was typed, and the beginning of that span was taken. */
  precision: 'day' | 'part' | 'hour' | 'minute' | 'second' | 'tenth';
  /** Typed (also by a word, a weekday or a span before now), or assumed: today, or a day of the window. */
  day: 'typed' | 'today' | 'window';
}

export type TimeReading = { kind: 'empty' } | UnderstoodTime | { kind: 'wrong'; fault: PhraseFault };

/** Longer text is no time: keeps every pattern's work small. */
const longestPhrase = 80;
const dayMs = 86_400_000;
const oldestYear = 1976; // since when Vietnam has had its clock: `vietnamOffsetMs` is exact
const latestYear = 2199;

/** When a part of the day begins, in hours: taken where no clock time was typed, and shown. */
export const beginningOfPart: Record<DayPart, number> = {
  dawn: 3,
  morning: 6,
  noon: 11,
  afternoon: 13,
  evening: 18,
  night: 22,
};

class Fault extends Error {
  constructor(readonly fault: PhraseFault) {
    super(fault);
  }
}

/**
 * Reads a time as people in Vietnam type it, Vietnamese or English, with or without marks: `14h30`, `2h30 chiều`,
 * `hôm qua 14:30`, `tối qua`, `14h30 ngày 29/11`, `15 phút trước`. Wall time is Asia/Ho_Chi_Minh whatever the browser's.
 *
 * No day typed: see `assumed`. No year (or month): the most recent such day, today included. A weekday: the most recent
 * one, today included. No clock time: 0:00 of the day, or the beginning of the part of the day (`beginningOfPart`).
 * A night belongs to the day on which it began: `1 giờ đêm qua` is 01:00 of today. What could be meant in two ways is
 * refused.
 */
export function readTimePhrase(text: string, nowMs: number, assumed: AssumedDay = 'today'): TimeReading {
  const phrase = plainPhrase(text.slice(0, longestPhrase + 1));
  if (text.trim() === '') return { kind: 'empty' };
  try {
    if (text.length > longestPhrase) throw new Fault('unknown');
    return combine(piecesOf(phrase), nowMs, assumed);
  } catch (error) {
    if (error instanceof Fault) return { kind: 'wrong', fault: error.fault };
    throw error;
  }
}

function piecesOf(phrase: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < phrase.length) {
    const found = readPieceAt(phrase, at);
    if (found === undefined) throw new Fault('unknown');
    pieces.push(...found.pieces);
    at = found.end;
    // Between two pieces: a space, a comma, a dash.
    const between = /[ ,;|-]*/y;
    between.lastIndex = at;
    const gap = between.exec(phrase)?.[0] ?? '';
    at += gap.length;
    if (at === phrase.length && gap.trim() !== '') throw new Fault('unknown');
  }
  return pieces;
}

function readPieceAt(phrase: string, at: number): { pieces: Piece[]; end: number } | undefined {
  for (const { pattern, read } of phraseRules) {
    pattern.lastIndex = at;
    const match = pattern.exec(phrase);
    if (match !== null && match[0] !== '') return { pieces: read(match), end: at + match[0].length };
  }
  return undefined;
}

function only<K extends Piece['kind']>(pieces: readonly Piece[], kind: K): Extract<Piece, { kind: K }> | undefined {
  const found = pieces.filter((piece): piece is Extract<Piece, { kind: K }> => piece.kind === kind);
  if (found.length > 1) throw new Fault('unknown');
  return found[0];
}

function combine(pieces: readonly Piece[], nowMs: number, assumed: AssumedDay): UnderstoodTime {
  const fault = pieces.find((piece) => piece.kind === 'fault');
  if (fault !== undefined) throw new Fault(fault.fault);
  const ago = only(pieces, 'ago');
  if (ago !== undefined) {
    if (pieces.length > 1) throw new Fault('unknown');
    // A whole second, as it is shown.
    const atMs = Math.floor((nowMs - ago.ms) / 1000) * 1000;
    return { kind: 'time', atMs: inRange(atMs), precision: 'second', day: 'typed' };
  }
  const dayAtMs = typedDay(pieces, nowMs);
  const clock = clockOf(pieces);
  const part = only(pieces, 'part')?.part;
  if (dayAtMs === undefined && clock === undefined) throw new Fault('unknown');
  if (clock === undefined) {
    const hour = part === undefined ? 0 : beginningOfPart[part];
    return {
      kind: 'time',
      atMs: inRange((dayAtMs ?? 0) + hour * 3600_000),
      precision: part === undefined ? 'day' : 'part',
      day: 'typed',
    };
  }
  const precision = only(pieces, 'clock')?.precision ?? 'minute';
  if (dayAtMs !== undefined) {
    const night = clock.afterMidnight ? nightOffsetMs(pieces) : 0;
    return { kind: 'time', atMs: inRange(dayAtMs + night + clock.ms), precision, day: 'typed' };
  }
  if (assumed === 'today') {
    return { kind: 'time', atMs: startOfDay(nowMs) + clock.ms, precision, day: 'today' };
  }
  return { kind: 'time', atMs: withinWindow(clock.ms, assumed), precision, day: 'window' };
}

/** Midnight of the day that was typed. */
function typedDay(pieces: readonly Piece[], nowMs: number): number | undefined {
  const today = startOfDay(nowMs);
  const date = only(pieces, 'date');
  const days = only(pieces, 'days');
  const weekday = only(pieces, 'weekday');
  if ([date, days].filter((one) => one !== undefined).length > 1) throw new Fault('unknown');
  const dayAtMs = date !== undefined ? dayOfDate(date, today) : days && inRange(today - days.back * dayMs);
  if (weekday === undefined) return dayAtMs;
  const monday = startOfWeek(today);
  if (dayAtMs !== undefined) {
    if (startOfWeek(dayAtMs) + (weekday.weekday - 1) * dayMs !== dayAtMs) throw new Fault('otherWeekday');
    return dayAtMs;
  }
  const thisWeek = monday + (weekday.weekday - 1) * dayMs;
  switch (weekday.week) {
    case 'this':
      return thisWeek;
    case 'last':
      return thisWeek - 7 * dayMs;
    case 'next':
      return thisWeek + 7 * dayMs;
    case 'before':
      return thisWeek < today ? thisWeek : thisWeek - 7 * dayMs;
    case 'recent':
      return thisWeek <= today ? thisWeek : thisWeek - 7 * dayMs;
  }
}

/** Without a year the most recent one, without a month too: at most eight years back, for 29 February. */
function dayOfDate({ day, month, year }: Extract<Piece, { kind: 'date' }>, today: number): number {
  if (day < 1 || day > 31 || (month !== undefined && (month < 1 || month > 12))) throw new Fault('noSuchDay');
  if (year !== undefined) {
    const atMs = fromWallTime(year, month ?? 1, day);
    if (atMs === undefined || year < oldestYear || year > latestYear) throw new Fault('noSuchDay');
    return atMs;
  }
  const now = new Date(today + vietnamOffsetMs);
  for (let back = 0; back <= (month === undefined ? 12 : 96); back += 1) {
    const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1));
    if (month !== undefined && first.getUTCMonth() + 1 !== month) continue;
    const atMs = fromWallTime(first.getUTCFullYear(), first.getUTCMonth() + 1, day);
    if (atMs !== undefined && atMs <= today) return atMs;
  }
  throw new Fault('noSuchDay');
}

/** Milliseconds since midnight; more than a day for 24:00. */
function clockOf(pieces: readonly Piece[]): { ms: number; afterMidnight: boolean } | undefined {
  const clock = only(pieces, 'clock');
  const half = only(pieces, 'half')?.half;
  const part = only(pieces, 'part')?.part;
  if (clock === undefined) {
    if (half !== undefined) throw new Fault('unknown');
    return undefined;
  }
  const { minute, second, ms } = clock;
  const isEndOfDay = clock.hour === 24 && minute === 0 && second === 0 && ms === 0;
  if ((clock.hour > 23 && !isEndOfDay) || minute > 59 || second > 59) throw new Fault('noSuchTime');
  const hour =
    half !== undefined ? hourOfHalf(clock.hour, half) : part !== undefined ? hourOfPart(clock.hour, part) : clock.hour;
  if (hour === undefined) throw new Fault('unclear');
  return { ms: ((hour * 60 + minute) * 60 + second) * 1000 + ms, afterMidnight: part === 'night' && hour < 5 };
}

function hourOfHalf(hour: number, half: 'am' | 'pm'): number | undefined {
  if (half === 'am') return hour > 12 ? undefined : hour % 12;
  return hour === 0 || hour > 23 ? undefined : hour < 12 ? hour + 12 : hour;
}

/** First and last hour by the 12-hour clock that become afternoon hours, and the hours that stay as typed. */
const hoursOfPart: Record<DayPart, { shifted: [number, number] | undefined; kept: [number, number][] }> = {
  dawn: { shifted: undefined, kept: [[0, 7]] },
  morning: { shifted: undefined, kept: [[0, 11]] },
  noon: { shifted: [1, 2], kept: [[10, 14]] },
  afternoon: { shifted: [1, 7], kept: [[12, 19]] },
  evening: { shifted: [5, 11], kept: [[17, 23]] },
  night: {
    shifted: [7, 11],
    kept: [
      [0, 4],
      [19, 23],
    ],
  },
};

/** The hour of the 24-hour clock; undefined where hour and part contradict each other. */
function hourOfPart(hour: number, part: DayPart): number | undefined {
  if (part === 'night' && (hour === 12 || hour === 24)) return 0;
  const { shifted, kept } = hoursOfPart[part];
  if (kept.some(([first, last]) => hour >= first && hour <= last)) return hour;
  return shifted !== undefined && hour >= shifted[0] && hour <= shifted[1] ? hour + 12 : undefined;
}

/** After midnight a night that began "yesterday" has come to the next day; of a date it could be either end. */
function nightOffsetMs(pieces: readonly Piece[]): number {
  const days = only(pieces, 'days');
  if (days === undefined || days.back < 1) throw new Fault('unclear');
  return dayMs;
}

function withinWindow(clockMs: number, { fromMs, toMs }: { fromMs: number; toMs: number }): number {
  const first = startOfDay(fromMs);
  for (let day = first; day <= toMs; day += dayMs) {
    const atMs = day + clockMs;
    if (atMs >= fromMs && atMs <= toMs) return atMs;
    if (day - first > 31 * dayMs) break;
  }
  return first + clockMs;
}

function inRange(atMs: number): number {
  const year = new Date(atMs + vietnamOffsetMs).getUTCFullYear();
  if (!(year >= oldestYear && year <= latestYear + 1)) throw new Fault('noSuchDay');
  return atMs;
}
