import type { CameraCoverage } from '@choi-canh/shared/footage';
import { describe, expect, it } from 'vitest';
import { readTimePhrase } from '../../lib/time-phrase.js';
import { cannotShow } from './cannot-show.js';
import { oldestTime } from './oldest-time.js';

describe('the time of the oldest picture', () => {
  it.each([
    ['2026-11-22T07:20:00.000Z', '22/11/2026 14:20:00'],
    ['2026-11-22T07:20:57.000Z', '22/11/2026 14:20:57'],
    ['2026-11-22T07:20:57.250Z', '22/11/2026 14:20:58'],
    ['2026-11-22T16:59:59.900Z', '23/11/2026 00:00:00'],
  ])('of %s is %s, and is not refused when it is typed back', (oldestAt, expected) => {
    const said = oldestTime(oldestAt);
    expect(said).toBe(expected);
    const nowMs = Date.parse(oldestAt) + 3600_000;
    const typed = readTimePhrase(said, nowMs);
    if (typed.kind !== 'time') throw new Error(`not understood: ${said}`);
    const coverage = { oldestAt, gaps: [] } as unknown as CameraCoverage;
    expect(cannotShow([coverage], typed.atMs, nowMs)).toBeUndefined();
  });
});
