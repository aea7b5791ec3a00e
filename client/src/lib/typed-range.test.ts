import { describe, expect, it } from 'vitest';
import { formatDateTime } from './time.js';
import { endOfTypedDay, rangeOf } from './typed-range.js';
import { msOf, readTypedTime, typedTime, type TypedTime } from './typed-time.js';

const at = (text: string): TypedTime => readTypedTime(text, 'second');
const noon = at('29/11/2026 12:00');
const evening = at('29/11/2026 18:00');
const empty: TypedTime = { kind: 'empty' };
const wrong = at('mai sau');

describe('the two boxes of a range', () => {
  it('are both meant where they are in order', () =>
    expect(rangeOf({ from: noon, to: evening }, 'to')).toEqual({
      fromMs: msOf(noon),
      toMs: msOf(evening),
      outOfOrder: undefined,
    }));
  it.each(['from', 'to'] as const)(
    'never move each other: out of order the one typed last (%s) is in error',
    (last) => {
      const range = rangeOf({ from: evening, to: noon }, last);
      expect(range.outOfOrder).toBe(last);
      expect(range[`${last}Ms`]).toBeUndefined();
      expect(last === 'from' ? range.toMs : range.fromMs).toBe(msOf(last === 'from' ? noon : evening));
    },
  );
  it('an instant alone is no range', () => expect(rangeOf({ from: noon, to: noon }, 'from').outOfOrder).toBe('from'));
  it.each([
    [empty, evening],
    [noon, empty],
    [wrong, evening],
    [empty, wrong],
  ])('say nothing of each other where one is empty or no time', (from, to) =>
    expect(rangeOf({ from, to }, 'to')).toEqual({ fromMs: msOf(from), toMs: msOf(to), outOfOrder: undefined }),
  );
});

it.each([
  ['29/11/2026', '29/11/2026 23:59:59'],
  ['29/11/2026 8h', '29/11/2026 08:00:00'],
  ['29/11/2026 0:00', '29/11/2026 00:00:00'],
])('%s as an end is %s', (text, shown) => expect(formatDateTime(msOf(endOfTypedDay(at(text))) ?? 0)).toBe(shown));

it('an end that was given and not typed stays as it is', () => {
  const given = typedTime(Date.parse('2026-11-28T17:00:00Z'), 'second');
  expect(endOfTypedDay(given)).toEqual(given);
});
