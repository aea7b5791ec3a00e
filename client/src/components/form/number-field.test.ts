import { describe, expect, it } from 'vitest';
import { parseWholeNumber } from './number-field.js';

describe('parseWholeNumber', () => {
  it.each([
    ['30', 30],
    [' 30 ', 30],
    ['1', 1],
    ['3650', 3650],
    ['030', 30],
  ])('takes %j', (text, value) => expect(parseWholeNumber(text, 1, 3650)).toEqual({ kind: 'understood', value, text }));
  it.each(['abc', '0', '99999', '-1', '3,5', '3.5', '1e3', '30 ngày', '٣'])('refuses %j', (text) =>
    expect(parseWholeNumber(text, 1, 3650)).toEqual({ kind: 'wrong', text }),
  );
  it.each(['', '  '])('knows %j as empty', (text) =>
    expect(parseWholeNumber(text, 1, 3650)).toEqual({ kind: 'empty' }),
  );
});
