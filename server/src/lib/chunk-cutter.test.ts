import { describe, expect, it } from 'vitest';
import { ChunkCutter } from './chunk-cutter.js';

/** Sizes of the chunks of these presentation times. */
function sizes(order: readonly number[]): number[] {
  const cutter = new ChunkCutter();
  const chunks: number[] = [];
  for (const [index, ticks] of order.entries()) {
    if (cutter.push(ticks) || index === 0) chunks.push(0);
    chunks.push((chunks.pop() ?? 0) + 1);
  }
  return chunks;
}

describe('places to cut a fragment into chunks', () => {
  it.each([
    ['pictures in order', [0, 1, 2, 3], [1, 1, 1, 1]],
    ['I P B B P B B', [0, 3, 1, 2, 6, 4, 5], [1, 3, 3]],
    ['an open group, whose first pictures are shown before the keyframe', [2, 0, 1, 5, 3, 4], [3, 3]],
  ])('%s', (_name, order, expected) => {
    expect(sizes(order)).toEqual(expected);
  });

  it('never lets a picture be shown before one of an earlier chunk', () => {
    const order = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11];
    const cutter = new ChunkCutter();
    let newestBefore = -1;
    let newest = -1;
    let chunks = 1;
    for (const ticks of order) {
      if (cutter.push(ticks)) {
        newestBefore = newest;
        chunks += 1;
      }
      expect(ticks).toBeGreaterThan(newestBefore);
      newest = Math.max(newest, ticks);
    }
    expect(chunks).toBe(4);
  });
});
