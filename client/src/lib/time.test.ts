import { describe, expect, it } from 'vitest';
import {
  addMonths,
  formatDate,
  formatDateTime,
  formatDuration,
  formatRelative,
  formatTime,
  fromWallTime,
  parseDateTime,
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

describe('parseDateTime', () => {
  it.each([
    ['22/11/2026 14:29:52.4', '2026-11-22T07:29:52.400Z'],
    ['22/11/2026 14:29:52', '2026-11-22T07:29:52.000Z'],
    ['  1/2/2026   7:05 ', '2026-02-01T00:05:00.000Z'],
    ['22/11/2026, 14:29', '2026-11-22T07:29:00.000Z'],
    ['14:30 22/11/2026', '2026-11-22T07:30:00.000Z'],
    ['22-11-2026', '2026-11-21T17:00:00.000Z'],
    ['21/11 9:00', '2026-11-21T02:00:00.000Z'],
    ['14:30:05,25', '2026-11-22T07:30:05.250Z'],
    ['14h30', '2026-11-22T07:30:00.000Z'],
    ['9h', '2026-11-22T02:00:00.000Z'],
    ['29/02/2024', '2024-02-28T17:00:00.000Z'],
  ])('%s', (text, expected) => expect(new Date(parseDateTime(text, nowMs) ?? Number.NaN).toISOString()).toBe(expected));

  it.each([
    '',
    '   ',
    'hôm qua',
    '31/04/2026',
    '29/02/2026',
    '00/01/2026',
    '22/13/2026',
    '25:00',
    '14:60',
    '14:30:61',
    '22/11/2026 14:30 15',
    '22/11/2026 23/11/2026',
    '14:30 15:30',
    '22/11/26',
    '1430',
  ])('refuses "%s"', (text) => {
    expect(parseDateTime(text, nowMs)).toBeUndefined();
  });

  it('takes the day from Vietnamese wall time, not from UTC', () => {
    // 23:30 UTC on the 21st is 06:30 on the 22nd in Vietnam.
    expect(parseDateTime('07:00', utc('2026-11-21T23:30:00.000Z'))).toBe(utc('2026-11-22T00:00:00.000Z'));
  });

  it('reads back what formatDateTime writes', () => {
    for (let day = 0; day < 800; day += 1) {
      const ms = utc('2024-12-30T16:59:58.300Z') + day * 86_400_000;
      expect(parseDateTime(formatDateTime(ms, 'tenth'), nowMs)).toBe(ms);
    }
  });
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
    [12_900, 'vi', '12 giây'],
    [7_500_000, 'vi', '2 giờ 5 phút'],
    [3600_000, 'vi', '1 giờ'],
    [86_400_000 * 3 + 60_000, 'en', '3 d'],
    [90_061_000, 'en', '1 d 1 h'],
  ])('%d ms in %s', (ms, language, expected) => expect(formatDuration(ms, language)).toBe(expected));
});
