import { describe, expect, it } from 'vitest';
import { timelineTicks } from './timeline-ticks.js';

const minute = 60_000;
/** 14:00 in Asia/Ho_Chi_Minh. */
const t0 = Date.UTC(2026, 10, 22, 7, 0, 0);
const labels = (fromMs: number, toMs: number, widthPx: number) =>
  timelineTicks({ fromMs, toMs }, widthPx)
    .map((tick) => tick.label)
    .filter((label) => label !== '');

describe('ticks', () => {
  it('stand at round local times', () => {
    expect(labels(t0 + 3 * minute, t0 + 33 * minute, 600)).toEqual([
      '14:05',
      '14:10',
      '14:15',
      '14:20',
      '14:25',
      '14:30',
    ]);
  });
  it('show seconds when close', () => {
    expect(labels(t0, t0 + 20_000, 400)).toEqual(['14:00:00', '14:00:05', '14:00:10', '14:00:15', '14:00:20']);
  });
  it('show the date at midnight', () => {
    expect(labels(t0 + 9 * 60 * minute, t0 + 11 * 60 * minute, 300)).toEqual(['23:00', '23/11', '01:00']);
  });
  it.each([
    [360, 10_000],
    [360, 30 * minute],
    [360, 24 * 60 * minute],
    [1440, 30 * minute],
  ])('%i px, %i ms: labels keep apart', (widthPx, spanMs) => {
    const ticks = timelineTicks({ fromMs: t0, toMs: t0 + spanMs }, widthPx).filter((tick) => tick.major);
    expect(ticks.length).toBeGreaterThan(1);
    for (let i = 1; i < ticks.length; i++) {
      const apart = ((ticks[i]!.wallMs - ticks[i - 1]!.wallMs) / spanMs) * widthPx;
      expect(apart).toBeGreaterThanOrEqual(70);
    }
  });
});
