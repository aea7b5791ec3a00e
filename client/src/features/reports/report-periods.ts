import { addMonths, startOfDay, startOfMonth, startOfYear } from '../../lib/time.js';

export const reportPresets = [
  'this_month',
  'last_month',
  'this_quarter',
  'last_quarter',
  'this_year',
  'last_year',
] as const;
export type ReportPreset = (typeof reportPresets)[number];
/** Half-open, UTC ms; bounds are midnights in Vietnam. */
export interface ReportPeriod {
  fromMs: number;
  toMs: number;
}

function startOfQuarter(ms: number): number {
  const year = startOfYear(ms);
  return [9, 6, 3, 0].map((months) => addMonths(year, months)).find((start) => start <= ms) ?? year;
}

export function periodOfPreset(preset: ReportPreset, nowMs: number): ReportPeriod {
  const month = startOfMonth(nowMs);
  const quarter = startOfQuarter(nowMs);
  const year = startOfYear(nowMs);
  switch (preset) {
    case 'this_month':
      return { fromMs: month, toMs: addMonths(month, 1) };
    case 'last_month':
      return { fromMs: addMonths(month, -1), toMs: month };
    case 'this_quarter':
      return { fromMs: quarter, toMs: addMonths(quarter, 3) };
    case 'last_quarter':
      return { fromMs: addMonths(quarter, -3), toMs: quarter };
    case 'this_year':
      return { fromMs: year, toMs: addMonths(year, 12) };
    case 'last_year':
      return { fromMs: addMonths(year, -12), toMs: year };
  }
}

export function presetOfPeriod(period: ReportPeriod, nowMs: number): ReportPreset | undefined {
  return reportPresets.find((preset) => {
    const one = periodOfPreset(preset, nowMs);
    return one.fromMs === period.fromMs && one.toMs === period.toMs;
  });
}

/** The last day that belongs to the period: reports name days, not midnights. */
export function lastDayOf(period: ReportPeriod): number {
  return startOfDay(period.toMs - 1);
}
