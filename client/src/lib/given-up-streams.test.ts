import { describe, expect, it } from 'vitest';
import { noneGivenUp, oneMoreGivenUp, triedAgain, triedAgainAfterMs, type GivenUpStreams } from './given-up-streams.js';

/** Three streams, of which one after the other `failed` in the browser, or was `refused` by the server. */
const after = (...why: ('failed' | 'refused')[]): GivenUpStreams =>
  why.reduce((before, one) => oneMoreGivenUp(before, one === 'refused', 3), noneGivenUp);
const minute = 60_000;

describe('streams that were given up', () => {
  it.each([
    [after(), 0, undefined, 0],
    [after('failed'), 1, 5 * minute, 0],
    [after('failed', 'failed'), 2, 5 * minute, 0],
    [after('refused'), 1, undefined, 1],
    [after('refused', 'failed'), 2, 5 * minute, 1],
    [after('failed', 'refused'), 2, 5 * minute, 0],
    [after('refused', 'refused'), 2, undefined, 2],
  ])('%j: %i skipped, tried again after %s ms with %i skipped', (given, skipped, ms, then) => {
    expect(given.count).toBe(skipped);
    expect(triedAgainAfterMs(given)).toBe(ms);
    expect(triedAgain(given).count).toBe(then);
  });

  it('keep the last one, whatever becomes of it', () => {
    const given = after('failed', 'failed');
    expect(oneMoreGivenUp(given, true, 3)).toBe(given);
    expect(oneMoreGivenUp(noneGivenUp, false, 1)).toBe(noneGivenUp);
  });

  it('are tried again each time later, at least every hour', () => {
    let given = after('failed');
    const minutes = [];
    for (let round = 0; round < 6; round += 1) {
      minutes.push((triedAgainAfterMs(given) ?? 0) / minute);
      given = oneMoreGivenUp(triedAgain(given), false, 3);
    }
    expect(minutes).toEqual([5, 10, 20, 40, 60, 60]);
  });
});
