import { describe, expect, it } from 'vitest';
import { fillForm, paperDate } from './paper-text.js';

const area = { phrase: 'xã Chí Đám', name: 'Chí Đám' };

describe('texts on paper', () => {
  it.each([
    ['Công an {địa bàn}', 'Công an xã Chí Đám', 'Công an'],
    ['{tên địa bàn}', 'Chí Đám', ''],
    ['Police of {area}, {AREA NAME}', 'Police of xã Chí Đám, Chí Đám', 'Police of ,'],
    ['Số: 12/BC-CAX', 'Số: 12/BC-CAX', 'Số: 12/BC-CAX'],
    ['{khác}', '{khác}', '{khác}'],
  ])('%s', (text, filled, without) => {
    expect([fillForm(text, area), fillForm(text, undefined)]).toEqual([filled, without]);
  });
  it('takes an area as it is written', () => {
    expect(fillForm('{area}', { phrase: '$& {area name}', name: 'x' })).toBe('$& {area name}');
  });
  it.each([
    ['2026-11-21T17:00:00.000Z', ['22', '11', '2026'], ['22', 'November', '2026']],
    ['2026-02-05T03:00:00.000Z', ['05', '02', '2026'], ['5', 'February', '2026']],
    ['2026-03-05T03:00:00.000Z', ['05', '3', '2026'], ['5', 'March', '2026']],
  ])('%s is dated as papers are', (at, vi, en) => {
    expect([Object.values(paperDate(at, 'vi')), Object.values(paperDate(at, 'en'))]).toEqual([vi, en]);
  });
});
