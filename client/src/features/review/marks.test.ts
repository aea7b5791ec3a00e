import { describe, expect, it } from 'vitest';
import { markedRange, withMarkIn, withMarkOut } from './marks.js';

describe('marks', () => {
  it('make a range', () => {
    const marks = withMarkOut(withMarkIn({}, 1_000.4), 5_000);
    expect(marks).toEqual({ inMs: 1_000, outMs: 5_000 });
    expect(markedRange(marks)).toEqual({ fromMs: 1_000, toMs: 5_000 });
  });
  it.each([
    ['in after out drops out', withMarkIn({ inMs: 1, outMs: 5 }, 9), { inMs: 9 }],
    ['out before in drops in', withMarkOut({ inMs: 5, outMs: 9 }, 3), { outMs: 3 }],
    ['in moves within', withMarkIn({ inMs: 1, outMs: 9 }, 4), { inMs: 4, outMs: 9 }],
    ['out at in drops in', withMarkOut({ inMs: 5 }, 5), { outMs: 5 }],
  ])('%s', (_, marks, expected) => {
    expect(marks).toEqual(expected);
  });
  it.each([[{}], [{ inMs: 1 }], [{ outMs: 1 }], [{ inMs: 2, outMs: 2 }]])('%j is no range', (marks) => {
    expect(markedRange(marks)).toBeUndefined();
  });
});
