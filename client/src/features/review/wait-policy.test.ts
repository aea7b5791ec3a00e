import { describe, expect, it } from 'vitest';
import { fastWaitMs, hiccupMs, longestWaitMs, patienceMs, waitVerdict } from './wait-policy.js';
import type { TilePhase } from './wait-policy.js';

const tiles = (...phases: [TilePhase, number][]) =>
  new Map(phases.map(([phase, sinceMs], index) => [`c${index + 1}`, { phase, sinceMs }]));

describe('waiting for players', () => {
  it.each([
    ['all have their picture', tiles(['ready', 0], ['gap', 0], ['failed', 0]), 100, [], []],
    ['one loads', tiles(['ready', 0], ['loading', 0]), 100, ['c2'], []],
    ['one loads for too long', tiles(['ready', 0], ['loading', 0]), longestWaitMs, [], ['c2']],
    ['nobody could play anyway', tiles(['gap', 0], ['loading', 0]), longestWaitMs * 5, ['c2'], []],
    ['one late, one fresh', tiles(['loading', 0], ['loading', 7_900], ['ready', 0]), longestWaitMs, ['c2'], ['c1']],
  ])('%s', (_, statuses, nowMs, waitingFor, leftBehind) => {
    expect(waitVerdict(statuses, nowMs)).toEqual({ waitingFor, leftBehind });
  });
});

it('does not stop for a hiccup', () => {
  const statuses = new Map([
    ['a', { phase: 'ready' as const, sinceMs: 0 }],
    ['b', { phase: 'loading' as const, sinceMs: 0, graceMs: hiccupMs }],
  ]);
  expect(waitVerdict(statuses, hiccupMs - 1)).toEqual({ waitingFor: [], leftBehind: [] });
  expect(waitVerdict(statuses, hiccupMs).waitingFor).toEqual(['b']);
});

it.each([
  [1, false, longestWaitMs],
  [2, false, longestWaitMs],
  [8, false, fastWaitMs],
  [1, true, 0],
])('at ×%d, late before: %s, waits %d ms', (rate, wasLate, expected) => {
  expect(patienceMs(rate, wasLate)).toBe(expected);
});

it('has less patience with one that was late before', () => {
  const statuses = new Map([
    ['a', { phase: 'ready' as const, sinceMs: 0 }],
    ['b', { phase: 'loading' as const, sinceMs: 0, patienceMs: 800 }],
  ]);
  expect(waitVerdict(statuses, 799).waitingFor).toEqual(['b']);
  expect(waitVerdict(statuses, 800).leftBehind).toEqual(['b']);
});
