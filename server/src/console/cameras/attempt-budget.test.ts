import { expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import { AttemptBudget, usualAttemptLimits } from './attempt-budget.js';

function budget() {
  let now = 1000;
  const clock = { ...systemClock, monotonicMs: () => now };
  const taken = new AttemptBudget(clock);
  const refusal = (account: string, source: 'typed' | 'found', count: number): unknown => {
    try {
      taken.take(account, source, count);
      return undefined;
    } catch (error) {
      const { code, details } = error as { code: string; details: object };
      return { code, details };
    }
  };
  return { refusal, later: (ms: number) => (now += ms) };
}

it('lets an account add a commune by typing, a fleet by searching, and map no network', () => {
  const { refusal, later } = budget();
  expect(usualAttemptLimits).toEqual({ windowMs: 600_000, typed: 100, found: 2000 });
  expect(refusal('a', 'typed', 66)).toBeUndefined();
  later(60_000);
  expect(refusal('a', 'typed', 34)).toBeUndefined();
  expect(refusal('a', 'typed', 1)).toEqual({
    ...{ code: 'too_many_device_attempts', details: { retryAfterSeconds: 540, waitMinutes: 9 } },
  });
  // As many as 66 leave the window first; for more the others have to.
  expect(refusal('a', 'typed', 67)).toMatchObject({ details: { waitMinutes: 10 } });
  expect(refusal('a', 'found', 600)).toBeUndefined();
  expect(refusal('b', 'typed', 100)).toBeUndefined();
  expect(refusal('a', 'typed', 101)).toEqual({ code: 'too_many_devices', details: { limit: 100 } });
  later(540_000);
  expect(refusal('a', 'typed', 66)).toBeUndefined();
  expect(refusal('a', 'typed', 1)).toMatchObject({ code: 'too_many_device_attempts' });
});
