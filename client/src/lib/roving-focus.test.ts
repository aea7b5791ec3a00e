import { expect, it } from 'vitest';
import { movedIndex } from './roving-focus.js';

it.each([
  ['ArrowDown', 0, 5, 1],
  ['ArrowDown', 4, 5, 4],
  ['ArrowUp', 0, 5, 0],
  ['ArrowUp', 3, 5, 2],
  ['Home', 3, 5, 0],
  ['End', 1, 5, 4],
  ['PageDown', 1, 66, 9],
  ['PageDown', 60, 66, 65],
  ['PageUp', 3, 66, 0],
  [' ', 1, 5, undefined],
  ['Tab', 1, 5, undefined],
  ['ArrowDown', 0, 0, undefined],
])('%s at %i of %i moves to %s', (key, index, count, to) => {
  expect(movedIndex(key, index, count)).toBe(to);
});
