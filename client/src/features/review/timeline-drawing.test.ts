import { describe, expect, it } from 'vitest';
import { axisPx, laneAt, timelineSize } from './timeline-drawing.js';

describe('size of the timeline', () => {
  it.each([
    [1, 72],
    [2, 72],
    [4, 72],
    [1, 112],
    [4, 112],
  ])('is about the same with %i cameras in %i px', (lanes, roomPx) => {
    const { lanePx, heightPx } = timelineSize(lanes, roomPx);
    expect(lanePx).toBeGreaterThanOrEqual(16);
    expect(heightPx).toBeGreaterThanOrEqual(88);
    expect(heightPx).toBeLessThanOrEqual(axisPx + roomPx + 2);
  });

  it('finds the lane of a height, none on the hours and below the last', () => {
    const { lanePx } = timelineSize(2, 72);
    expect(laneAt(axisPx - 1, 2, lanePx)).toBeUndefined();
    expect(laneAt(axisPx, 2, lanePx)).toBe(0);
    expect(laneAt(axisPx + 36, 2, lanePx)).toBe(1);
    expect(laneAt(axisPx + 73, 2, lanePx)).toBeUndefined();
  });
});
