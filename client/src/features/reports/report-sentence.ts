import type { CaseReportResponse } from '@choi-canh/shared/reports';
import type { TFunction } from 'i18next';
import { formatDate } from '../../lib/time.js';
import { lowerFirst } from '../../lib/lower-first.js';
import { lastDayOf } from './report-periods.js';

export interface SentenceWords {
  t: TFunction;
  language: string;
  categoryName(code: string): string;
  /** "trên địa bàn xã Chí Đám" */
  where: string;
}

/** The paragraph as it is filed: what happened, what was settled, what footage did, in numbers. */
export function reportSentences(report: CaseReportResponse, words: SentenceWords): string[] {
  const { t, language, categoryName, where } = words;
  const number = new Intl.NumberFormat(language === 'vi' ? 'vi-VN' : 'en-GB', { maximumFractionDigits: 1 });
  const period = { fromMs: Date.parse(report.from), toMs: Date.parse(report.to) };
  const common = { where, from: formatDate(period.fromMs), to: formatDate(lastDayOf(period)) };
  const { incidents, resolved, resolvedByFootage } = report.total;
  if (incidents === 0) return [t('reports:sentence.none', common), camerasSentence(report, words)];

  const sentences = [t('reports:sentence.total', { ...common, incidents: number.format(incidents), count: incidents })];
  if (resolved === 0) sentences.push(t('reports:sentence.noneResolved'));
  else {
    const share = number.format((resolvedByFootage / resolved) * 100);
    const key = resolvedByFootage === 0 ? 'resolvedNoFootage' : 'resolved';
    sentences.push(
      t(`reports:sentence.${key}`, {
        resolved: number.format(resolved),
        byFootage: number.format(resolvedByFootage),
        share,
      }),
    );
  }
  const parts = report.byCategory
    .filter((row) => row.resolvedByFootage > 0)
    .map((row) =>
      t('reports:sentence.part', {
        count: row.resolvedByFootage,
        number: number.format(row.resolvedByFootage),
        category: lowerFirst(categoryName(row.category), language),
      }),
    );
  if (parts.length > 0) sentences.push(t('reports:sentence.parts', { parts: parts.join(', ') }));
  sentences.push(camerasSentence(report, words));
  return sentences;
}

function camerasSentence(report: CaseReportResponse, { t, language }: SentenceWords): string {
  const number = new Intl.NumberFormat(language === 'vi' ? 'vi-VN' : 'en-GB', { maximumFractionDigits: 1 });
  if (report.camerasTotal === 0) return t('reports:sentence.noCameras');
  return t('reports:sentence.cameras', {
    context: report.camerasDegraded > 0 ? 'degraded' : undefined,
    degraded: number.format(report.camerasDegraded),
    alive: number.format(report.camerasAlive),
    total: number.format(report.camerasTotal),
    share: number.format((report.camerasAlive / report.camerasTotal) * 100),
  });
}
