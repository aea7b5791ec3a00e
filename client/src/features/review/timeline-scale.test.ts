import { describe, expect, it } from 'vitest';
import { msOfX, panView, revealMs, smallestSpanMs, xOfMs, zoomView } from './timeline-scale.js';

const bounds = { fromMs: 0, toMs: 1_800_000 };
const view = { fromMs: 600_000, toMs: 1_200_000 };

describe('timeline scale', () => {
  it('maps instants to pixels and back', () => {
    expect(xOfMs(view, 300, 900_000)).toBe(150);
    expect(msOfX(view, 300, 150)).toBe(900_000);
  });

  it.each([0.5, 0.8, 1.25])('zooms by %s at the pointer', (factor) => {
    const anchor = 700_000;
    const zoomed = zoomView(view, bounds, anchor, factor);
    expect(xOfMs(zoomed, 1000, anchor)).toBeCloseTo(xOfMs(view, 1000, anchor), 6);
    expect(zoomed.toMs - zoomed.fromMs).toBeCloseTo(600_000 * factor, 6);
  });

  it('never leaves the bounds nor gets closer than ten seconds', () => {
    expect(zoomView(view, bounds, 700_000, 100)).toEqual(bounds);
    const closest = zoomView(view, bounds, 700_000, 1e-9);
    expect(closest.toMs - closest.fromMs).toBe(smallestSpanMs);
    expect(panView(view, bounds, -1e9)).toEqual({ fromMs: 0, toMs: 600_000 });
    expect(panView(view, bounds, 1e9)).toEqual({ fromMs: 1_200_000, toMs: 1_800_000 });
  });

  it('keeps the view while the instant is in it, else moves it', () => {
    expect(revealMs(view, bounds, 700_000)).toBe(view);
    expect(revealMs(view, bounds, 1_300_000)).toEqual({ fromMs: 1_180_000, toMs: 1_780_000 });
    expect(revealMs(view, bounds, 10_000)).toEqual({ fromMs: 0, toMs: 600_000 });
  });
});
