import { accountListResponse } from '@choi-canh/shared/accounts';
import type { CameraResponse } from '@choi-canh/shared/cameras';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { recorderPid } from '../harness/processes.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import {
  addCameras,
  createAccount,
  createArea,
  startConsole,
  waitUntilRecorded,
  type RunningConsole,
} from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

/** The colour of "all is well", light and dark. */
const green = ['rgb(0, 121, 107)', 'rgb(62, 207, 182)'];
const wide = { width: 1366, height: 768 };
const phone = { width: 360, height: 740 };
/** Compressed bytes of everything that a first visit loads before one can sign in, fonts included. */
const signInBytes = 350_000;

let stage: Stage;
let system: RunningConsole;
let cameras: CameraResponse[];
let account: Awaited<ReturnType<typeof createAccount>>;
const browsers: TestBrowser[] = [];

beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 2 });
  ({ system } = stage);
  const area = await createArea(system.administrator, 'Chí Đám');
  cameras = await addCameras(system.administrator, area.id, stage.simulator.cameras);
  account = await createAccount(system, 'truong', 'administrator', null);
  await waitUntilRecorded(
    system.administrator,
    cameras.map(({ id }) => id),
  );
});
afterAll(async () => {
  for (const browser of browsers) await browser.close();
  await system?.stop();
  await stage?.close();
});

async function open(size: typeof wide, options: Partial<Parameters<typeof openBrowser>[0]> = {}) {
  const browser = await openBrowser({ origin: system.origin, ...size, ...options });
  browsers.push(browser);
  await browser.context.addInitScript(reportViolations);
  return browser;
}

// What runs in the page is text: these files are checked without the browser's types.
const reportViolations = `document.addEventListener('securitypolicyviolation', (event) => {
  console.error('CSP: ' + [event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber].join(' '));
});`;
const findGreens = `[...document.querySelectorAll('body *')].flatMap((element) => {
  const style = getComputedStyle(element);
  const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
  const used = [style.backgroundColor, style.borderLeftColor, ...(hasText ? [style.color] : [])];
  const seen = element.getClientRects().length > 0;
  return seen && used.some((colour) => ${JSON.stringify(green)}.includes(colour))
    ? [(element.textContent || String(element.className)).slice(0, 60)]
    : [];
})`;
/** What still looks well: text or surface in the colour of "alive". */
const greens = (page: Page) => page.evaluate<string[]>(findGreens);
/** States on the page that are said in the colour of "alive"; the light of the connection to the server is none of them. */
const greenStates = (page: Page) =>
  page.evaluate<number>(`[...document.querySelectorAll('main [data-state]')].filter((element) =>
    [element, ...element.querySelectorAll('*')].some((one) =>
      ${JSON.stringify(green)}.includes(getComputedStyle(one).color))).length`);
const bar = (page: Page) => page.getByTestId('away-bar');
const isGreen = (page: Page) => waitFor('it is green again', async () => (await greens(page)).length > 0, 60_000);

async function kept(page: Page): Promise<void> {
  await waitFor(
    'the service worker',
    () => page.evaluate<boolean>('navigator.serviceWorker.controller !== null'),
    60_000,
  );
}

async function tab(browser: TestBrowser, path: string): Promise<Page> {
  const page = await browser.context.newPage();
  await page.goto(system.origin + path);
  await page.locator('main h1').first().waitFor();
  return page;
}

/** The console again, at the same address with the same data. */
async function startAgain(): Promise<void> {
  const env = {
    CHOI_CANH_PORT: new URL(system.origin).port,
    CHOI_CANH_DISCOVERY_PORT: String(stage.simulator.discoveryPort),
  };
  system = await startConsole({ dataDir: stage.folder, env, signIn: true });
}

async function killConsole(): Promise<void> {
  const { process } = system.child;
  const ended = new Promise((resolve) => process.once('exit', resolve));
  process.kill('SIGKILL');
  await ended;
}

it('the sign-in is small, and a first visit leaves no error in the console', async ({ onTestFailed }) => {
  const browser = await open(wide);
  onTestFailed(() => photographAll([browser]));
  const { page, context } = browser;
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  const devTools = await context.newCDPSession(page);
  await devTools.send('Network.enable');
  let bytes = 0;
  devTools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(system.origin, { waitUntil: 'networkidle' });
  await page.getByLabel('Tên đăng nhập').waitFor();
  expect(page.url()).toBe(`${system.origin}/sign-in`);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThanOrEqual(signInBytes);
  expect(errors).toEqual([]);
});

// The pages are opened at the first size and looked at, while the server is away, at both.
describe.each([
  { language: 'Vietnamese', sizes: [wide, phone] as const, locale: 'vi' as const },
  { language: 'English', sizes: [phone, wide] as const, locale: 'en' as const },
])('in $language, at both sizes', ({ sizes, locale }) => {
  const vi = locale === 'vi';
  const since = vi
    ? /^■ Mất kết nối với máy chủ từ \d\d:\d\d:\d\d\. /
    : /^■ No connection to the server since \d\d:\d\d:\d\d\. /;

  it('a killed server leaves nothing green, every click and reload works, and all comes back', async ({
    onTestFailed,
  }) => {
    const browser = await open(sizes[0]);
    onTestFailed(() => photographAll([browser]));
    const errors: string[] = [];
    browser.context.on('console', (message) => message.text().startsWith('CSP') && errors.push(message.text()));
    await account.api.fetch('PATCH', '/api/me', { locale });
    await signIn(browser.page, system.origin, account.username, account.password);
    const list = browser.page;
    await list.goto(`${system.origin}/cameras`);
    await kept(list);
    await isGreen(list);
    const pages = [list];
    for (const path of [
      ...(vi ? [`/cameras/${cameras[0]?.id}`, '/recorders', '/incidents', '/review', '/reports'] : ['/recorders']),
      '/live?n=4',
    ]) {
      pages.push(await tab(browser, path));
    }
    const form = await tab(browser, '/incidents');
    await form.getByTestId('incident-create').first().click();
    const title = form.getByTestId('incident-place');
    await title.fill('Đang gõ dở');

    await killConsole();
    for (const size of sizes) {
      for (const page of [...pages, form]) {
        await page.setViewportSize(size);
        await bar(page).waitFor({ timeout: 15_000 });
        expect(await bar(page).locator('p').innerText()).toMatch(since);
        expect(await greens(page), `${page.url()} ${size.width}`).toEqual([]);
        expect(await page.title()).toContain(vi ? '■ Mất kết nối' : '■ No connection');
      }
      expect(await list.getByRole('table').innerText()).toContain(vi ? 'Chưa rõ' : 'Unknown');
    }

    for (const size of sizes) {
      await list.bringToFront();
      await list.setViewportSize(size);
      // Every entry of the navigation, among them pages that were never opened here.
      const rail = list.locator('nav a').filter({ visible: true });
      await waitFor('the navigation of this size', async () => (await rail.count()) > 2);
      const entries = await rail.count();
      for (let index = 0; index < entries; index += 1) {
        const link = rail.nth(index);
        const path = new URL((await link.getAttribute('href')) ?? '', system.origin).pathname;
        await link.click();
        await list.waitForURL((url) => url.pathname === path);
        await bar(list).waitFor();
        expect(await list.getByText(vi ? 'Trang gặp lỗi' : 'This page has failed').count(), path).toBe(0);
        expect(await greens(list), path).toEqual([]);
      }

      // The browser's own reload: the frame, the bar with the same instant, no error page of the browser.
      const before = await bar(list).locator('p').innerText();
      await list.reload();
      await bar(list).waitFor();
      expect(await bar(list).locator('p').innerText()).toBe(before);
      await list.locator('header').first().waitFor();
      await list
        .getByText(vi ? 'Đang chờ máy chủ' : 'Waiting for the server')
        .first()
        .waitFor();
      await bar(list)
        .getByRole('button', { name: vi ? 'Thử lại ngay' : 'Try again now' })
        .click();
      await bar(list).waitFor();
      await list.goto(`${system.origin}/cameras`);
      await bar(list).waitFor();
      expect(await greens(list)).toEqual([]);
    }

    await startAgain();
    for (const page of [...pages, form]) await bar(page).waitFor({ state: 'detached', timeout: 60_000 });
    await isGreen(list);
    expect(await title.inputValue()).toBe('Đang gõ dở');
    expect(new URL(list.url()).pathname).toBe('/cameras');
    expect(errors).toEqual([]);
    expect(browser.pageErrors).toEqual([]);
    for (const page of [...pages.slice(1), form]) await page.close({ runBeforeUnload: false });
    await browser.close();
    browsers.splice(browsers.indexOf(browser), 1);
  });
});

it('a server that falls silent is noticed too, and so is a recorder, also after a reload', async ({ onTestFailed }) => {
  const browser = await open(wide);
  const { page } = browser;
  onTestFailed(() => photographAll([browser]));
  await account.api.fetch('PATCH', '/api/me', { locale: 'vi' });
  await signIn(page, system.origin, account.username, account.password);
  await page.goto(`${system.origin}/cameras`);
  await kept(page);
  await isGreen(page);

  system.child.process.kill('SIGSTOP');
  try {
    await bar(page).waitFor({ timeout: 15_000 });
    expect(await greens(page)).toEqual([]);
  } finally {
    system.child.process.kill('SIGCONT');
  }
  await bar(page).waitFor({ state: 'detached', timeout: 60_000 });
  await isGreen(page);

  const recorder = recorderPid(system.child.process.pid ?? 0);
  const card = await tab(browser, '/recorders');
  await card.getByText('Đã kết nối', { exact: false }).first().waitFor();
  const live = await tab(browser, '/live?n=4');
  await waitFor('the wall says that they are alive', async () => (await greenStates(live)) > 0, 60_000);
  process.kill(recorder, 'SIGSTOP');
  try {
    // Before it counts as lost it is silent, and that is shown on every page.
    await Promise.all([
      page.getByText('Máy ghi chưa phản hồi.').nth(1).waitFor(),
      card.getByText(/^Không phản hồi từ lúc \d\d:\d\d:\d\d$/).waitFor(),
      waitFor('nothing is green on the wall', async () => (await greenStates(live)) === 0),
    ]);
    expect(await greenStates(page)).toBe(0);
    expect(await greenStates(card)).toBe(0);
    const badges = page.locator('[role=rowgroup] [data-state]');
    const states = () => badges.evaluateAll((all) => all.map((one) => one.getAttribute('data-state')));
    const unknown = async () => JSON.stringify(await states()) === '["unknown","unknown"]';
    await waitFor('its cameras are unknown', unknown, 60_000);
    await page.getByText('máy ghi').first().waitFor();
    await page.reload();
    await waitFor('they are still', unknown);
    await page.goto(`${system.origin}/cameras/${cameras[0]?.id}`);
    await page.locator('main [data-state="unknown"]').first().waitFor();
    // Its history is green where it was alive; what speaks of now is not.
    expect(await page.locator('main .mantine-Card-root').first().locator('[data-state="alive"]').count()).toBe(0);
  } finally {
    process.kill(recorder, 'SIGCONT');
  }
  await page.goto(`${system.origin}/cameras`);
  await isGreen(page);
});

it('without a service worker: a page waits for the server; an old build is loaded again once', async ({
  onTestFailed,
}) => {
  const browser = await open(wide, { serviceWorkers: 'block' });
  const { page } = browser;
  onTestFailed(() => photographAll([browser]));
  let gone = true;
  await page.route('**/assets/reports-page-*.js', (route) =>
    gone ? route.fulfill({ status: 404, body: 'no such file' }) : route.continue(),
  );
  await signIn(page, system.origin, account.username, account.password);
  await page.getByRole('link', { name: 'Camera', exact: true }).first().waitFor();
  let loads = 0;
  page.on('load', () => (loads += 1));
  await page.getByRole('link', { name: 'Báo cáo' }).click();
  await page.getByRole('alert').getByText('Trang gặp lỗi').waitFor({ timeout: 60_000 });
  expect(loads).toBe(1);
  // The sentence is not the browser's.
  await expect(page.getByText('Failed to fetch').isVisible()).resolves.toBe(false);
  gone = false;
  await page.getByRole('button', { name: 'Tải lại trang' }).click();
  await page.getByTestId('report-preset').waitFor();
});

it('a session that ended is said, and signing in leads back to the same address', async ({ onTestFailed }) => {
  const browser = await open(wide);
  const { page } = browser;
  onTestFailed(() => photographAll([browser]));
  const officer = await createAccount(system, 'canbo', 'technician', null);
  await signIn(page, system.origin, officer.username, officer.password);
  await page.goto(`${system.origin}/recorders?area=x`);
  await page.locator('main h1').first().waitFor();
  const { items } = await system.administrator.get('/api/accounts', accountListResponse);
  const id = items.find((one) => one.username === officer.username)?.id;
  await system.administrator.fetch('PATCH', `/api/accounts/${id}`, { password: officer.password });
  await page.getByTestId('session-ended').waitFor();
  expect(new URL(page.url()).pathname).toBe('/sign-in');
  await page.getByLabel('Tên đăng nhập').fill(officer.username);
  await page.getByLabel('Mật khẩu', { exact: false }).first().fill(officer.password);
  await page.getByRole('button', { name: 'Đăng nhập' }).click();
  await page.waitForURL((url) => url.pathname === '/recorders' && url.search === '?area=x');
});
