import { describe, expect, it } from 'vitest';
import { csvText } from './csv.js';

const row = (...cells: (string | number)[]) => csvText([cells]).slice(1, -2);

describe('csv', () => {
  it('begins with a byte order mark and ends each row with CRLF', () => {
    expect(
      csvText([
        ['Loại', 1],
        ['Trộm cắp', 2],
      ]),
    ).toBe('\uFEFFLoại,1\r\nTrộm cắp,2\r\n');
  });
  it.each([
    ['a comma', 'a, b', '"a, b"'],
    ['a semicolon', 'a; b', '"a; b"'],
    ['a quote', 'nói "được"', '"nói ""được"""'],
    ['a line break', 'a\nb', '"a\nb"'],
    ['plain text', 'Ngã ba chợ', 'Ngã ba chợ'],
  ])('keeps %s in one cell', (_, cell, expected) => {
    expect(row(cell)).toBe(expected);
  });
  it.each(['=1+1', '+84', '-2', '@SUM(A1)', '  =1', '\t=1', '＝1', '|calc', '%0'])('defuses %j', (cell) => {
    expect(row(cell)).toMatch(/^"?'/);
  });
  it('leaves numbers numbers', () => {
    expect(row(-5, 0, 13)).toBe('-5,0,13');
  });
});
