import type { CameraCoverage } from '@choi-canh/shared/footage';
import { describe, expect, it } from 'vitest';
import { footageWithin, gapAt, isClaimedTwice, nextFootageMs, previousFootageMs } from './coverage-lookup.js';

const minute = 60_000;
const t0 = Date.UTC(2026, 10, 22, 7, 0, 0);
const at = (minutes: number) => t0 + minutes * minute;
const iso = (minutes: number) => new Date(at(minutes)).toISOString();
const range = (from: number, to: number) => ({ from: iso(from), to: iso(to), timeSource: 'rtcp' as const });
const coverage: CameraCoverage = {
  cameraId: 'a',
  recorded: [range(0, 20), range(55, 90)],
  gaps: [{ from: iso(20), to: iso(55), reason: 'host_unreachable' }],
  oldestAt: iso(-100),
  newestAt: iso(90),
};

describe('gaps', () => {
  it('finds the gap and its reason', () => {
    expect(gapAt(coverage, at(30), at(0), at(120))).toEqual({
      fromMs: at(20),
      toMs: at(55),
      reason: 'host_unreachable',
    });
  });
  it.each([0, 19.99, 55, 89])('has footage at minute %s', (minutes) => {
    expect(gapAt(coverage, at(minutes), at(0), at(120))).toBeUndefined();
  });
  it('bounds an unnamed gap by the window', () => {
    expect(gapAt(coverage, at(100), at(0), at(120))).toEqual({ fromMs: at(90), toMs: at(120), reason: 'unknown' });
  });
});

it('knows where two recordings claim an instant', () => {
  const set: CameraCoverage = {
    ...coverage,
    recorded: [range(0, 20), { ...range(20, 30), overlap: true }, range(30, 90)],
  };
  expect([19, 20, 29, 30].map((minutes) => isClaimedTwice(set, at(minutes)))).toEqual([false, true, true, false]);
  expect(isClaimedTwice(coverage, at(25))).toBe(false);
});

describe('footage around', () => {
  const other: CameraCoverage = { ...coverage, recorded: [range(40, 45)] };
  it.each([
    [[coverage], 30, 55],
    [[coverage, other], 30, 40],
    [[coverage], 60, undefined],
  ])('next', (coverages, from, expected) => {
    expect(nextFootageMs(coverages, at(from))).toBe(expected === undefined ? undefined : at(expected));
  });
  it.each([
    [[coverage], 30, 15],
    [[coverage, other], 50, 40],
    [[coverage], 10, undefined],
  ])('previous', (coverages, from, expected) => {
    expect(previousFootageMs(coverages, at(from), 5 * minute)).toBe(expected === undefined ? undefined : at(expected));
  });
});

it.each([
  [5, 10, 1, 5],
  [10, 60, 2, 15],
  [25, 50, 0, 0],
  [80, 100, 1, 10],
])('footage from minute %i to %i: %i pieces, %i minutes', (from, to, pieces, minutes) => {
  expect(footageWithin(coverage, at(from), at(to))).toEqual({ pieces, coveredMs: minutes * minute });
});

it('counts once what two recordings claim, after a clock was set back', () => {
  const twice = { ...coverage, recorded: [range(0, 20), { ...range(15, 30), overlap: true }] };
  expect(footageWithin(twice, at(10), at(40))).toEqual({ pieces: 2, coveredMs: 20 * minute });
});
