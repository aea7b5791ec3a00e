import { describe, expect, it } from 'vitest';
import { followAction } from './follow-policy.js';

describe('following the clock', () => {
  it.each([
    ['on time', 0.01, 1, { kind: 'rate', rate: 1 }],
    ['a little ahead: slower', 0.1, 1, { kind: 'rate', rate: 0.9 }],
    ['a little behind: faster', -0.1, 1, { kind: 'rate', rate: 1.1 }],
    ['the nudge is bounded', -0.39, 1, { kind: 'rate', rate: 1.25 }],
    ['far off: jump', 0.5, 1, { kind: 'seek' }],
    ['far behind: jump', -3, 1, { kind: 'seek' }],
    ['at ×8 half a second is little', 0.5, 8, { kind: 'rate', rate: 7.5 }],
  ])('running, %s', (_, driftSeconds, rate, action) => {
    expect(followAction({ driftSeconds, rate, running: true })).toEqual(action);
  });

  it('paused goes to the very instant and stays there', () => {
    expect(followAction({ driftSeconds: 0.02, rate: 1, running: false })).toEqual({ kind: 'seek' });
    expect(followAction({ driftSeconds: 0, rate: 1, running: false })).toBeUndefined();
  });

  it('while the clock waits, a little drift is no reason to load anew', () => {
    expect(followAction({ driftSeconds: 0.1, rate: 1, running: false, waiting: true })).toBeUndefined();
    expect(followAction({ driftSeconds: 0.3, rate: 1, running: false, waiting: true })).toEqual({ kind: 'seek' });
  });
});
