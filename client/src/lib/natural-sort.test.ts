import { describe, expect, it } from 'vitest';
import { compareNatural, matchesText } from './natural-sort.js';
import { foldText } from '@choi-canh/shared/text-folding';

describe('compareNatural', () => {
  it('counts as people do and follows the Vietnamese alphabet', () => {
    const names = ['Cam 10', 'Đồng Lương', 'Cam 2', 'cam 1', 'Dốc Lã', 'Ân Thi', 'An Bình', 'Eo Gió'];
    expect([...names].sort(compareNatural)).toEqual([
      'An Bình',
      'Ân Thi',
      'cam 1',
      'Cam 2',
      'Cam 10',
      'Dốc Lã',
      'Đồng Lương',
      'Eo Gió',
    ]);
  });
});

describe('matchesText', () => {
  it.each([
    ['Ngã ba chợ', 'cho', true],
    ['Ngã ba chợ', 'CHỢ ngã', true],
    ['Đồng Lương', 'dong', true],
    ['Đồng Lương', 'đồng lương', true],
    ['Ngã ba chợ', 'cầu', false],
    ['Ngã ba chợ', '  ', true],
    ['Cam 12', '12 cam', true],
  ])('%s ~ %s', (text, query, expected) => expect(matchesText(text, query)).toBe(expected));
  it('folds composed and decomposed letters alike', () => {
    expect(foldText('Ngã')).toBe(foldText('Ngã'.normalize('NFD')));
  });
});
