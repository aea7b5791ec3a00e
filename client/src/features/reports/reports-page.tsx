import { caseReportResponse, type CaseReportResponse } from '@choi-canh/shared/reports';
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconPrinter, IconTableExport } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { api } from '../../lib/api.js';
import { useAreaFilter } from '../../lib/area-filter.js';
import { useAsOf } from '../../lib/as-of.js';
import { useCategoryName } from '../../lib/cases.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { useSession } from '../../lib/session.js';
import { formatDate } from '../../lib/time.js';
import { useUrlState } from '../../lib/url-state.js';
import { csvText } from './csv.js';
import './report-print.css';
import { PeriodBar, usePeriodFields } from './period-bar.js';
import { lastDayOf, periodOfPreset, type ReportPeriod } from './report-periods.js';
import { reportRows } from './report-rows.js';
import { reportSentences } from './report-sentence.js';
import { ReportTable } from './report-table.js';
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
        <Paper report={report.data} period={period} areaId={areaId} />
      )}
    </>
  );
}

function Paper({
  report,
  period,
  areaId,
}: {
  report: CaseReportResponse;
  period: ReportPeriod;
  areaId: string | undefined;
}) {
  const { t, i18n } = useTranslation('reports');
  const session = useSession();
  const categoryName = useCategoryName();
  const asOf = useAsOf();
  const areaName = areaId === undefined && session.account?.areaId === null ? t('allAreas') : report.areaName;
  const periodWords = t('periodWords', { from: formatDate(period.fromMs), to: formatDate(lastDayOf(period)) });
  const sentences = reportSentences(report, { t: i18n.t, language: i18n.language, categoryName, areaName });

  const download = () => {
    const rows = reportRows(report, {
      heading: (name) => t(`headings.${name}`),
      categoryName,
      areaName,
      period: `${formatDate(period.fromMs)} – ${formatDate(lastDayOf(period))}`,
    });
    const url = URL.createObjectURL(new Blob([csvText(rows)], { type: 'text/csv;charset=utf-8' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `${t('fileName')}-${formatDate(period.fromMs)}-${formatDate(lastDayOf(period))}.csv`.replaceAll(
      '/',
      '',
    );
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };

  return (
    <Stack>
      <Group className={classes.controls ?? ''}>
        <Button leftSection={<IconPrinter size={20} />} onClick={() => window.print()}>
          {t('print')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconTableExport size={20} />}
          onClick={download}
          data-testid="report-csv"
        >
          {t('csv')}
        </Button>
      </Group>
      <article className={classes.paper} data-report>
        <header className={classes.titles} style={{ display: 'block' }}>
          <Title order={2} fz={22} tt="uppercase">
            {t('headings.title')}
          </Title>
          <Text fw={600} fz="lg">
            {t('areaLine', { area: areaName })}
          </Text>
          <Text>{periodWords}</Text>
        </header>
        <p className={classes.sentence} data-testid="report-sentence">
          {sentences.join(' ')}
          {asOf !== undefined && ` ${t('common:away.figuresOf', { asOf })}`}
        </p>
        <Title order={3} fz="lg" mb="xs">
          {t('byCategory')}
        </Title>
        <ReportTable
          name="category"
          heading={t('headings.category')}
          rows={report.byCategory.map((row) => ({ ...row, key: row.category, name: categoryName(row.category) }))}
          total={report.total}
          period={period}
          areaId={areaId}
        />
        <Title order={3} fz="lg" mb="xs">
          {t('byArea')}
        </Title>
        {report.byArea.length === 0 ? (
          <Text c="dimmed">{t('noAreas')}</Text>
        ) : (
          <ReportTable
            name="area"
            heading={t('headings.commune')}
            rows={report.byArea.map((row) => ({ ...row, key: row.areaId, name: row.areaName }))}
            total={report.total}
            period={period}
            areaId={areaId}
          />
        )}
        <div className={classes.signature}>
          <Text>{t('printedOn', { date: formatDate(serverNowMs()) })}</Text>
          <Text fw={600}>{t('preparedBy')}</Text>
          <Text mt={60}>{session.account?.displayName}</Text>
        </div>
      </article>
    </Stack>
  );
}
