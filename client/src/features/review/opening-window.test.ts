import { describe, expect, it } from 'vitest';
import { defaultWindow, longestWindowMs, widenWindow, windowShowing } from './opening-window.js';

const minute = 60_000;
const now = Date.UTC(2026, 10, 22, 8, 0, 0);
const m = (minutes: number) => now + minutes * minute;

describe('opening window', () => {
  it.each([
    ['well in the past', -120, -130, -100],
    ['a moment ago: clipped at now', -5, -15, 0],
    ['now', 0, -10, 0],
  ])('default, %s', (_, at, from, to) => {
    expect(defaultWindow(m(at), now)).toEqual({ fromMs: m(from), toMs: m(to) });
  });

  it('widens, but not past now', () => {
    const window = { fromMs: m(-30), toMs: m(-10) };
    expect(widenWindow(window, 'before', 30 * minute, now)).toEqual({ fromMs: m(-60), toMs: m(-10) });
    expect(widenWindow(window, 'after', 30 * minute, now)).toEqual({ fromMs: m(-30), toMs: now });
  });

  it('stays within a day', () => {
    const window = { fromMs: m(-24 * 60), toMs: now };
    const wider = widenWindow(window, 'before', 60 * minute, now);
    expect(wider).toEqual({ fromMs: m(-25 * 60), toMs: m(-60) });
    expect(wider.toMs - wider.fromMs).toBe(longestWindowMs);
  });

  it('shows an instant', () => {
    const window = { fromMs: m(-130), toMs: m(-100) };
    expect(windowShowing(window, m(-110), now)).toBe(window);
    expect(windowShowing(window, m(-60), now)).toEqual({ fromMs: m(-130), toMs: m(-40) });
    expect(windowShowing(window, m(-5_000), now)).toEqual({ fromMs: m(-5_010), toMs: m(-4_980) });
  });
});
