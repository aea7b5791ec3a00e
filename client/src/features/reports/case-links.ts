import type { ReportPeriod } from './report-periods.js';

export type CountKind = 'incidents' | 'resolved' | 'resolvedByFootage';
export const countKinds: readonly CountKind[] = ['incidents', 'resolved', 'resolvedByFootage'];

/** Address of the list with exactly the cases behind a number. */
export function casesAddress(
  period: ReportPeriod,
  kind: CountKind,
  where: { areaId?: string | undefined; category?: string | undefined },
): string {
  const query = new URLSearchParams();
  if (where.areaId) query.set('area', where.areaId);
  if (where.category) query.set('category', where.category);
  query.set('from', new Date(period.fromMs).toISOString());
  query.set('to', new Date(period.toMs).toISOString());
  if (kind === 'resolved') query.set('state', 'resolved');
  if (kind === 'resolvedByFootage') query.set('resolvedByFootage', 'true');
  return `/incidents?${query}`;
}
