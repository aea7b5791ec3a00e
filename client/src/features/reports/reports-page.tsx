import { caseReportResponse } from '@choi-canh/shared/reports';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { api } from '../../lib/api.js';
import { useAreaFilter } from '../../lib/area-filter.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { useUrlState } from '../../lib/url-state.js';
import { PeriodBar, usePeriodFields } from './period-bar.js';
import { periodOfPreset, type ReportPeriod } from './report-periods.js';
import { ReportPaper } from './report-paper.js';
import classes from './reports.module.css';

function periodOfAddress(search: URLSearchParams): ReportPeriod {
  const fromMs = Date.parse(search.get('from') ?? '');
  const toMs = Date.parse(search.get('to') ?? '');
  return fromMs < toMs ? { fromMs, toMs } : periodOfPreset('this_month', serverNowMs());
}

/** How many incidents, how many settled, how many by footage: the paper that is filed, each number opening its cases. */
export function ReportsPage() {
  const { t } = useTranslation('reports');
  const { search, change } = useUrlState();
  const { areaId } = useAreaFilter();
  const period = useMemo(() => periodOfAddress(search), [search]);
  const range = { from: new Date(period.fromMs).toISOString(), to: new Date(period.toMs).toISOString() };
  const report = useQuery({
    queryKey: ['case-report', areaId, range],
    queryFn: ({ signal }) =>
      api.get('/api/reports/cases', { query: { areaId, ...range }, schema: caseReportResponse, signal }),
  });
  const setPeriod = (next: ReportPeriod) => {
    if (next.fromMs >= next.toMs) return;
    change({ from: new Date(next.fromMs).toISOString(), to: new Date(next.toMs).toISOString() });
  };
  const fields = usePeriodFields(period, setPeriod);
  return (
    <>
      <div className={classes.controls}>
        <PageHeader title={t('title')} description={t('intro')} />
        <PeriodBar period={period} fields={fields} onPeriod={setPeriod} />
      </div>
      {!fields.readable ? (
        <EmptyState title={t('wrongPeriod.title')} text={t('wrongPeriod.text')} />
      ) : report.isPending ? (
        <SkeletonList rows={8} />
      ) : report.data === undefined ? (
        <ErrorPanel error={report.error} onRetry={() => void report.refetch()} />
      ) : (
        <ReportPaper report={report.data} period={period} areaId={areaId} />
      )}
    </>
  );
}
