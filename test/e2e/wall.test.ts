import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import { addCameras, createAccount, createArea, waitUntilRecorded } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

let stage: Stage;
let browser: TestBrowser;
let cameraIds: string[];

/** Just above the sub-streams' 640×360. */
const media = ['--width', '704', '--height', '396', '--fps', '10', '--bitrate-kbps', '160'];
/** What a wall must show besides plain sub-streams: keyframes 10 s and a minute apart, and two that are converted. */
const kinds = {
  4: { codec: 'mjpeg', subCodec: 'mjpeg' },
  5: { codec: 'h265', subCodec: 'h265' },
  6: { subCodec: 'h265' },
  8: { subCodec: 'h265' },
};

beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 16, media: [...media, '--kinds', JSON.stringify(kinds)] });
  browser = await openBrowser({ origin: stage.system.origin });
  const { system, simulator } = stage;
  const area = await createArea(system.administrator, 'Chí Đám');
  const cameras = await addCameras(system.administrator, area.id, simulator.cameras);
  cameraIds = cameras.map(({ id }) => id);
  const officer = await createAccount(system, 'congan', 'commune_officer', area.id);
  await waitUntilRecorded(system.administrator, cameraIds);
  await browser.page.addInitScript({ content: inPage });
  await signIn(browser.page, system.origin, officer.username, officer.password);
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

const playing = (page: Page) => page.locator('article[data-camera-id] [data-video-state="playing"]');
const tileOf = (page: Page, index: number) => page.locator(`article[data-camera-id="${cameraIds[index]}"]`);

/** What runs in the page; this project's tests know no DOM. */
const inPage = `window.wall = {
  behind: () => [...document.querySelectorAll('article[data-camera-id]')].map((tile) => {
    const at = Date.parse(tile.querySelector('time')?.dateTime ?? '');
    return Number.isFinite(at) ? Date.now() - at : null;
  }),
  frames: () => [...document.querySelectorAll('video')].map((video) => video.getVideoPlaybackQuality().totalVideoFrames),
  changes: [],
  watchStates() {
    for (const frame of document.querySelectorAll('[data-video-state]')) {
      frame.dataset.stays = 'yes';
      new MutationObserver(() => window.wall.changes.push(frame.dataset.videoState)).observe(frame, {
        attributeFilter: ['data-video-state'],
      });
    }
  },
  show(visibilityState) {
    Object.defineProperty(document, 'visibilityState', { value: visibilityState, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  },
};`;
/** How far each tile's picture is behind, ms, by the clock that it shows; null where it shows none. */
const behind = (page: Page) => page.evaluate<(number | null)[]>('window.wall.behind()');
const areNear = async (page: Page, tiles: number) => {
  const all = await behind(page);
  return all.length === tiles && all.every((ms) => ms !== null && ms <= 3000);
};
/** Tiles whose pictures go on between two looks. */
async function movingTiles(page: Page): Promise<number> {
  const frames = () => page.evaluate<number[]>('window.wall.frames()');
  const before = await frames();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return (await frames()).filter((count, index) => count > (before[index] ?? Infinity)).length;
}

it('16 cold tiles of all kinds move, over one connection; the API answers promptly beside them', async ({
  onTestFailed,
}) => {
  onTestFailed(() => photographAll([browser]));
  const { page } = browser;
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  // As people write it; the page writes n=16.
  await page.goto(`${stage.system.origin}/live?tiles=16`);
  await waitFor('all 16 tiles play', async () => (await playing(page).count()) === 16, 120_000, 500);
  await waitFor('all 16 move', async () => (await movingTiles(page)) === 16, 60_000);
  expect(asked.filter((path) => path.includes('/live/') && /m3u8|m4s|mp4/.test(path))).toEqual([]);
  // One request, and perhaps another for streams that turned out not to be playable.
  expect(asked.filter((path) => path === '/api/live').length).toBeLessThanOrEqual(12);
  for (const [index, words] of [
    [3, 'MJPEG'],
    [4, 'H.265'],
  ] as const)
    await tileOf(page, index).getByRole('note').getByText(words, { exact: false }).waitFor();

  // From inside the page: the six connections that a browser has are shared with the 16 players.
  const waitsMs = await page.evaluate<number[]>(`(async () => {
    const waits = [];
    for (let round = 0; round < 20; round += 1) {
      const startedAt = performance.now();
      const response = await fetch('/api/cameras');
      if (!response.ok) throw new Error('status ' + response.status);
      await response.arrayBuffer();
      waits.push(performance.now() - startedAt);
    }
    return waits;
  })()`);
  waitsMs.sort((a, b) => a - b);
  // Far above what is measured on an idle machine; a wall that takes every connection makes it many seconds.
  expect(waitsMs[10]).toBeLessThan(1500);
  expect(browser.foreignRequests).toEqual([]);
  expect(browser.pageErrors).toEqual([]);
}, 240_000);

it('a wall whose server stood still for ten seconds is near the newest again, every tile', async ({ onTestFailed }) => {
  onTestFailed(() => photographAll([browser]));
  const { page } = browser;
  const { process: server } = stage.system.child;
  server.kill('SIGSTOP');
  try {
    await waitFor('the pictures stand still', async () => (await movingTiles(page)) === 0, 30_000);
    await waitFor('they are ten seconds old', async () =>
      (await behind(page)).every((ms) => ms === null || ms >= 10_000),
    );
  } finally {
    server.kill('SIGCONT');
  }
  await waitFor('all 16 are near', () => areNear(page, 16), 90_000);
  await waitFor('all 16 move', async () => (await movingTiles(page)) === 16, 60_000);
}, 240_000);

it('tiles that stay go on when others come and go; a page that nobody sees asks for nothing', async ({
  onTestFailed,
}) => {
  onTestFailed(() => photographAll([browser]));
  const { page } = browser;
  await page.goto(`${stage.system.origin}/live?n=4`);
  await waitFor('four play', async () => (await playing(page).count()) === 4, 60_000);
  await page.evaluate('window.wall.watchStates()');
  await page.getByText('9', { exact: true }).click();
  await waitFor('nine play', async () => (await playing(page).count()) === 9, 60_000);
  expect(new URL(page.url()).searchParams.get('n')).toBe('9');
  expect(await page.locator('[data-stays="yes"]').count()).toBe(4);
  // A busy machine may make one stall; none is loaded again.
  const changes = await page.evaluate<string[]>('window.wall.changes');
  expect(changes.filter((state) => state !== 'stalled' && state !== 'playing')).toEqual([]);

  await page.evaluate(`window.wall.show('hidden')`);
  await waitFor('no sub-stream is pulled', async () => (await stage.simulator.load()).subReceivers === 0, 60_000);
  await page.evaluate(`window.wall.show('visible')`);
  await waitFor('nine are near', () => areNear(page, 9), 60_000);
}, 240_000);

it('a camera that goes off says why in both languages, also on a phone, and comes back', async ({ onTestFailed }) => {
  onTestFailed(() => photographAll([browser]));
  const { page } = browser;
  const [first] = stage.simulator.cameras;
  const tile = tileOf(page, 0);
  const noSignal = { vi: 'Mất tín hiệu', en: 'No signal' };
  const open = async (language: string, width: number) => {
    await page.setViewportSize({ width, height: width < 500 ? 740 : 768 });
    const status = await page.evaluate<number>(`fetch('/api/me', {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ locale: '${language}' }),
    }).then((response) => response.status)`);
    expect(status).toBe(200);
    await page.goto(`${stage.system.origin}/live?n=16`);
    await tile.waitFor();
    await tile.scrollIntoViewIfNeeded();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  };
  await open('vi', 360);
  await tile.locator('[data-video-state="playing"]').waitFor({ timeout: 60_000 });
  // Of what is not on the screen nothing is loaded.
  expect(await playing(page).count()).toBeLessThan(16);
  await stage.simulator.setFault(first!.number, { kind: 'off' });
  await tile.getByText(noSignal.vi).first().waitFor({ timeout: 60_000 });
  for (const [language, width] of [
    ['en', 360],
    ['vi', 1366],
    ['en', 1366],
  ] as const) {
    await open(language, width);
    await tile.getByText(noSignal[language]).first().waitFor({ timeout: 60_000 });
  }
  await stage.simulator.clearFault(first!.number);
  await tile.locator('[data-video-state="playing"]').waitFor({ timeout: 120_000 });
  expect(browser.pageErrors).toEqual([]);
}, 240_000);
