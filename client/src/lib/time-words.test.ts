import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import i18next from 'i18next';
import { beforeAll, expect, it } from 'vitest';
import { readTimePhrase, type AssumedDay } from './time-phrase.js';
import { timeWords } from './time-words.js';
import { typedTime, type TimeKind, type TypedTime } from './typed-time.js';

/** Sunday 29/11/2026 16:20:30 in Vietnam. */
const nowMs = Date.parse('2026-11-29T09:20:30.000Z');
const openedWindow = { fromMs: Date.parse('2026-11-22T07:00:00Z'), toMs: Date.parse('2026-11-22T08:00:00Z') };

beforeAll(async () => {
  const texts = (language: string) => ({
    time: JSON.parse(readFileSync(join(import.meta.dirname, '../locales', language, 'time.json'), 'utf8')) as object,
  });
  await i18next.init({ lng: 'vi', resources: { vi: texts('vi'), en: texts('en') } });
});

function typed(text: string, assumed: AssumedDay): TypedTime {
  const reading = readTimePhrase(text, nowMs, assumed);
  if (reading.kind === 'time') return { kind: 'understood', value: reading.atMs, text, reading };
  return reading.kind === 'empty' ? reading : { ...reading, text };
}
const words = (value: TypedTime, kind: TimeKind, language: 'vi' | 'en') =>
  timeWords(value, kind, { nowMs, language, t: i18next.getFixedT(language) });

it.each<[string, TimeKind, AssumedDay, string, string]>([
  ['14h30', 'second', 'today', 'Chủ nhật 29/11/2026 14:30:00, hôm nay', 'Sunday 29/11/2026 14:30:00, today'],
  ['hôm qua 9h', 'minute', 'today', 'Thứ bảy 28/11/2026 09:00, hôm qua', 'Saturday 28/11/2026 09:00, yesterday'],
  [
    'tối qua',
    'second',
    'today',
    'Thứ bảy 28/11/2026 18:00:00, hôm qua, chưa ghi giờ nên lấy 18:00',
    'Saturday 28/11/2026 18:00:00, yesterday, no clock time given, so 18:00',
  ],
  [
    '14:30',
    'second',
    openedWindow,
    'Chủ nhật 22/11/2026 14:30:00, 7 ngày trước, ngày đang xem',
    'Sunday 22/11/2026 14:30:00, 7 days ago, the day in view',
  ],
  ['1/2/2026 9h', 'second', 'today', 'Chủ nhật 01/02/2026 09:00:00', 'Sunday 01/02/2026 09:00:00'],
  [
    '3/12/2026 9h',
    'second',
    'today',
    'Thứ năm 03/12/2026 09:00:00, ở tương lai',
    'Thursday 03/12/2026 09:00:00, in the future',
  ],
  ['22/11', 'day', 'today', 'Chủ nhật 22/11/2026, 7 ngày trước', 'Sunday 22/11/2026, 7 days ago'],
])('"%s"', (text, kind, assumed, vi, en) => {
  expect(words(typed(text, assumed), kind, 'vi')).toBe(vi);
  expect(words(typed(text, assumed), kind, 'en')).toBe(en);
});

it('leaves out what stands in the box as it is', () => {
  expect(words(typedTime(Date.parse('2026-11-28T02:00:00Z'), 'second'), 'second', 'vi')).toBe('Thứ bảy, hôm qua');
});

it('says nothing of an empty or a wrong box', () => {
  expect(words({ kind: 'empty' }, 'second', 'vi')).toBeUndefined();
  expect(words(typed('rubbish', 'today'), 'second', 'vi')).toBeUndefined();
});
