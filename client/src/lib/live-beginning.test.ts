import { describe, expect, it } from 'vitest';
import { beginningIn } from './live-beginning.js';

const ranges = (...pairs: [number, number][]) => ({
  length: pairs.length,
  start: (index: number) => pairs[index]?.[0] ?? Number.NaN,
  end: (index: number) => pairs[index]?.[1] ?? Number.NaN,
});

describe('beginningIn', () => {
  it('is the place to begin at, once the first part of it is loaded', () => {
    expect(beginningIn(ranges(), 0, 12.04)).toBeUndefined();
    expect(beginningIn(ranges([12, 12.33]), 0, 12.04)).toBe(12.04);
  });

  it('waits while that place is not loaded', () => {
    expect(beginningIn(ranges([12, 12.33]), 0, 12.5)).toBeUndefined();
    expect(beginningIn(ranges([12, 12.33]), 0, 11.9)).toBeUndefined();
    expect(beginningIn(ranges([12, 12.33]), 0, -1)).toBeUndefined();
  });

  it('leaves alone what has begun, also when what it began with is gone', () => {
    expect(beginningIn(ranges([12, 13]), 12.04, 12.04)).toBeUndefined();
    expect(beginningIn(ranges([0, 1]), 0, 0.04)).toBeUndefined();
    expect(beginningIn(ranges([30, 40]), 29, 12.04)).toBeUndefined();
    expect(beginningIn(ranges([12, 13], [14, 15]), 13.5, 14.5)).toBeUndefined();
  });
});
