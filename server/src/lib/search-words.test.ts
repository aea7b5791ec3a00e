import { describe, expect, it } from 'vitest';
import { indexedWords, nameHasWord, searchedWords } from './search-words.js';

const prominent = '2026/CĐ-0147 Đâm xe máy Quốc lộ 2, thôn Chí 1';
const other = 'Lúc 14 giờ, xe 19A-123.45, gọi 0912345678. Hòa giải 2 bên';

describe('words of a thing', () => {
  it('keep every part of a licence plate', () => {
    expect(indexedWords('', 'xe 36B1-23456 lúc 7 giờ')).toEqual(['xe', '36', 'b', '1', '23456', 'luc', 'gio']);
  });

  it('are folded, each once, numbers without zeros; small numbers only where they are prominent', () => {
    expect(indexedWords(prominent, other)).toEqual(
      ['2026', 'cd', '147', 'dam', 'xe', 'may', 'quoc', 'lo', '2', 'thon', 'chi', '1'].concat(
        ['luc', 'gio', 'a', '123', 'goi', '912345678', 'hoa', 'giai', 'ben'], //
      ),
    );
  });
  it('are bounded in number and length', () => {
    const long = Array.from({ length: 5000 }, (_, index) => `t${'a'.repeat(index % 50)} ${index}`).join(' ');
    const words = indexedWords(prominent, long);
    expect(words.length).toBeLessThanOrEqual(3000);
    expect(Math.max(...words.map((word) => word.length))).toBeLessThanOrEqual(40);
  });
});

describe('words of a search', () => {
  it.each([
    ['CĐ-0002', ['cd*', '2']],
    ['cd2', ['cd*', '2']],
    ['Trộm  cắp, trộm', ['trom*', 'cap*']],
    ['0912345', ['912345*']],
    ['100%_', ['100']],
    ['%', []],
  ])('%s', (text, words) =>
    expect(searchedWords(text).map((word) => `${word.text}${word.prefix ? '*' : ''}`)).toEqual(words),
  );
  it('are at most eight', () => expect(searchedWords('a b c d e f g h i k l')).toHaveLength(8));
  it('match names by their beginnings, numbers whole', () => {
    expect(nameHasWord('Trộm cắp tài sản', { text: 'tro', prefix: true })).toBe(true);
    expect(nameHasWord('Trộm cắp tài sản', { text: 'om', prefix: true })).toBe(false);
    expect(nameHasWord('Phường 12', { text: '1', prefix: false })).toBe(false);
  });
});
