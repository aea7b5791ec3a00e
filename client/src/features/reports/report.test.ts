import type { CaseReportResponse } from '@choi-canh/shared/reports';
import i18next from 'i18next';
import { beforeAll, describe, expect, it } from 'vitest';
import en from '../../locales/en/reports.json' with { type: 'json' };
import vi from '../../locales/vi/reports.json' with { type: 'json' };
import { casesAddress } from './case-links.js';
import { reportRows } from './report-rows.js';
import { reportSentences } from './report-sentence.js';

const names: Record<string, string> = {
  residential_conflict: 'Mâu thuẫn tại khu dân cư',
  traffic_accident: 'Tai nạn giao thông',
  traffic_order: 'Vi phạm trật tự an toàn giao thông',
  theft: 'Trộm cắp tài sản',
  drug_crime: 'Tội phạm ma túy',
  fire: 'Cháy, nổ',
};
const counts = (incidents: number, resolved: number, resolvedByFootage: number) => ({
  incidents,
  resolved,
  resolvedByFootage,
});
/** The 13 cases of Cẩm Thủy that footage settled. */
const report: CaseReportResponse = {
  areaId: 'a',
  areaName: 'Cẩm Thủy',
  from: '2021-12-31T17:00:00.000Z',
  to: '2023-12-31T17:00:00.000Z',
  total: counts(20, 16, 13),
  byCategory: [
    { category: 'residential_conflict', ...counts(3, 2, 2) },
    { category: 'traffic_accident', ...counts(9, 8, 7) },
    { category: 'traffic_order', ...counts(3, 2, 2) },
    { category: 'theft', ...counts(3, 2, 1) },
    { category: 'drug_crime', ...counts(2, 2, 1) },
    { category: 'fire', ...counts(0, 0, 0) },
  ],
  byArea: [{ areaId: 'b', areaName: 'Phong Sơn', ...counts(20, 16, 13) }],
  cells: [],
  camerasAlive: 503,
  camerasDegraded: 7,
  camerasTotal: 515,
};
const sentences = (of: CaseReportResponse, language: 'vi' | 'en' = 'vi') =>
  reportSentences(of, {
    t: i18next.getFixedT(language),
    language,
    categoryName: (code) => names[code] ?? code,
    where: 'trên địa bàn xã Cẩm Thủy',
  });

beforeAll(async () => {
  await i18next.init({
    resources: { vi: { reports: vi }, en: { reports: en } },
    lng: 'vi',
    interpolation: { escapeValue: false },
  });
});

describe('the sentence', () => {
  it('tells the golden case with its numbers', () => {
    const text = sentences(report).join(' ');
    expect(text).toContain('Từ ngày 01/01/2022 đến hết ngày 31/12/2023, trên địa bàn xã Cẩm Thủy ghi nhận 20 vụ việc.');
    expect(text).toContain('Đã giải quyết 16 vụ việc, trong đó 13 vụ việc làm rõ nhờ camera (81,3%)');
    expect(text).toContain(
      '2 vụ mâu thuẫn tại khu dân cư, 7 vụ tai nạn giao thông, 2 vụ vi phạm trật tự an toàn giao thông, 1 vụ trộm cắp tài sản, 1 vụ tội phạm ma túy',
    );
    expect(text).not.toContain('cháy');
    expect(text).toContain(
      'Tại thời điểm lập báo cáo, 503/515 mắt camera đang hoạt động (97,7%), 7 mắt camera cần kiểm tra.',
    );
    const fine = sentences({ ...report, camerasDegraded: 0 }).join(' ');
    expect(fine).toContain('503/515 mắt camera đang hoạt động (97,7%).');
  });
  it.each([
    ['no incidents', counts(0, 0, 0), 'không ghi nhận vụ việc nào'],
    ['none resolved', counts(5, 0, 0), 'Chưa có vụ việc nào được giải quyết'],
    ['resolved without footage', counts(5, 2, 0), 'chưa có vụ việc nào được làm rõ nhờ camera'],
  ])('with %s', (_, total, words) => {
    const text = sentences({ ...report, total, byCategory: [] }).join(' ');
    expect(text).toContain(words);
    expect(text).not.toMatch(/NaN|undefined|{{/);
  });
  it('speaks English too', () => {
    expect(sentences(report, 'en').join(' ')).toContain('of them by footage: 13 (81.3%)');
  });
});

it('every number opens exactly its cases', () => {
  const period = { fromMs: Date.parse(report.from), toMs: Date.parse(report.to) };
  const query = (address: string) => Object.fromEntries(new URL(address, 'http://x').searchParams);
  const dates = { from: report.from, to: report.to };
  expect(query(casesAddress(period, 'incidents', {}))).toEqual(dates);
  expect(query(casesAddress(period, 'resolved', { areaId: 'b' }))).toEqual({ ...dates, area: 'b', state: 'resolved' });
  expect(query(casesAddress(period, 'resolvedByFootage', { areaId: 'b', category: 'theft' }))).toEqual({
    ...dates,
    area: 'b',
    category: 'theft',
    resolvedByFootage: 'true',
  });
});

it('the spreadsheet holds what the page shows', () => {
  const rows = reportRows(report, {
    heading: (name) => name,
    title: 'Báo cáo',
    categoryName: (code) => names[code] ?? code,
    areaName: 'Cẩm Thủy',
    period: '01/01/2022 – 31/12/2023',
  });
  expect(rows).toContainEqual(['Tai nạn giao thông', 9, 8, 7]);
  expect(rows).toContainEqual(['Phong Sơn', 20, 16, 13]);
  expect(rows.filter(([first]) => first === 'total')).toEqual([
    ['total', 20, 16, 13],
    ['total', 20, 16, 13],
  ]);
});
