import { describe, expect, it } from 'vitest';
import { chosenDays, retentionChoice } from './retention-field.js';

describe('retention of an area or a camera', () => {
  it.each([
    [null, 30, null],
    [7, 30, 7],
    [3650, 30, 3650],
  ])('%j days, %j above', (days, inherited, chosen) =>
    expect(chosenDays(retentionChoice(days, inherited))).toBe(chosen),
  );
  it('has no days where what was typed is wrong', () =>
    expect(chosenDays({ kind: 'wrong', text: 'abc' })).toBeUndefined());
});
