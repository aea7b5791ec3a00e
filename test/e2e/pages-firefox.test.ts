import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { incidentResponse } from '@choi-canh/shared/incidents';
import { tagResponse } from '@choi-canh/shared/evidence';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openFirefox, type FirefoxBrowser } from '../harness/firefox.js';
import { signInByApi, waitForSelector } from '../harness/screen.js';
import { openStage, requireBuiltClient, type Stage } from '../harness/stage.js';
import {
  addCameras,
  createAccount,
  createArea,
  startConsole,
  waitUntilRecorded,
  type RunningConsole,
} from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

// Debian's Firefox: the wall, the service worker, the policy of contents, and printing.

let stage: Stage;
let system: RunningConsole;
let browser: FirefoxBrowser;
let officer: Awaited<ReturnType<typeof createAccount>>;
let cameraIds: string[];
let incidentId: string;

/** What the policy refused, on each page from its first line on. */
const noteViolations = `window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push([event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber].join(' '));
});`;

beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 4 });
  ({ system } = stage);
  const province = await createArea(system.administrator, 'Phú Thọ', null, 'province');
  const area = await createArea(system.administrator, 'Chí Đám', province.id);
  const cameras = await addCameras(system.administrator, area.id, stage.simulator.cameras);
  cameraIds = cameras.map(({ id }) => id);
  officer = await createAccount(system, 'congan.chidam', 'commune_officer', area.id);
  await waitUntilRecorded(system.administrator, cameraIds);
  const occurredAt = new Date(Date.now() - 3_600_000).toISOString();
  const incident = await officer.api.post('/api/incidents', incidentResponse, {
    ...{ areaId: area.id, occurredAt, place: 'Ngã ba chợ', category: 'theft', description: 'Mất xe đạp trước cổng.' },
  });
  incidentId = incident.id;
  await officer.api.post(`/api/incidents/${incidentId}/tags`, tagResponse, {
    cameraId: cameraIds[0],
    from: occurredAt,
    to: new Date(Date.parse(occurredAt) + 20_000).toISOString(),
    note: 'Người dắt xe đi về phía cầu',
    decisive: true,
  });
  browser = await openFirefox({ origin: system.origin });
  await browser.page.evaluateOnNewDocument(`(() => { ${noteViolations} })()` as never);
  await signInByApi(browser.screen, system.origin, officer);
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await system?.stop();
  await stage?.close();
});

const violations = () => browser.screen.evaluate<string[]>('window.violations ?? ["not noted"]');
const text = () => browser.screen.evaluate<string>('document.body.innerText');
const reload = async () => void (await browser.page.reload().catch(() => undefined));

it('the wall plays and moves, over one connection, and the policy refuses nothing', async ({ onTestFailed }) => {
  onTestFailed(() => browser.photograph('test-results/failed-firefox-wall.png'));
  await browser.screen.goto(`${system.origin}/live?n=4`);
  const playing = () =>
    browser.screen.evaluate<number>(
      `document.querySelectorAll('article[data-camera-id] [data-video-state="playing"]').length`,
    );
  await waitFor('four play', async () => (await playing()) === 4, 90_000, 500);
  const frames = () =>
    browser.screen.evaluate<number[]>(
      `[...document.querySelectorAll('article video')].map((video) => video.getVideoPlaybackQuality().totalVideoFrames)`,
    );
  const before = await frames();
  await waitFor('all four move', async () => {
    const now = await frames();
    return now.length === 4 && now.every((count, index) => count > (before[index] ?? Infinity));
  });
  expect(await violations()).toEqual([]);
});

it.each(['/incidents', '/review', '/cameras', '/reports'])(
  '%s opens without a violation of the policy',
  async (path) => {
    await browser.screen.goto(system.origin + path);
    await waitForSelector(browser.screen, 'main h1');
    expect(await violations()).toEqual([]);
  },
);

it('a report and an incident are printed without screen, without an empty page, signed beside the last rows', async ({
  onTestFailed,
}) => {
  onTestFailed(() => browser.photograph('test-results/failed-firefox-print.png'));
  const pagesOf = async (name: string) => {
    const path = join(stage.folder, `${name}.pdf`);
    await writeFile(path, await browser.page.pdf({ preferCSSPageSize: true, printBackground: true }));
    const { stdout } = await promisify(execFile)('pdftotext', ['-layout', path, '-']);
    return stdout
      .split('\f')
      .slice(0, -1)
      .map((page) => page.trim());
  };
  for (const [path, wanted, last] of [
    ['/reports', 'ghi nhận 1 vụ việc', /Cộng[\s\S]*NGƯỜI LẬP BÁO CÁO/],
    [`/incidents/${incidentId}`, 'Người dắt xe đi về phía cầu', /Hình ảnh giữ lại[\s\S]*NGƯỜI LẬP BÁO CÁO/],
  ] as const) {
    await browser.screen.goto(system.origin + path);
    await waitFor(`${path} is there`, async () => (await text()).includes(wanted));
    const pages = await pagesOf(path.split('/')[1] ?? '');
    expect(pages.filter((page) => page === '')).toEqual([]);
    expect(pages.length).toBeLessThanOrEqual(2);
    expect(pages[0]).toContain('CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM');
    expect(pages.at(-1)).toMatch(last);
    expect(pages.join('\n').replace(/\s+/g, ' ')).toContain(wanted);
    for (const words of ['Đến nội dung chính', 'Trực tiếp', 'Kỳ báo cáo', 'In báo cáo', 'In phiếu', 'Đã kết nối']) {
      expect(pages.join('\n')).not.toContain(words);
    }
  }
});

it('with the server killed a reload keeps the application, and it comes back by itself', async ({ onTestFailed }) => {
  onTestFailed(() => browser.photograph('test-results/failed-firefox-away.png'));
  await browser.screen.goto(`${system.origin}/incidents`);
  await waitFor(
    'the service worker',
    () => browser.screen.evaluate<boolean>('navigator.serviceWorker.controller !== null'),
    60_000,
  );
  const { process } = system.child;
  const ended = new Promise((resolve) => process.once('exit', resolve));
  process.kill('SIGKILL');
  await ended;
  await waitForSelector(browser.screen, '[data-testid="away-bar"]');
  await reload();
  await waitForSelector(browser.screen, '[data-testid="away-bar"]');
  expect(await text()).toMatch(/Mất kết nối với máy chủ từ \d\d:\d\d:\d\d/);
  system = await startConsole({
    dataDir: stage.folder,
    env: {
      CHOI_CANH_PORT: new URL(system.origin).port,
      CHOI_CANH_DISCOVERY_PORT: String(stage.simulator.discoveryPort),
    },
    signIn: true,
  });
  await waitFor('the list is there', async () => (await text()).includes('Ngã ba chợ'), 60_000);
  expect(await violations()).toEqual([]);
  expect(browser.foreignRequests).toEqual([]);
  // What was on its way when the server was killed is named by the browser, and missed by nobody.
  const unloaded = /^Error: (?:Failed to load ‘|downloadable font: download failed)/;
  expect(browser.pageErrors.filter((one) => !unloaded.test(one))).toEqual([]);
});
