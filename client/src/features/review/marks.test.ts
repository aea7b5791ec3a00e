import { describe, expect, it } from 'vitest';
import { markedRange, withMarkIn, withMarkOut } from './marks.js';

describe('marks', () => {
  it.each([
    ['in alone', withMarkIn({}, 1_000.4), { marks: { inMs: 1_000 } }],
    ['out after in', withMarkOut({ inMs: 1_000 }, 5_000.9), { marks: { inMs: 1_000, outMs: 5_000 } }],
    ['in moves within', withMarkIn({ inMs: 1, outMs: 9 }, 4), { marks: { inMs: 4, outMs: 9 } }],
    ['in after out leaves both', withMarkIn({ inMs: 1, outMs: 5 }, 9), { refused: 'in_after_out', otherMs: 5 }],
    ['out before in leaves both', withMarkOut({ inMs: 5, outMs: 9 }, 3), { refused: 'out_before_in', otherMs: 5 }],
    ['out at in', withMarkOut({ inMs: 5 }, 5), { refused: 'out_before_in', otherMs: 5 }],
  ])('%s', (_, result, expected) => {
    expect(result).toEqual(expected);
  });
  it.each([[{}], [{ inMs: 1 }], [{ outMs: 1 }], [{ inMs: 2, outMs: 2 }]])('%j is no range', (marks) => {
    expect(markedRange(marks)).toBeUndefined();
  });
});
