import type { CaseReportResponse } from '@choi-canh/shared/reports';
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconPrinter, IconTableExport } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Paper } from '../../components/paper.js';
import { useFiguresOf } from '../../lib/as-of.js';
import { useAreas } from '../../lib/areas.js';
import { useCategoryName } from '../../lib/cases.js';
import { useNames } from '../../lib/names.js';
import { fillForm } from '../../lib/paper-text.js';
import { useSession } from '../../lib/session.js';
import { formatDate } from '../../lib/time.js';
import { csvText } from '../../lib/csv.js';
import { lastDayOf, type ReportPeriod } from './report-periods.js';
import { reportRows } from './report-rows.js';
import { reportSentences } from './report-sentence.js';
import { ReportTable } from './report-table.js';
import classes from './reports.module.css';

/** The report as it is filed: on the screen with links to the cases, on paper with head and signature. */
export function ReportPaper({
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
  const names = useNames();
  const { tree } = useAreas();
  const categoryName = useCategoryName();
  const figuresOf = useFiguresOf();
  const ofAll = areaId === undefined && session.account?.areaId === null;
  const area = report.areaId === null ? undefined : tree.byId.get(report.areaId)?.area;
  const areaName = ofAll ? t('allAreas') : area === undefined ? report.areaName : names.areaPhrase(area);
  const where = ofAll ? t('where.all') : t('where.area', { area: areaName });
  // Of everything there is only a paper where everything has one top.
  const paperArea = area ?? (tree.roots.length === 1 ? tree.roots[0]?.area : undefined);
  const title = fillForm(
    names.reportText('title'),
    paperArea && { phrase: names.areaPhrase(paperArea), name: paperArea.name },
  );
  const from = formatDate(period.fromMs);
  const to = formatDate(lastDayOf(period));
  const sentences = reportSentences(report, { t: i18n.t, language: i18n.language, categoryName, where });

  // A period without incidents is said in a sentence and one line; rows of nothing would push the signature off the page.
  const isEmpty = report.total.incidents === 0;
  const byCategory = isEmpty ? [] : report.byCategory;
  const byArea = isEmpty ? [] : report.byArea;
  const download = () => {
    const rows = reportRows(report, {
      heading: (name) => t(`headings.${name}`),
      title,
      categoryName,
      areaName,
      period: `${from} – ${to}`,
    });
    const url = URL.createObjectURL(new Blob([csvText(rows)], { type: 'text/csv;charset=utf-8' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `${t('fileName')}-${from}-${to}.csv`.replaceAll('/', '');
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };

  return (
    <Stack>
      <Group>
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
      <Paper
        media="screen"
        numbered
        className={classes.paper}
        area={paperArea}
        title={title}
        subtitle={
          <>
            <Text fw={600} fz="lg" ff="inherit">
              {t('areaLine', { area: areaName })}
            </Text>
            <Text ff="inherit">{t('periodWords', { from, to })}</Text>
          </>
        }
      >
        {(foot) => (
          <>
            <p className={classes.sentence} data-testid="report-sentence">
              {sentences.join(' ')}
              {figuresOf !== undefined && ` ${figuresOf}`}
            </p>
            <Title order={3} fz="lg" mb="xs">
              {t('byCategory')}
            </Title>
            <ReportTable
              name="category"
              heading={t('headings.category')}
              rows={byCategory.map((row) => ({ ...row, key: row.category, name: categoryName(row.category) }))}
              total={report.total}
              period={period}
              areaId={areaId}
              foot={byArea.length === 0 && foot(4)}
            />
            <div className={byArea.length === 0 ? classes.onScreen : undefined}>
              <Title order={3} fz="lg" mb="xs">
                {t('byArea')}
              </Title>
              {byArea.length === 0 ? (
                <Text c="dimmed">{t('noAreas')}</Text>
              ) : (
                <ReportTable
                  name="area"
                  heading={t('headings.commune')}
                  rows={byArea.map((row) => ({ ...row, key: row.areaId, name: row.areaName }))}
                  total={report.total}
                  period={period}
                  areaId={areaId}
                  foot={foot(4)}
                />
              )}
            </div>
          </>
        )}
      </Paper>
    </Stack>
  );
}
