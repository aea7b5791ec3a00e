import { expect, it } from 'vitest';
import { isLongText } from './long-text.js';

it.each([
  ['', false],
  ['Xe máy vượt đèn đỏ', false],
  ['x'.repeat(140), false],
  ['x'.repeat(141), true],
  ['1\n2\n3\n4', false],
  ['1\n2\n3\n4\n5', true],
])('%j is long: %s', (text, long) => expect(isLongText(text)).toBe(long));
