import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDate, formatDateTime, formatTime, fromWallTime, startOfDay } from './time.js';
import { readTimePhrase, type AssumedDay, type UnderstoodTime } from './time-phrase.js';

/** Sunday 29/11/2026 16:20:30.5 in Vietnam. */
const nowMs = Date.parse('2026-11-29T09:20:30.500Z');

const understood = (text: string, now = nowMs, assumed: AssumedDay = 'today'): UnderstoodTime => {
  const reading = readTimePhrase(text, now, assumed);
  if (reading.kind !== 'time') throw new Error(`"${text}" is ${JSON.stringify(reading)}`);
  return reading;
};
const shown = (text: string, now = nowMs, assumed: AssumedDay = 'today') =>
  formatDateTime(understood(text, now, assumed).atMs, 'tenth').replace(/\.0$/, '');
const fault = (text: string) => {
  const reading = readTimePhrase(text, nowMs);
  return reading.kind === 'wrong' ? reading.fault : reading.kind;
};

const today: [string, string][] = [
  ['14h30', '14:30:00'],
  ['14h', '14:00:00'],
  ['14 giờ 30', '14:30:00'],
  ['14 giờ 30 phút', '14:30:00'],
  ['14 giờ 30 phút 5 giây', '14:30:05'],
  ['14 h 30', '14:30:00'],
  ['14h30p', '14:30:00'],
  ['14h30p05', '14:30:05'],
  ['14h30:05', '14:30:05'],
  ["14h30'", '14:30:00'],
  ['14.30', '14:30:00'],
  ['14.30.05', '14:30:05'],
  ['14g30', '14:30:00'],
  ['14:30', '14:30:00'],
  ['14 : 30', '14:30:00'],
  ['1430', '14:30:00'],
  ['930', '09:30:00'],
  ['14:30:05.4', '14:30:05.4'],
  ['14:30:05,25', '14:30:05.2'],
  ['19 giờ 25', '19:25:00'],
  ['2h30 chiều', '14:30:00'],
  ['chiều 2h30', '14:30:00'],
  ['14h30 chiều', '14:30:00'],
  ['7 giờ sáng', '07:00:00'],
  ['9h tối', '21:00:00'],
  ['9 tối', '21:00:00'],
  ['11h đêm', '23:00:00'],
  ['12h đêm', '00:00:00'],
  ['1 giờ đêm', '01:00:00'],
  ['nửa đêm', '00:00:00'],
  ['12 giờ trưa', '12:00:00'],
  ['1h trưa', '13:00:00'],
  ['giữa trưa', '12:00:00'],
  ['9 giờ rưỡi', '09:30:00'],
  ['9h rưỡi tối', '21:30:00'],
  ['9 giờ kém 15', '08:45:00'],
  ['chín giờ kém mười', '08:50:00'],
  ['hai giờ chiều', '14:00:00'],
  ['mười hai giờ trưa', '12:00:00'],
  ['bảy giờ tối', '19:00:00'],
  ['bảy giờ rưỡi', '07:30:00'],
  ['hai mươi giờ ba mươi phút', '20:30:00'],
  ['lúc 14h30', '14:30:00'],
  ['khoảng 14h30', '14:30:00'],
  ['2:30 pm', '14:30:00'],
  ['2.30 p.m.', '14:30:00'],
  ['12 am', '00:00:00'],
  ['12:15 pm', '12:15:00'],
  ['at 9pm', '21:00:00'],
  ['9 in the morning', '09:00:00'],
  ['noon', '12:00:00'],
  ['midnight', '00:00:00'],
];

const withDay: [string, string][] = [
  ['hôm nay', '29/11/2026 00:00:00'],
  ['hôm qua', '28/11/2026 00:00:00'],
  ['hôm qua 14:30', '28/11/2026 14:30:00'],
  ['14:30 hôm qua', '28/11/2026 14:30:00'],
  ['ngày hôm qua lúc 14h30', '28/11/2026 14:30:00'],
  ['hôm kia 9h', '27/11/2026 09:00:00'],
  ['tối qua', '28/11/2026 18:00:00'],
  ['tối hôm qua', '28/11/2026 18:00:00'],
  ['tối qua 9h', '28/11/2026 21:00:00'],
  ['9h15 tối hôm qua', '28/11/2026 21:15:00'],
  ['sáng nay', '29/11/2026 06:00:00'],
  ['rạng sáng nay', '29/11/2026 03:00:00'],
  ['trưa nay', '29/11/2026 11:00:00'],
  ['chiều qua', '28/11/2026 13:00:00'],
  ['đêm qua', '28/11/2026 22:00:00'],
  ['11h đêm qua', '28/11/2026 23:00:00'],
  ['1h đêm qua', '29/11/2026 01:00:00'],
  ['12 giờ đêm qua', '29/11/2026 00:00:00'],
  ['nửa đêm qua', '29/11/2026 00:00:00'],
  ['sáng mai 7h', '30/11/2026 07:00:00'],
  ['14h30 ngày 29/11', '29/11/2026 14:30:00'],
  ['14:30 - 29/11/2026', '29/11/2026 14:30:00'],
  ['14h30-29/11/2026', '29/11/2026 14:30:00'],
  ['29/11/26 14:30', '29/11/2026 14:30:00'],
  ['22/11 14:30', '22/11/2026 14:30:00'],
  ['9h 22/11', '22/11/2026 09:00:00'],
  ['9h 22-11-2026', '22/11/2026 09:00:00'],
  ['29-11-2026 14:30', '29/11/2026 14:30:00'],
  ['29.11.2026 14.30', '29/11/2026 14:30:00'],
  ['29.11.26', '29/11/2026 00:00:00'],
  ['2026-11-29 14:30', '29/11/2026 14:30:00'],
  ['2026-11-29T14:30:05', '29/11/2026 14:30:05'],
  ['1 / 2 / 2026   7:05', '01/02/2026 07:05:00'],
  ['22/11/2026, 14:29', '22/11/2026 14:29:00'],
  ['ngày 29 tháng 11', '29/11/2026 00:00:00'],
  ['14 giờ 30 phút ngày 29 tháng 11 năm 2026', '29/11/2026 14:30:00'],
  ['8h tối ngày 3 tháng 2', '03/02/2026 20:00:00'],
  ['14h30 ngày 21', '21/11/2026 14:30:00'],
  ['ngày 31', '31/10/2026 00:00:00'],
  ['30/12 9h', '30/12/2025 09:00:00'],
  ['29/2', '29/02/2024 00:00:00'],
  ['1430 22/11', '22/11/2026 14:30:00'],
  ['thứ hai 9h', '23/11/2026 09:00:00'],
  ['thứ 2 9h', '23/11/2026 09:00:00'],
  ['T2 9h', '23/11/2026 09:00:00'],
  ['9h sáng thứ năm', '26/11/2026 09:00:00'],
  ['thứ năm ngày 26/11', '26/11/2026 00:00:00'],
  ['chủ nhật', '29/11/2026 00:00:00'],
  ['CN tuần trước 8h', '22/11/2026 08:00:00'],
  ['thứ hai tuần trước', '16/11/2026 00:00:00'],
  ['Chủ nhật 29/11/2026 14:30:00', '29/11/2026 14:30:00'],
  ['15 phút trước', '29/11/2026 16:05:30'],
  ['30 phút nữa', '29/11/2026 16:50:30'],
  ['sau 30 phút nữa', '29/11/2026 16:50:30'],
  ['sáu phút nữa', '29/11/2026 16:26:30'],
  ['nửa tiếng nữa', '29/11/2026 16:50:30'],
  ['in 2 hours', '29/11/2026 18:20:30'],
  ['30 minutes from now', '29/11/2026 16:50:30'],
  ['2 ngày nữa', '01/12/2026 00:00:00'],
  ['mai 8h', '30/11/2026 08:00:00'],
  ['8h sáng mai', '30/11/2026 08:00:00'],
  ['ngày kia', '01/12/2026 00:00:00'],
  ['thứ hai tuần sau', '30/11/2026 00:00:00'],
  ['next monday', '30/11/2026 00:00:00'],
  ['15p trước', '29/11/2026 16:05:30'],
  ['khoảng 15 phút trước', '29/11/2026 16:05:30'],
  ['cách đây 2 tiếng', '29/11/2026 14:20:30'],
  ['2 tiếng rưỡi trước', '29/11/2026 13:50:30'],
  ['1 tiếng 15 phút trước', '29/11/2026 15:05:30'],
  ['1h30 trước', '29/11/2026 14:50:30'],
  ['nửa tiếng trước', '29/11/2026 15:50:30'],
  ['một giờ trước', '29/11/2026 15:20:30'],
  ['2 ngày trước', '27/11/2026 00:00:00'],
  ['hai ngày trước lúc 14h30', '27/11/2026 14:30:00'],
  ['1 tuần trước', '22/11/2026 00:00:00'],
  ['bây giờ', '29/11/2026 16:20:30'],
  ['yesterday 2:30 pm', '28/11/2026 14:30:00'],
  ['2:30 pm yesterday', '28/11/2026 14:30:00'],
  ['yesterday morning', '28/11/2026 06:00:00'],
  ['day before yesterday 9am', '27/11/2026 09:00:00'],
  ['15 minutes ago', '29/11/2026 16:05:30'],
  ['half an hour ago', '29/11/2026 15:50:30'],
  ['an hour ago', '29/11/2026 15:20:30'],
  ['2 days ago', '27/11/2026 00:00:00'],
  ['last night', '28/11/2026 22:00:00'],
  ['last night 1am', '29/11/2026 01:00:00'],
  ['this morning', '29/11/2026 06:00:00'],
  ['today 14:30', '29/11/2026 14:30:00'],
  ['29 Nov 2026 14:30', '29/11/2026 14:30:00'],
  ['November 22, 9am', '22/11/2026 09:00:00'],
  ['on Monday 9:00', '23/11/2026 09:00:00'],
  ['last Sunday', '22/11/2026 00:00:00'],
  ['now', '29/11/2026 16:20:30'],
];

const every = [...today.map(([text, time]): [string, string] => [text, `29/11/2026 ${time}`]), ...withDay];

describe('phrases as people type them', () => {
  it.each(every)('%s', (text, expected) => expect(shown(text)).toBe(expected));

  it.each(every)('%s, however it is written', (text, expected) => {
    const withoutMarks = text.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/g, 'd').replace(/Đ/g, 'D');
    for (const variant of [
      text.normalize('NFC'),
      text.normalize('NFD'),
      text.toUpperCase(),
      withoutMarks,
      `  ${text.replaceAll(' ', '   ')} `,
      text.replaceAll(' ', '\u00a0'),
    ]) {
      expect(shown(variant), variant).toBe(expected);
    }
  });

  it.each([
    ['25:00', 'noSuchTime'],
    ['14:60', 'noSuchTime'],
    ['14:30:61', 'noSuchTime'],
    ['24:30', 'noSuchTime'],
    ['2575', 'noSuchTime'],
    ['31/02', 'noSuchDay'],
    ['31/04/2026', 'noSuchDay'],
    ['29/02/2026', 'noSuchDay'],
    ['00/01/2026', 'noSuchDay'],
    ['22/13/2026', 'noSuchDay'],
    ['ngày 32', 'noSuchDay'],
    ['14-30', 'noSuchDay'],
    ['1/1/0001', 'noSuchDay'],
    ['10.11.12', 'unclear'],
    ['13h sáng', 'unclear'],
    ['12h đêm 29/11', 'unclear'],
    ['1h đêm 29/11', 'unclear'],
    ['12h tối', 'unclear'],
    ['15:00 am', 'unclear'],
    ['Thứ hai 29/11/2026', 'otherWeekday'],
    ['14', 'unknown'],
    ['14:3x', 'unknown'],
    ['143005', 'unknown'],
    ['hôm', 'unknown'],
    ['hôm kìa', 'unknown'],
    ['tối', 'unknown'],
    ['pm', 'unknown'],
    ['14:30 15:30', 'unknown'],
    ['22/11/2026 23/11/2026', 'unknown'],
    ['hôm qua 22/11', 'unknown'],
    ['15 phút trước hôm qua', 'unknown'],
    ['22/11/2026 14:30 15', 'unknown'],
    ['Ngã ba chợ', 'unknown'],
    ['2026-11-29T07:30:00Z', 'unknown'],
    ['9'.repeat(200), 'unknown'],
    ['', 'empty'],
    [' \t ', 'empty'],
  ])('refuses "%s": %s', (text, expected) => expect(fault(text)).toBe(expected));
});

describe('the day where none was typed', () => {
  it.each(today)('%s is of today, and says so', (text) => expect(understood(text).day).toBe('today'));
  it.each(withDay)('%s names its day', (text) => expect(understood(text).day).toBe('typed'));

  it('is today in Vietnam, not in UTC', () => {
    // 23:30 UTC on the 21st is 06:30 on the 22nd in Vietnam.
    expect(shown('07:00', Date.parse('2026-11-21T23:30:00.000Z'))).toBe('22/11/2026 07:00:00');
    expect(shown('hôm qua', Date.parse('2026-11-21T16:59:00.000Z'))).toBe('20/11/2026 00:00:00');
  });

  it('is a day of the window where a window is given: the one that holds the time, else the first', () => {
    const window = { fromMs: Date.parse('2026-11-22T16:50:00Z'), toMs: Date.parse('2026-11-22T17:20:00Z') };
    expect(shown('23:55', nowMs, window)).toBe('22/11/2026 23:55:00');
    expect(shown('0:10', nowMs, window)).toBe('23/11/2026 00:10:00');
    expect(shown('18:00', nowMs, window)).toBe('22/11/2026 18:00:00');
    expect(understood('0:10', nowMs, window).day).toBe('window');
    expect(shown('hôm qua 0:10', nowMs, window)).toBe('28/11/2026 00:10:00');
  });

  it('of a bare midnight of the end of a day is the next one', () => {
    expect(shown('24:00 ngày 28/11')).toBe('29/11/2026 00:00:00');
  });
});

describe('precision', () => {
  it.each([
    ['hôm qua', 'day'],
    ['tối qua', 'part'],
    ['14h', 'hour'],
    ['14h30', 'minute'],
    ['14:30:05', 'second'],
    ['14:30:05.4', 'tenth'],
    ['15 phút trước', 'second'],
  ])('%s: %s', (text, expected) => expect(understood(text).precision).toBe(expected));
});

describe('any text, any instant', () => {
  const instants = fc.integer({
    min: fromWallTime(1976, 1, 1) ?? 0,
    max: (fromWallTime(2200, 1, 1) ?? 0) - 1,
  });

  it('reads back what formatDateTime writes', () => {
    fc.assert(
      fc.property(instants, instants, (ms, now) => {
        expect(understood(formatDateTime(ms, 'tenth'), now).atMs).toBe(Math.floor(ms / 100) * 100);
        expect(understood(formatDateTime(ms), now).atMs).toBe(Math.floor(ms / 1000) * 1000);
        expect(understood(formatDateTime(ms, 'minute'), now).atMs).toBe(Math.floor(ms / 60_000) * 60_000);
        expect(understood(`${formatTime(ms)} ${formatDate(ms)}`, now).atMs).toBe(Math.floor(ms / 1000) * 1000);
        expect(understood(formatDate(ms), now).atMs).toBe(startOfDay(ms));
      }),
    );
  });

  it('does not crash, and what it takes is a finite instant', () => {
    const words = fc.constantFrom(
      ...every.flatMap(([text]) => text.split(' ')),
      ...['/', ':', '-', '.', ',', '29', '0', '99', 'năm', 'tháng', 'kém', 'rưỡi', 'trước', 'ago', 'nửa'],
    );
    const phrases = fc
      .array(words, { maxLength: 8 })
      .chain((parts) => fc.constantFrom(parts.join(' '), parts.join('')));
    fc.assert(
      fc.property(fc.oneof(phrases, fc.string({ unit: 'binary', maxLength: 100 })), instants, (text, now) => {
        const reading = readTimePhrase(text, now);
        if (reading.kind === 'time') expect(Number.isSafeInteger(reading.atMs)).toBe(true);
        if (reading.kind === 'empty') expect(text.trim()).toBe('');
      }),
      { numRuns: 2000 },
    );
  });

  it('takes a day without a year as the most recent one', () => {
    fc.assert(
      fc.property(fc.integer({ min: fromWallTime(1977, 1, 1) ?? 0, max: Date.parse('2199-01-01') }), (now) => {
        const { atMs } = understood('22/11', now);
        expect(atMs).toBeLessThanOrEqual(now);
        expect(now - atMs).toBeLessThan(367 * 86_400_000);
        expect(formatDate(atMs)).toMatch(/^22\/11\//);
      }),
    );
  });
});
