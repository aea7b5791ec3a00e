import { foldText } from '@choi-canh/shared/text-folding';
import { addMonths, fromWallTime, startOfMonth, startOfYear } from '../../lib/time.js';
import { periodOfPreset, type ReportPeriod } from './report-periods.js';

/** Years that a report can be of; see `readTimePhrase`. */
const [oldestYear, latestYear] = [1976, 2199];
const longest = 40;

/**
 * Reads a whole month, quarter or year as people type it into a box for a day: `tháng trước`, `10/2026`, `tháng 10`,
 * `quý 3`, `quý III/2025`, `năm nay`, `last month`, `Q3 2025`. Without a year it is the most recent one that has begun.
 * Undefined where it is none of these.
 */
export function readPeriodPhrase(text: string, nowMs: number): ReportPeriod | undefined {
  if (text.length > longest) return undefined;
  const phrase = foldText(text).replace(/\s+/g, ' ').trim();
  const relative = relativePeriods.find(([pattern]) => pattern.test(phrase));
  if (relative !== undefined) return periodOfPreset(relative[1], nowMs);
  const month =
    /^(?:(?:thang|month) ?)?(\d{1,2}) ?[/-] ?(\d{4})$/.exec(phrase) ??
    /^thang ?(\d{1,2})(?: nam (\d{4})| (\d{4}))?$/.exec(phrase) ??
    englishMonth(phrase);
  if (month !== null) return monthsFrom(Number(month[1]), month[2] ?? month[3], 1, nowMs);
  const quarter = /^(?:quy|q|quarter) ?(\d|iv|i{1,3})(?: ?[/-] ?(\d{4})| nam (\d{4})| (\d{4}))?$/.exec(phrase);
  if (quarter !== null) {
    const number = ['i', 'ii', 'iii', 'iv'].indexOf(quarter[1] ?? '') + 1 || Number(quarter[1]);
    return number >= 1 && number <= 4
      ? monthsFrom(number * 3 - 2, quarter[2] ?? quarter[3] ?? quarter[4], 3, nowMs)
      : undefined;
  }
  const year = /^(?:nam |year )?(\d{4})$/.exec(phrase);
  return year === null ? undefined : monthsFrom(1, year[1], 12, nowMs);
}

const relativePeriods = [
  [/^(?:thang nay|this month)$/, 'this_month'],
  [/^(?:thang (?:truoc|qua|roi)|last month)$/, 'last_month'],
  [/^(?:quy nay|this quarter)$/, 'this_quarter'],
  [/^(?:quy (?:truoc|qua|roi)|last quarter)$/, 'last_quarter'],
  [/^(?:nam nay|this year)$/, 'this_year'],
  [/^(?:nam (?:ngoai|truoc|qua|roi)|last year)$/, 'last_year'],
] as const;

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function englishMonth(phrase: string): [string, string, string | undefined] | null {
  const match = /^([a-z]{3,9})(?:,? (\d{4}))?$/.exec(phrase);
  const number = monthNames.indexOf(match?.[1]?.slice(0, 3) ?? '') + 1;
  const whole = new Intl.DateTimeFormat('en', { month: 'long', timeZone: 'UTC' })
    .format(Date.UTC(2026, number - 1, 1))
    .toLowerCase();
  return match === null || number === 0 || !whole.startsWith(match[1] ?? '')
    ? null
    : [phrase, String(number), match[2]];
}

function monthsFrom(month: number, year: string | undefined, months: number, nowMs: number): ReportPeriod | undefined {
  if (month < 1 || month > 12) return undefined;
  if (year === undefined) {
    const thisYear = addMonths(startOfYear(nowMs), month - 1);
    const fromMs = thisYear <= startOfMonth(nowMs) ? thisYear : addMonths(thisYear, -12);
    return { fromMs, toMs: addMonths(fromMs, months) };
  }
  if (Number(year) < oldestYear || Number(year) > latestYear) return undefined;
  const fromMs = fromWallTime(Number(year), month, 1);
  return fromMs === undefined ? undefined : { fromMs, toMs: addMonths(fromMs, months) };
}
