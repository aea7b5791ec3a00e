import { describe, expect, it } from 'vitest';
import { formatDate } from '../../lib/time.js';
import { lastDayOf, periodOfPreset, presetOfPeriod, reportPresets } from './report-periods.js';

/** 22/11/2026 in Vietnam. */
const now = Date.UTC(2026, 10, 22, 3, 0, 0);

describe('report periods', () => {
  it.each([
    ['this_month', '01/11/2026', '30/11/2026'],
    ['last_month', '01/10/2026', '31/10/2026'],
    ['this_quarter', '01/10/2026', '31/12/2026'],
    ['last_quarter', '01/07/2026', '30/09/2026'],
    ['this_year', '01/01/2026', '31/12/2026'],
    ['last_year', '01/01/2025', '31/12/2025'],
  ] as const)('%s', (preset, from, last) => {
    const period = periodOfPreset(preset, now);
    expect([formatDate(period.fromMs), formatDate(lastDayOf(period))]).toEqual([from, last]);
  });

  it('are found again', () => {
    for (const preset of reportPresets) expect(presetOfPeriod(periodOfPreset(preset, now), now)).toBe(preset);
    expect(presetOfPeriod({ fromMs: 0, toMs: 1 }, now)).toBeUndefined();
  });

  it('turn at midnight in Vietnam, not in Greenwich', () => {
    const lateEvening = Date.UTC(2026, 10, 30, 18, 0, 0);
    expect(formatDate(periodOfPreset('this_month', lateEvening).fromMs)).toBe('01/12/2026');
  });
});
