import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { PaperRows } from '../../components/paper-rows.js';
import { casesAddress, countKinds } from './case-links.js';
import type { ReportPeriod } from './report-periods.js';
import classes from './reports.module.css';

interface Counts {
  incidents: number;
  resolved: number;
  resolvedByFootage: number;
}
export interface ReportRow extends Counts {
  key: string;
  name: string;
  areaId?: string | undefined;
  category?: string | undefined;
}

const headings = { incidents: 'incidents', resolved: 'resolved', resolvedByFootage: 'byFootage' } as const;

/** Each number is a link to the cases behind it. */
export function ReportTable({
  heading,
  rows,
  total,
  period,
  areaId,
  name,
  foot,
}: {
  heading: string;
  rows: readonly ReportRow[];
  total: Counts;
  period: ReportPeriod;
  /** Of the whole report. */
  areaId: string | undefined;
  /** To tell the totals of two tables apart. */
  name: 'category' | 'area';
  /** The last row on paper, see `Paper`. */
  foot?: ReactNode;
}) {
  const { t } = useTranslation('reports');
  const cells = (
    counts: Counts,
    id: string,
    label: string,
    where: { areaId?: string | undefined; category?: string | undefined },
  ) =>
    countKinds.map((kind) => (
      <td key={kind} className={classes.number}>
        {counts[kind] === 0 ? (
          <span className={`${classes.count} ${classes.zero}`}>0</span>
        ) : (
          <Link
            className={classes.count ?? ''}
            to={casesAddress(period, kind, where)}
            aria-label={t('openCases', { name: label, heading: t(`headings.${headings[kind]}`), number: counts[kind] })}
            data-testid={`report-${id}-${headings[kind]}`}
          >
            {counts[kind]}
          </Link>
        )}
      </td>
    ));
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">{heading}</th>
          {countKinds.map((kind) => (
            <th key={kind} scope="col" className={classes.number}>
              {t(`headings.${headings[kind]}`)}
            </th>
          ))}
        </tr>
      </thead>
      <PaperRows
        foot={foot}
        rows={[
          ...rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">{row.name}</th>
              {cells(row, row.key, row.name, { areaId: row.areaId ?? areaId, category: row.category })}
            </tr>
          )),
          <tr key="total" className={classes.total}>
            <th scope="row">{t('headings.total')}</th>
            {cells(total, name === 'category' ? 'total' : 'area-total', t('headings.total'), { areaId })}
          </tr>,
        ]}
      />
    </table>
  );
}
