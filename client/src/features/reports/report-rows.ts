import type { CaseReportResponse } from '@choi-canh/shared/reports';
import type { CsvCell } from '../../lib/csv.js';

export interface ReportWords {
  heading(name: 'area' | 'period' | 'category' | 'commune' | 'incidents' | 'resolved' | 'byFootage' | 'total'): string;
  title: string;
  categoryName(code: string): string;
  areaName: string;
  /** "01/11/2026 – 30/11/2026" */
  period: string;
}

/** What the page shows, as rows of a spreadsheet. */
export function reportRows(report: CaseReportResponse, words: ReportWords): CsvCell[][] {
  const head = (name: 'category' | 'commune') => [
    words.heading(name),
    words.heading('incidents'),
    words.heading('resolved'),
    words.heading('byFootage'),
  ];
  const counts = (row: { incidents: number; resolved: number; resolvedByFootage: number }) => [
    row.incidents,
    row.resolved,
    row.resolvedByFootage,
  ];
  return [
    [words.title],
    [words.heading('area'), words.areaName],
    [words.heading('period'), words.period],
    [],
    head('category'),
    ...report.byCategory.map((row) => [words.categoryName(row.category), ...counts(row)]),
    [words.heading('total'), ...counts(report.total)],
    [],
    head('commune'),
    ...report.byArea.map((row) => [row.areaName, ...counts(row)]),
    [words.heading('total'), ...counts(report.total)],
  ];
}
