import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tagResponse } from '@choi-canh/shared/evidence';
import { incidentResponse } from '@choi-canh/shared/incidents';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import { addCameras, createAccount, createArea } from '../harness/system.js';
import { wordsOf } from '../harness/words.js';

let stage: Stage;
let browser: TestBrowser;
let incidentId: string;
let officer: Awaited<ReturnType<typeof createAccount>>;
beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 1 });
  browser = await openBrowser({ origin: stage.system.origin });
});
afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

/** The pages of a PDF as text; a page without any text is an empty string. */
async function pagesOf(name: string): Promise<string[]> {
  const path = join(stage.folder, `${name}.pdf`);
  // The margins are those of the page's own style, as in the dialog of a browser.
  await writeFile(path, await browser.page.pdf({ preferCSSPageSize: true, printBackground: true }));
  const { stdout } = await promisify(execFile)('pdftotext', ['-layout', path, '-']);
  return stdout
    .split('\f')
    .slice(0, -1)
    .map((page) => page.trim());
}

/** What belongs to the screen: navigation, skip link, buttons. */
const screenWords = [
  ...['Đến nội dung chính', 'Chòi Canh', 'Trực tiếp', 'Xem lại hình ảnh', 'Kỳ báo cáo', 'Tải bảng số liệu'],
  ...['In báo cáo', 'In phiếu', 'Sửa thông tin', 'Lưu kết quả', 'Danh sách vụ việc', 'Tháng này', 'Đã kết nối'],
];
function expectPaper(pages: string[], title: string): void {
  const [first = '', last = ''] = [pages[0], pages.at(-1)];
  const one = (text: string) => text.replace(/\s+/g, ' ');
  for (const words of ['CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM', 'Độc lập - Tự do - Hạnh phúc', 'CÔNG AN XÃ CHÍ ĐÁM']) {
    expect(first).toContain(words);
  }
  expect(first).toMatch(/Chí Đám, ngày \d{2} tháng \d{1,2} năm 20\d\d/);
  expect(one(first).toLocaleUpperCase('vi')).toContain(title.toLocaleUpperCase('vi'));
  for (const words of ['Nơi nhận:', 'NGƯỜI LẬP BÁO CÁO', 'congan.chidam']) expect(last).toContain(words);
  for (const words of screenWords) expect(pages.join('\n')).not.toContain(words);
}

it('a report and an incident are printed as papers, each with its signature beside its last rows', async ({
  onTestFailed,
}) => {
  onTestFailed(() => photographAll([browser]));
  const { system, simulator } = stage;
  const province = await createArea(system.administrator, 'Phú Thọ', null, 'province');
  const area = await createArea(system.administrator, 'Chí Đám', province.id);
  const [camera] = await addCameras(system.administrator, area.id, simulator.cameras);
  officer = await createAccount(system, 'congan.chidam', 'commune_officer', area.id);
  const occurredAt = new Date(Date.now() - 3600_000).toISOString();
  const incident = await officer.api.post('/api/incidents', incidentResponse, {
    ...{ areaId: area.id, occurredAt, place: 'Ngã ba chợ', category: 'theft', description: 'Mất xe đạp trước cổng.' },
  });
  incidentId = incident.id;
  const to = new Date(Date.parse(occurredAt) + 20_000).toISOString();
  await officer.api.post(`/api/incidents/${incidentId}/tags`, tagResponse, {
    ...{ cameraId: camera?.id, from: occurredAt, to, note: 'Người dắt xe đi về phía cầu', decisive: true },
  });

  const { page } = browser;
  await signIn(page, system.origin, officer.username, officer.password);
  await page.goto(`${system.origin}/reports`);
  await page.getByTestId('report-sentence').getByText('trên địa bàn xã Chí Đám ghi nhận 1 vụ việc').waitFor();
  const report = await pagesOf('report');
  expectPaper(report, 'Báo cáo kết quả khai thác, sử dụng hình ảnh camera an ninh');
  expect(report.length).toBeLessThanOrEqual(2);
  // The camera may have come alive meanwhile.
  expect(report.join('\n').replace(/\s+/g, ' ')).toMatch(
    /Tại thời điểm lập báo cáo, [01]\/1 mắt camera đang hoạt động/,
  );
  // The last table's total and its last area stand on the page of the signature.
  expect(report.at(-1)).toMatch(/Chí Đám\s+1\s+0\s+0[\s\S]*Cộng\s+1\s+0\s+0[\s\S]*NGƯỜI LẬP BÁO CÁO/);

  await page.goto(`${system.origin}/incidents/${incidentId}`);
  await page.getByText('Người dắt xe đi về phía cầu').first().waitFor();
  const sheet = await pagesOf('incident');
  expectPaper(sheet, 'Phiếu thông tin vụ việc');
  expect(sheet.length).toBeLessThanOrEqual(2);
  expect(sheet.at(-1)).toMatch(/Hình ảnh giữ lại[\s\S]*Camera[\s\S]*NGƯỜI LẬP BÁO CÁO/);
  for (const words of [incident.number, 'Ngã ba chợ', 'xã Chí Đám', 'Mất xe đạp trước cổng.', 'Đoạn đánh dấu', '★']) {
    expect(sheet.join('\n')).toContain(words);
  }
});

it('a month without incidents is one page, with its signature', async ({ onTestFailed }) => {
  onTestFailed(() => photographAll([browser]));
  const { page } = browser;
  await page.goto(`${stage.system.origin}/reports?from=2024-01-31T17:00:00.000Z&to=2024-02-29T17:00:00.000Z`);
  await page.getByTestId('report-sentence').waitFor();
  const pages = await pagesOf('empty');
  expect(pages).toHaveLength(1);
  expectPaper(pages, 'Báo cáo kết quả khai thác, sử dụng hình ảnh camera an ninh');
  expect(pages[0]).toMatch(/Cộng\s+0\s+0\s+0[\s\S]*NGƯỜI LẬP BÁO CÁO/);
});

// The end of a page falls between any two rows; the signature stands alone after none of them.
it.each([8, 14, 20, 23, 24, 25, 26, 27, 28, 29, 30, 40])(
  'with %i rows more the signature is on the page of the last rows',
  async (count) => {
    const { page } = browser;
    // The page of the first stays for all; its rows give way to the next.
    if (count === 8) await page.goto(`${stage.system.origin}/reports`);
    const table = page.locator('table').last();
    await table.waitFor();
    await table.evaluate(
      (
        element: {
          querySelector(
            selector: string,
          ): { insertAdjacentHTML(where: string, text: string): void; remove(): void } | null;
        },
        rows,
      ) => {
        element.querySelector('[data-more-rows]')?.remove();
        const lines = Array.from({ length: rows }, (_, n) => `<th>Dòng ${n + 1}</th><td>1</td><td>1</td><td>1</td>`);
        const text = lines.map((line) => `<tr>${line}</tr>`).join('');
        element
          .querySelector('[data-paper-end]')
          ?.insertAdjacentHTML('beforebegin', `<tbody data-more-rows>${text}</tbody>`);
      },
      count,
    );
    const pages = await pagesOf(`rows-${count}`);
    expectPaper(pages, 'Báo cáo');
    expect(pages.at(-1)).toMatch(/Chí Đám\s+1\s+0\s+0[\s\S]*Cộng\s+1\s+0\s+0[\s\S]*NGƯỜI LẬP BÁO CÁO/);
    // No row is lost or printed twice, and no page is empty.
    const printed = pages.join('\n').match(/Dòng \d+/g) ?? [];
    expect(printed).toEqual(Array.from({ length: count }, (_, n) => `Dòng ${n + 1}`));
    expect(pages.filter((text) => text === '')).toEqual([]);
  },
);

it.each([
  { language: 'vi', width: 360, height: 740 },
  { language: 'en', width: 1366, height: 768 },
  { language: 'en', width: 360, height: 740 },
] as const)('is the same paper from $language at $width × $height', async ({ language, width, height }) => {
  const { page } = browser;
  const words = wordsOf(language);
  await page.setViewportSize({ width, height });
  await officer.api.patch('/api/me', z.unknown(), { locale: language });
  for (const [name, path, shown] of [
    ['report', '/reports', page.getByTestId('report-sentence')],
    ['incident', `/incidents/${incidentId}`, page.getByText('Người dắt xe đi về phía cầu')],
  ] as const) {
    await page.goto(`${stage.system.origin}${path}`);
    await shown.first().waitFor();
    const pages = await pagesOf(`${name}-${language}-${width}`);
    expect(pages.length).toBeLessThanOrEqual(2);
    expect(pages[0]).toContain(words('common:paper.country'));
    expect(pages.at(-1)).toContain(words('common:paper.recipients'));
    expect(pages.at(-1)).toContain('congan.chidam');
    const keys = ['common:skipToContent', 'reports:csv', 'incidents:page.review', 'incidents:outcome.save'];
    for (const key of keys) expect(pages.join('\n')).not.toContain(words(key));
  }
});
