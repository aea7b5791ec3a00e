import { foldText } from '@choi-canh/shared/text-folding';

/** Words for a kind of place or a direction: hundreds of places share them, so alone they name none. */
const genericWords = new Set(
  (
    'xã phường huyện tỉnh thôn xóm bản làng khu tổ ấp đội đường phố ngõ ngách hẻm cổng cầu cống bờ bến bãi dốc đầu cuối ' +
    'trước sau cạnh gần giữa trong ngoài tại ở vào ra qua đi phía hướng bắc nam đông tây trên dưới số nhà trạm trường trụ sở ' +
    'điểm nơi chính phụ cũ mới camera cam và của ngã'
  ).split(' '),
);

/** Several syllables that are one word; a syllable of them must not be taken for another word (công an, cổng). */
const compounds: readonly (readonly [written: string, word: string])[] = [
  ['ủy ban nhân dân', 'ubnd'],
  ['uỷ ban nhân dân', 'ubnd'],
  ['ủy ban', 'ubnd'],
  ['uỷ ban', 'ubnd'],
  ['công an', 'công_an'],
  ['công viên', 'công_viên'],
  ['công ty', 'công_ty'],
  ['công cộng', 'công_cộng'],
  ['nhà văn hóa', 'nhà_văn_hóa'],
  ['nhà văn hoá', 'nhà_văn_hóa'],
  ['quốc lộ', 'ql'],
  ['tỉnh lộ', 'tl'],
];
const genericCompounds = new Set(['nhà_văn_hóa', 'ngã_ba', 'ngã_tư', 'ngã_năm', 'ql', 'tl']);

const toneMarks = /[\u0300\u0301\u0303\u0309\u0323]/g;

/** Lower case with its marks, the tone behind the word: "hòa" and "hoà" are the same word. */
function markedKey(word: string): string {
  const parts = word.toLowerCase().normalize('NFD');
  return parts.replace(toneMarks, '').normalize('NFC') + (parts.match(toneMarks) ?? []).join('');
}

export type WordForm = 'marked' | 'folded';

/** Whether somebody typed Vietnamese marks, so that they are meant. */
export function hasMarks(text: string): boolean {
  return foldText(text) !== text.normalize('NFC').toLowerCase();
}

const keyOf = (form: WordForm): ((word: string) => string) => (form === 'marked' ? markedKey : foldText);

/** The words of a place name in one form, each once. A number belongs to the word before it: "thôn 5" is not "ngõ 5". */
export function placeWords(text: string, form: WordForm): Set<string> {
  const key = keyOf(form);
  const syllables = (
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}_]+|\d+/gu) ?? []
  ).map(key);
  const joined: string[] = [];
  for (let at = 0; at < syllables.length;) {
    const compound = compounds.find(([written]) => startsWith(syllables, at, written.split(' ').map(key)));
    const syllable = syllables[at] ?? '';
    if (compound !== undefined) {
      joined.push(key(compound[1]));
      at += compound[0].split(' ').length;
    } else if (syllable === key('ngã') && at + 1 < syllables.length) {
      joined.push(key(`ngã_`) + (syllables[at + 1] ?? ''));
      at += 2;
    } else {
      joined.push(syllable);
      at += 1;
    }
  }
  const words = new Set<string>();
  for (const [index, word] of joined.entries()) {
    if (!/^\d/.test(word)) {
      // The word that a number belongs to says nothing without it.
      if (!/^\d/.test(joined[index + 1] ?? '') || !isGeneric(word, form)) words.add(word);
      continue;
    }
    const owner = joined[index - 1];
    if (owner !== undefined && !/^\d/.test(owner)) words.add(`${owner} ${Number(word)}`);
  }
  return words;
}

const startsWith = (syllables: readonly string[], at: number, wanted: readonly string[]) =>
  wanted.every((word, offset) => syllables[at + offset] === word);

const genericKeys: Record<WordForm, ReadonlySet<string>> = {
  marked: genericSet('marked'),
  folded: genericSet('folded'),
};
function genericSet(form: WordForm): ReadonlySet<string> {
  const ways = ['ba', 'tư', 'năm', 'sáu'].map((way) => keyOf(form)('ngã_') + keyOf(form)(way));
  return new Set([...[...genericWords, ...genericCompounds].map(keyOf(form)), ...ways]);
}

/** Whether a word of `placeWords` names a kind of place only. */
export function isGeneric(word: string, form: WordForm): boolean {
  return genericKeys[form].has(word) || [...word].length === 1;
}
