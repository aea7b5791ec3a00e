import { expect, it } from 'vitest';
import { formatDate } from '../../lib/time.js';
import { readPeriodPhrase } from './period-phrase.js';
import { lastDayOf } from './report-periods.js';

/** Sunday 22/11/2026 in Vietnam. */
const now = Date.UTC(2026, 10, 22, 3, 0, 0);
const read = (text: string) => {
  const period = readPeriodPhrase(text, now);
  return period && `${formatDate(period.fromMs)} – ${formatDate(lastDayOf(period))}`;
};

it.each([
  ['tháng trước', '01/10/2026 – 31/10/2026'],
  ['Tháng này', '01/11/2026 – 30/11/2026'],
  ['thang truoc', '01/10/2026 – 31/10/2026'],
  ['10/2026', '01/10/2026 – 31/10/2026'],
  ['02/2024', '01/02/2024 – 29/02/2024'],
  ['tháng 10', '01/10/2026 – 31/10/2026'],
  ['tháng 12', '01/12/2025 – 31/12/2025'],
  ['tháng 9 năm 2025', '01/09/2025 – 30/09/2025'],
  ['tháng 9/2025', '01/09/2025 – 30/09/2025'],
  ['quý 3', '01/07/2026 – 30/09/2026'],
  ['quý III/2025', '01/07/2025 – 30/09/2025'],
  ['quý IV', '01/10/2026 – 31/12/2026'],
  ['quý này', '01/10/2026 – 31/12/2026'],
  ['quý trước', '01/07/2026 – 30/09/2026'],
  ['năm nay', '01/01/2026 – 31/12/2026'],
  ['năm ngoái', '01/01/2025 – 31/12/2025'],
  ['năm 2024', '01/01/2024 – 31/12/2024'],
  ['2025', '01/01/2025 – 31/12/2025'],
  ['last month', '01/10/2026 – 31/10/2026'],
  ['Q3 2025', '01/07/2025 – 30/09/2025'],
  ['October 2026', '01/10/2026 – 31/10/2026'],
  ['dec', '01/12/2025 – 31/12/2025'],
])('%s is %s', (text, expected) => {
  expect(read(text)).toBe(expected);
  expect(read(text.normalize('NFD'))).toBe(expected);
  expect(read(`  ${text.toUpperCase()} `)).toBe(expected);
});

it.each([
  '',
  '13/2026',
  'quý 5',
  'tháng 0',
  '10/20',
  'hôm qua',
  '22/11',
  '1800',
  'decades',
  'tháng trước nữa',
  '9'.repeat(60),
])('%j is no such period', (text) => expect(read(text)).toBeUndefined());
