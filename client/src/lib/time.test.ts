import { describe, expect, it } from 'vitest';
import {
  addMonths,
  formatDate,
  formatDateTime,
  formatDuration,
  formatAgo,
  formatRange,
  formatRelative,
  formatTime,
  fromWallTime,
  startOfDay,
  startOfMonth,
  startOfWeek,
  startOfYear,
} from './time.js';

const at = '2026-11-22T07:29:52.470Z';
const nowMs = Date.parse(at);
const utc = (text: string) => Date.parse(text);

describe('formatting is Vietnamese wall time whatever the time zone of the machine', () => {
  it.each([
    [formatDate(at), '22/11/2026'],
    [formatTime(at), '14:29:52'],
    [formatTime(at, 'minute'), '14:29'],
    [formatTime(at, 'tenth'), '14:29:52.4'],
    [formatDateTime(at), '22/11/2026 14:29:52'],
    [formatDateTime('2026-12-31T17:00:00.000Z'), '01/01/2027 00:00:00'],
    [formatDateTime(utc('2026-12-31T16:59:59.999Z'), 'tenth'), '31/12/2026 23:59:59.9'],
  ])('%s', (shown, expected) => expect(shown).toBe(expected));
});

describe('starts', () => {
  it.each([
    ['day', startOfDay(at), '2026-11-21T17:00:00.000Z'],
    ['day of its own midnight', startOfDay('2026-11-21T17:00:00.000Z'), '2026-11-21T17:00:00.000Z'],
    ['week from Monday (the 22nd is a Sunday)', startOfWeek(at), '2026-11-15T17:00:00.000Z'],
    ['week of a Monday', startOfWeek('2026-11-23T03:00:00.000Z'), '2026-11-22T17:00:00.000Z'],
    ['month', startOfMonth('2026-11-30T18:00:00.000Z'), '2026-11-30T17:00:00.000Z'],
    ['year', startOfYear('2026-12-31T18:00:00.000Z'), '2026-12-31T17:00:00.000Z'],
    ['next month over the year', addMonths('2026-12-05T00:00:00.000Z', 1), '2026-12-31T17:00:00.000Z'],
    ['month before', addMonths('2026-01-31T00:00:00.000Z', -1), '2025-11-30T17:00:00.000Z'],
  ])('%s', (_name, ms, expected) => expect(new Date(ms).toISOString()).toBe(expected));
  it('knows days that do not exist', () => {
    expect(fromWallTime(2026, 2, 30)).toBeUndefined();
    expect(fromWallTime(2026, 2, 28, 24)).toBeUndefined();
  });
});

describe('formatAgo', () => {
  const nowMs = Date.parse('2026-11-22T07:29:52Z');
  it.each([
    ['2026-11-22T07:26:00Z', 'vi', '3 phút trước · 14:26'],
    ['2026-11-21T17:00:00Z', 'vi', '14 giờ trước · 00:00'],
    ['2026-11-21T16:59:59Z', 'vi', '21/11/2026 23:59'],
    ['2026-11-22T07:26:00Z', 'en', '3 minutes ago · 14:26'],
    ['2026-10-01T00:00:00Z', 'en', '01/10/2026 07:00'],
  ])('%s in %s', (at, language, words) => expect(formatAgo(at, nowMs, language)).toBe(words));
});

describe('formatRange', () => {
  it.each([
    ['2026-11-22T07:29:52.470Z', '2026-11-22T07:30:20.900Z', undefined, '22/11/2026 14:29:52 – 14:30:20'],
    ['2026-11-22T16:59:30.000Z', '2026-11-22T17:00:30.000Z', undefined, '22/11/2026 23:59:30 – 23/11/2026 00:00:30'],
    ['2026-11-22T16:59:30.000Z', '2026-11-22T16:59:59.940Z', 'tenth', '22/11/2026 23:59:30.0 – 23:59:59.9'],
    ['2026-11-22T16:59:30.000Z', '2026-11-22T17:00:00.000Z', 'minute', '22/11/2026 23:59 – 23/11/2026 00:00'],
  ] as const)('%s to %s (%s)', (from, to, precision, words) => expect(formatRange(from, to, precision)).toBe(words));
});

describe('formatRelative', () => {
  it.each([
    [-3 * 60_000, 'vi', '3 phút trước'],
    [-59 * 60_000 - 59_000, 'vi', '59 phút trước'],
    [-3600_000, 'en', '1 hour ago'],
    [-2000, 'vi', 'bây giờ'],
    [-30_000, 'vi', '30 giây trước'],
    [2 * 86_400_000, 'en', 'in 2 days'],
  ])('%d ms in %s', (offset, language, expected) => {
    expect(formatRelative(nowMs + offset, nowMs, language)).toBe(expected);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, 'vi', '0 giây'],
    [-5, 'vi', '0 giây'],
    [40, 'vi', 'dưới 1 giây'],
    [999, 'en', 'under 1 s'],
    [1000, 'vi', '1 giây'],
    [12_900, 'vi', '12 giây'],
    [7_500_000, 'vi', '2 giờ 5 phút'],
    [3600_000, 'vi', '1 giờ'],
    [86_400_000 * 3 + 60_000, 'en', '3 d'],
    [90_061_000, 'en', '1 d 1 h'],
  ])('%d ms in %s', (ms, language, expected) => expect(formatDuration(ms, language)).toBe(expected));
});
