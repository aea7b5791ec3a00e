import type { CameraReason, CameraState, CameraStateInterval } from '@choi-canh/shared/health';
import { describe, expect, it } from 'vitest';
import { footageGaps } from './footage-gaps.js';

const at = (second: number) => new Date(Date.UTC(2026, 10, 22) + second * 1000).toISOString();
const ms = (second: number) => Date.parse(at(second));
const part = (from: number, to: number) => ({ from: at(from), to: at(to), timeSource: 'rtcp' as const });
const span = (from: number, to: number | null, state: CameraState, reason: CameraReason): CameraStateInterval => ({
  cameraId: 'c',
  state,
  reason,
  detail: '',
  sinceAt: at(from),
  toAt: to === null ? null : at(to),
});
const gaps = (recorded: ReturnType<typeof part>[], intervals: CameraStateInterval[], to = 100, now = 1000) =>
  footageGaps(recorded, intervals, { fromMs: ms(0), toMs: ms(to), nowMs: ms(now) }).map((gap) => [
    (Date.parse(gap.from) - ms(0)) / 1000,
    (Date.parse(gap.to) - ms(0)) / 1000,
    gap.reason,
  ]);

describe('gaps in footage', () => {
  it.each<[string, ReturnType<typeof part>[], CameraStateInterval[], unknown[], number?, number?]>([
    ['none where all is recorded', [part(-5, 105)], [span(-50, null, 'alive', 'ok')], []],
    ['unknown where nothing was noted', [], [], [[0, 100, 'unknown']]],
    ['unknown where the camera was well', [part(0, 40)], [span(-50, null, 'alive', 'ok')], [[40, 100, 'unknown']]],
    [
      'divided where the state changed',
      [part(0, 20), part(80, 100)],
      [span(-9, 22, 'alive', 'ok'), span(22, 50, 'down', 'no_stream'), span(50, 90, 'down', 'host_unreachable')],
      [
        [20, 22, 'unknown'],
        [22, 50, 'no_stream'],
        [50, 80, 'host_unreachable'],
      ],
    ],
    [
      'before the first interval nothing is known',
      [part(60, 100)],
      [span(30, null, 'unknown', 'connecting')],
      [
        [0, 30, 'unknown'],
        [30, 60, 'connecting'],
      ],
    ],
    ['overlapping and unsorted ranges', [part(50, 100), part(0, 30), part(20, 49.9)], [], []],
    ['clipped at now', [part(0, 20)], [], [[20, 70, 'unknown']], 100, 70],
    ['no gap at the end of what is being recorded', [part(0, 66)], [span(-9, null, 'alive', 'ok')], [], 100, 70],
    [
      'but one where the camera is down',
      [part(0, 66)],
      [span(-9, null, 'down', 'no_stream')],
      [[66, 70, 'no_stream']],
      100,
      70,
    ],
    [
      'one with what was lost when the recorder stopped, and until the camera was there again',
      [part(0, 20), part(80, 100)],
      [
        ...[span(-9, 25, 'degraded', 'clock_offset'), span(25, 60, 'unknown', 'recorder_stopped')],
        ...[span(60, 62, 'unknown', 'recorder_unreachable'), span(62, 78, 'unknown', 'connecting')],
        span(78, null, 'alive', 'ok'),
      ],
      [[20, 80, 'recorder_stopped']],
    ],
    [
      'but what lasted longer, or was wrong with the camera, has its own reason',
      [part(0, 20), part(40, 50)],
      [
        ...[span(-9, 36, 'alive', 'ok'), span(36, 38, 'unknown', 'recorder_stopped')],
        ...[span(38, 55, 'down', 'no_stream'), span(55, 60, 'unknown', 'recorder_stopped')],
        span(60, null, 'unknown', 'connecting'),
      ],
      [
        [20, 36, 'unknown'],
        [36, 38, 'recorder_stopped'],
        [38, 40, 'no_stream'],
        [50, 55, 'no_stream'],
        [55, 60, 'recorder_stopped'],
        [60, 100, 'connecting'],
      ],
    ],
    [
      'nor does a stop explain another gap nearby',
      [part(0, 40), part(42, 50), part(55, 100)],
      [...[span(-9, 39, 'alive', 'ok'), span(39, 41, 'unknown', 'recorder_stopped')], span(41, null, 'alive', 'ok')],
      [
        [40, 42, 'recorder_stopped'],
        [50, 55, 'unknown'],
      ],
    ],
    ['nothing of the future', [], [], [], 100, -5],
  ])('%s', (_name, recorded, intervals, expected, to, now) => {
    expect(gaps(recorded, intervals, to, now)).toEqual(expected);
  });
});
