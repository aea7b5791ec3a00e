import { expect, it } from 'vitest';
import { formatDateTime } from '../../lib/time.js';
import { readTypedTime, typedTime, type TypedTime } from '../../lib/typed-time.js';
import { quickTimeMs, type QuickTime } from './quick-times.js';

/** Sunday 29/11/2026 16:20:30.5 in Vietnam. */
const nowMs = Date.parse('2026-11-29T09:20:30.500Z');
const given = (iso: string) => typedTime(Date.parse(iso), 'second');

it.each<[QuickTime, TypedTime, string]>([
  ['now', { kind: 'empty' }, '29/11/2026 16:20:30.0'],
  ['now', readTypedTime('14h30', 'second'), '29/11/2026 16:20:30.0'],
  ['halfHourAgo', { kind: 'empty' }, '29/11/2026 15:50:30.0'],
  ['today', { kind: 'empty' }, '29/11/2026 00:00:00.0'],
  ['today', readTypedTime('14h30', 'second'), '29/11/2026 14:30:00.0'],
  ['yesterday', readTypedTime('14:30:05.4', 'tenth'), '28/11/2026 14:30:05.4'],
  ['yesterday', given('2026-01-01T18:00:00Z'), '28/11/2026 01:00:00.0'],
  // A day or a part of the day has no clock time to keep.
  ['yesterday', readTypedTime('tối qua', 'second'), '28/11/2026 00:00:00.0'],
  ['today', readTypedTime('22/11', 'second'), '29/11/2026 00:00:00.0'],
  ['today', readTypedTime('rubbish', 'second'), '29/11/2026 00:00:00.0'],
])('%s', (quick, typed, expected) => {
  expect(formatDateTime(quickTimeMs(quick, typed, nowMs), 'tenth')).toBe(expected);
});
