import { incidentResponse } from '@choi-canh/shared/incidents';
import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
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
import { wordsOf } from '../harness/words.js';

// What goes wrong while a review plays: one slow camera, keys after a refused time, a killed server.

let stage: Stage;
let system: RunningConsole;
let browser: TestBrowser;
let officer: Awaited<ReturnType<typeof createAccount>>;
let cameras: { id: string; name: string }[];
let incidentId: string;
let fromMs: number;

beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 2 });
  ({ system } = stage);
  const area = await createArea(system.administrator, 'Chí Đám');
  cameras = await addCameras(system.administrator, area.id, stage.simulator.cameras);
  officer = await createAccount(system, 'congan', 'commune_officer', area.id);
  await waitUntilRecorded(
    system.administrator,
    cameras.map(({ id }) => id),
  );
  fromMs = Date.now() + 1000;
  await waitFor('40 s are recorded', () => Date.now() > fromMs + 40_000, 60_000, 500);
  const incident = await officer.api.post('/api/incidents', incidentResponse, {
    areaId: area.id,
    occurredAt: new Date(fromMs).toISOString(),
    place: 'Cổng chợ',
    category: 'traffic_accident',
  });
  incidentId = incident.id;
  browser = await openBrowser({ origin: system.origin, width: 1366, height: 768 });
  await signIn(browser.page, system.origin, officer.username, officer.password);
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await system?.stop();
  await stage?.close();
});

const clockMs = async (page: Page) => Number(await page.getByTestId('review-clock').getAttribute('data-at-ms'));
const phase = (page: Page, id: string) => page.getByTestId(`review-tile-${id}`).getAttribute('data-phase');
const isPlaying = async (page: Page) => (await page.getByTestId('review-play').getAttribute('data-playing')) === 'true';

async function openReview(page: Page): Promise<void> {
  const instant = (ms: number) => new Date(ms).toISOString();
  const params = new URLSearchParams({
    incident: incidentId,
    cams: cameras.map(({ id }) => id).join(','),
    at: instant(fromMs + 2000),
    from: instant(fromMs),
    to: instant(fromMs + 36_000),
  });
  await page.goto(`${system.origin}/review?${params}`);
  await page.getByTestId('timeline').waitFor();
}

describe.each([
  { language: 'vi', width: 1366, height: 768 },
  { language: 'vi', width: 360, height: 740 },
  { language: 'en', width: 1366, height: 768 },
  { language: 'en', width: 360, height: 740 },
] as const)('in $language at $width × $height', ({ language, width, height }) => {
  const words = wordsOf(language);
  it("a time that is refused leaves the box: keys are the review's, and a digit begins the next time", async ({
    onTestFailed,
  }) => {
    onTestFailed(() => photographAll([browser]));
    const { page } = browser;
    await page.setViewportSize({ width, height });
    await officer.api.patch('/api/me', z.unknown(), { locale: language });
    await openReview(page);
    await waitFor('there is a picture', async () => (await phase(page, cameras[0]?.id ?? '')) === 'ready', 60_000);
    const box = page.getByTestId('review-jump-input');
    const focused = () => page.evaluate<string>('document.activeElement?.tagName ?? ""');
    const notice = page.getByTestId('review-notice');
    for (const [text, sentence] of [
      ['14h3x', words('time:faults.unknown')],
      ['30 phút nữa', words('review:jump.future', { at: '' }).trim().slice(0, 12)],
    ] as const) {
      await box.click();
      await box.fill(text);
      await page.keyboard.press('Enter');
      await notice.filter({ hasText: sentence }).waitFor();
      expect(await focused()).not.toBe('INPUT');
      // The answer is on the screen, and nothing that can be pressed lies under it.
      const seen = await notice.boundingBox();
      expect((seen?.y ?? -1) >= 0 && (seen?.y ?? 9999) + (seen?.height ?? 0) <= height).toBe(true);
    }
    await page.keyboard.press('i');
    await page.waitForURL((url) => url.searchParams.has('in'));
    expect(await box.inputValue()).toBe('30 phút nữa');
    await page.keyboard.press('Control+z');
    await page.waitForURL((url) => !url.searchParams.has('in'));

    // A digit takes the place of what was refused; Escape gives the box up.
    await page.keyboard.type('12');
    expect(await box.inputValue()).toBe('12');
    await page.keyboard.press('Escape');
    expect([await box.inputValue(), await focused()]).not.toContain('INPUT');
    expect(await box.inputValue()).toBe('');
    const wall = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Ho_Chi_Minh', timeStyle: 'medium' });
    const wanted = Math.ceil(fromMs / 1000) * 1000 + 9000;
    await page.keyboard.type(wall.format(wanted));
    await page.keyboard.press('Enter');
    await waitFor('the clock is there', async () => (await clockMs(page)) === wanted);
    expect(await focused()).not.toBe('INPUT');
  });
});

it('at the end of a window its last pictures are shown', async () => {
  const { page } = browser;
  await page.setViewportSize({ width: 1366, height: 768 });
  await officer.api.patch('/api/me', z.unknown(), { locale: 'vi' });
  await openReview(page);
  for (const { id } of cameras) await waitFor('a picture', async () => (await phase(page, id)) === 'ready', 60_000);
  await page.getByTestId('review-rate-8').click();
  await page.getByTestId('review-play').click();
  await waitFor('it has played to the end', async () => (await clockMs(page)) >= fromMs + 35_800, 60_000);
  await waitFor('it stands', async () => !(await isPlaying(page)));
  for (const { id } of cameras)
    await waitFor('it has a picture', async () => (await phase(page, id)) === 'ready', 30_000);
  expect(await page.getByTestId('review-nothing-here').count()).toBe(0);
});

it('a slow camera keeps the others waiting a while, and then no longer; it joins when its pictures come', async ({
  onTestFailed,
}) => {
  onTestFailed(() => photographAll([browser]));
  const { page } = browser;
  const [fast, slow] = cameras;
  if (fast === undefined || slow === undefined) throw new Error('two cameras');
  const held: Route[] = [];
  let holding = true;
  await page.route(
    (url) => url.pathname.includes(`/cameras/${slow.id}/`) && !url.pathname.endsWith('thumbnail.jpg'),
    (route) => (holding ? void held.push(route) : route.continue()),
  );
  await openReview(page);
  await waitFor('the fast one has a picture', async () => (await phase(page, fast.id)) === 'ready', 60_000);
  await page.getByTestId('review-play').click();
  const startMs = await clockMs(page);
  // It says who is waited for, and waits for it not without end.
  await page.getByTestId('review-messages').getByText(slow.name).waitFor();
  await waitFor('the clock goes on without it', async () => (await clockMs(page)) > startMs + 2000, 30_000);
  expect([await phase(page, fast.id), await phase(page, slow.id)]).toEqual(['ready', 'loading']);
  holding = false;
  for (const route of held.splice(0)) await route.continue().catch(() => undefined);
  await waitFor('the slow one has joined', async () => (await phase(page, slow.id)) === 'ready', 60_000);
  await page.unroute(() => true);
  if (await isPlaying(page)) await page.getByTestId('review-play').click();
});

it('a server that is killed while a review plays leaves it standing, and it plays on when it is back', async ({
  onTestFailed,
}) => {
  onTestFailed(() => photographAll([browser]));
  const { page } = browser;
  await openReview(page);
  for (const { id } of cameras) await waitFor('a picture', async () => (await phase(page, id)) === 'ready', 60_000);
  await page.getByTestId('review-rate-0.5').click();
  await page.getByTestId('review-play').click();
  const { process } = system.child;
  const ended = new Promise((resolve) => process.once('exit', resolve));
  process.kill('SIGKILL');
  await ended;
  await page.getByTestId('away-bar').waitFor();
  // Every control can still be pressed.
  for (const key of ['ArrowRight', '.', 'i', ' ', ' ', 'PageUp']) await page.keyboard.press(key);
  expect(await page.getByText('Trang gặp lỗi').count()).toBe(0);
  await page.getByTestId('review-clock').waitFor();

  const env = {
    CHOI_CANH_PORT: new URL(system.origin).port,
    CHOI_CANH_DISCOVERY_PORT: String(stage.simulator.discoveryPort),
  };
  system = await startConsole({ dataDir: stage.folder, env, signIn: true });
  await page.getByTestId('away-bar').waitFor({ state: 'detached', timeout: 60_000 });
  if (await isPlaying(page)) await page.getByTestId('review-play').click();
  // To where nothing was loaded before.
  const wall = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Ho_Chi_Minh', timeStyle: 'medium' });
  const wanted = Math.ceil(fromMs / 1000) * 1000 + 30_000;
  await page.keyboard.type(wall.format(wanted));
  await page.keyboard.press('Enter');
  await waitFor('the clock is there', async () => (await clockMs(page)) === wanted);
  for (const { id } of cameras) await waitFor('its picture', async () => (await phase(page, id)) === 'ready', 60_000);
  await page.getByTestId('review-play').click();
  await waitFor('it plays', async () => (await clockMs(page)) > wanted + 1000, 30_000);
  expect(browser.pageErrors).toEqual([]);
});
