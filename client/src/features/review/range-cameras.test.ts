import type { CameraCoverage } from '@choi-canh/shared/footage';
import { expect, it } from 'vitest';
import { camerasAtFirst, withFootage } from './range-cameras.js';

const minute = 60_000;
const iso = (minutes: number) => new Date(minutes * minute).toISOString();
const camera = (cameraId: string, ...recorded: [number, number][]): CameraCoverage => ({
  cameraId,
  recorded: recorded.map(([from, to]) => ({ from: iso(from), to: iso(to), timeSource: 'rtcp' })),
  gaps: [],
  oldestAt: null,
  newestAt: null,
});
const cameras = [camera('a', [0, 20]), camera('b', [30, 40]), camera('c', [5, 6], [35, 50])];

it.each([
  [0, 10, undefined, ['a', 'c']],
  [0, 10, 'a', ['a']],
  [0, 10, 'b', []],
  [32, 36, undefined, ['b', 'c']],
  [20, 30, undefined, []],
])('from minute %i to %i, enlarged %s: ticked %j', (from, to, focusedId, expected) => {
  expect(camerasAtFirst(cameras, from * minute, to * minute, focusedId)).toEqual(expected);
});

it.each([
  [0, 10, ['b', 'a'], ['a']],
  [0, 60, ['c', 'b', 'a'], ['a', 'b', 'c']],
  [undefined, 10, ['b', 'a'], ['a', 'b']],
  [10, 0, ['b'], ['b']],
])('from %s to %s, of %j: %j', (from, to, ids, expected) => {
  const ms = (minutes: number | undefined) => (minutes === undefined ? undefined : minutes * minute);
  expect(withFootage(cameras, ids, ms(from), ms(to))).toEqual(expected);
});
