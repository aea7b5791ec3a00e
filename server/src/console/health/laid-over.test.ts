import type { CameraReason, CameraState } from '@choi-canh/shared/health';
import { describe, expect, it } from 'vitest';
import type { CameraStateIntervalRow } from './camera-state-interval.entity.js';
import { laidOver } from './laid-over.js';

const fact = { state: 'unknown', reason: 'recorder_stopped', detail: '' } as const;
let count = 0;
const row = (
  cameraId: string,
  sinceAt: number,
  toAt: number | null,
  reason: CameraReason = 'ok',
): CameraStateIntervalRow => {
  const state: CameraState = reason === 'ok' ? 'alive' : 'down';
  return { id: String((count += 1)), cameraId, state, reason, detail: 'x', sinceAt, toAt };
};
const shown = (rows: CameraStateIntervalRow[]) =>
  rows
    .sort((one, other) => one.cameraId.localeCompare(other.cameraId) || one.sinceAt - other.sinceAt)
    .map(({ cameraId, sinceAt, toAt, reason }) => [cameraId, sinceAt, toAt, reason]);

describe('a fact laid over intervals', () => {
  it.each<[string, CameraStateIntervalRow[], unknown[]]>([
    ['nothing', [], []],
    [
      'in the midst of one that has no end',
      [row('a', 0, null)],
      [
        ['a', 0, 10, 'ok'],
        ['a', 10, 20, 'recorder_stopped'],
        ['a', 20, null, 'ok'],
      ],
    ],
    [
      'over several, of several cameras',
      [row('b', 5, 12), row('a', 9, 15, 'no_stream'), row('a', 15, null), row('b', 12, 14), row('b', 14, 20)],
      [
        ['a', 9, 10, 'no_stream'],
        ['a', 10, 20, 'recorder_stopped'],
        ['a', 20, null, 'ok'],
        ['b', 5, 10, 'ok'],
        ['b', 10, 20, 'recorder_stopped'],
      ],
    ],
    [
      'not before a camera was there',
      [row('a', 13, null)],
      [
        ['a', 13, 20, 'recorder_stopped'],
        ['a', 20, null, 'ok'],
      ],
    ],
    [
      'on both sides of one that is left out',
      [row('a', 0, 12), row('a', 15, null)],
      [
        ['a', 0, 10, 'ok'],
        ['a', 10, 12, 'recorder_stopped'],
        ['a', 15, 20, 'recorder_stopped'],
        ['a', 20, null, 'ok'],
      ],
    ],
  ])('%s', (_name, rows, expected) => {
    const result = laidOver(rows, fact, { fromMs: 10, toMs: 20 });
    expect(shown(result)).toEqual(expected);
    expect(new Set(result.map(({ id }) => id)).size).toBe(result.length);
    // Said again it changes nothing.
    const again = result.filter((one) => one.sinceAt < 20 && (one.toAt === null || one.toAt > 10));
    const others = result.filter((one) => !again.includes(one));
    expect(shown([...others, ...laidOver(again, fact, { fromMs: 10, toMs: 20 })])).toEqual(expected);
  });

  it('goes on behind it as it is said', () => {
    const after = (one: CameraStateIntervalRow) =>
      one.reason === 'ok' ? ({ state: 'unknown', reason: 'connecting', detail: '' } as const) : one;
    const rows = [row('a', 0, null), row('b', 0, 30, 'recorder_unreachable'), row('c', 0, 20)];
    expect(shown(laidOver(rows, fact, { fromMs: 10, toMs: 20 }, after))).toEqual([
      ['a', 0, 10, 'ok'],
      ['a', 10, 20, 'recorder_stopped'],
      ['a', 20, null, 'connecting'],
      ['b', 0, 10, 'recorder_unreachable'],
      ['b', 10, 20, 'recorder_stopped'],
      ['b', 20, 30, 'recorder_unreachable'],
      ['c', 0, 10, 'ok'],
      ['c', 10, 20, 'recorder_stopped'],
    ]);
  });
});
