import type { CameraStateInterval } from '@choi-canh/shared/health';
import { describe, expect, it } from 'vitest';
import { cutHistory, formatShare, knownSince, stripStart, uptime } from './history.js';

const hour = 3600_000;
const start = Date.parse('2026-11-22T00:00:00.000Z');
const interval = (state: CameraStateInterval['state'], from: number, to: number | null): CameraStateInterval => ({
  cameraId: '00000000-0000-4000-8000-000000000001',
  state,
  reason: 'ok',
  detail: '',
  sinceAt: new Date(start + from * hour).toISOString(),
  toAt: to === null ? null : new Date(start + to * hour).toISOString(),
});

describe('cutHistory', () => {
  it('cuts at both ends, drops what is outside, and lets an open interval last until the end', () => {
    const parts = cutHistory(
      [interval('down', 6, null), interval('alive', -5, 6), interval('alive', -9, -5)],
      start,
      start + 8 * hour,
    );
    expect(parts.map((part) => [part.state, (part.fromMs - start) / hour, (part.untilMs - start) / hour])).toEqual([
      ['alive', 0, 6],
      ['down', 6, 8],
    ]);
  });
});

describe('knownSince', () => {
  it.each([
    [[interval('alive', -5, null)], undefined],
    [[interval('alive', 6, null)], 6],
    [[interval('unknown', 0, 5), interval('down', 5, null)], 5],
    [[interval('unknown', 0, null)], undefined],
    [[], undefined],
  ])('case %#', (intervals, hours) => {
    const since = knownSince(cutHistory(intervals, start, start + 8 * hour), start);
    expect(since).toBe(hours === undefined ? undefined : start + hours * hour);
  });
});

describe('stripStart', () => {
  const week = 7 * 24;
  const strip = (intervals: CameraStateInterval[]) => {
    const toMs = start + week * hour;
    return (stripStart(cutHistory(intervals, start, toMs), start) - start) / hour;
  };
  it.each([
    ['known all along', [interval('alive', -5, null)], 0],
    ['of a camera three hours old', [interval('alive', week - 3, null)], week - 3],
    ['nothing known', [interval('unknown', 0, null)], 0],
  ])('%s', (_, intervals, hours) => expect(strip(intervals)).toBeCloseTo(hours, 6));
});

describe('uptime', () => {
  it.each([
    [[interval('alive', 0, 6), interval('down', 6, 8)], 0.75],
    [[interval('degraded', 0, 6), interval('paused', 6, 8)], 1],
    [[interval('unknown', 0, 8)], undefined],
    [[], undefined],
  ])('case %#', (intervals, expected) => {
    expect(uptime(cutHistory(intervals, start, start + 8 * hour))).toBe(expected);
  });
});

describe('formatShare', () => {
  it.each([
    [0.9996, '99,9%'],
    [1, '100%'],
    [0.75, '75%'],
  ])('%d', (share, expected) => expect(formatShare(share, 'vi')).toBe(expected));
});
