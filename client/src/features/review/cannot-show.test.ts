import type { CameraCoverage } from '@choi-canh/shared/footage';
import { expect, it } from 'vitest';
import { cannotShow } from './cannot-show.js';

const at = (seconds: number) => new Date(seconds * 1000).toISOString();
const camera = (oldestSeconds: number | null, reason?: string): CameraCoverage => ({
  cameraId: 'c',
  oldestAt: oldestSeconds === null ? null : at(oldestSeconds),
  newestAt: null,
  recorded: [],
  gaps: reason === undefined ? [] : [{ from: at(0), to: at(1), reason }],
});

it.each([
  ['a time to come', [camera(100)], 2_000_001, { code: 'future' }],
  ['nothing was ever recorded', [camera(null)], 500_000, { code: 'never' }],
  ['all was deleted by then', [camera(300), camera(200)], 199_999, { code: 'beforeOldest', oldestMs: 200_000 }],
  ['its recorder does not answer', [camera(null, 'recorder_unreachable')], 500_000, undefined],
  ['one camera goes back far enough', [camera(300), camera(200)], 250_000, undefined],
  ['now', [camera(100)], 2_000_000, undefined],
])('%s', (_, coverages, atMs, expected) => {
  expect(cannotShow(coverages, atMs, 2_000_000)).toEqual(expected);
});
