import { describe, expect, it } from 'vitest';
import { PartCutter } from './part-cuts.js';

/** Sizes of the parts of these presentation times (in frames), cut at `target` frames. */
function sizes(order: readonly number[], target: number): number[] {
  const cutter = new PartCutter(target);
  const parts: number[] = [];
  for (const [index, ticks] of order.entries()) {
    if (cutter.push(ticks) || index === 0) parts.push(0);
    parts.push((parts.pop() ?? 0) + 1);
  }
  return parts;
}
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
/** I P B B P B B …: decoded out of the order in which they are shown. */
const reordered = (groups: number) => [
  0,
  ...upTo(groups).flatMap((group) => [3 * group + 3, 3 * group + 1, 3 * group + 2]),
];

describe('places to cut a fragment into parts', () => {
  it.each([
    ['25 frames a second', upTo(25), 8.35, [8, 8, 8, 1]],
    ['one frame longer than a part', upTo(4), 0.7, [1, 1, 1, 1]],
    ['reordered pictures', reordered(8), 8.35, [7, 6, 6, 6]],
  ])('%s', (_name, order, target, expected) => {
    expect(sizes(order, target)).toEqual(expected);
  });

  it('never lets a picture be shown before one of an earlier part', () => {
    const order = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11];
    const cutter = new PartCutter(5);
    let newestBefore = -1;
    let newest = -1;
    let parts = 1;
    for (const ticks of order) {
      if (cutter.push(ticks)) {
        newestBefore = newest;
        parts += 1;
      }
      expect(ticks).toBeGreaterThan(newestBefore);
      newest = Math.max(newest, ticks);
    }
    expect(parts).toBeGreaterThan(2);
  });
});
