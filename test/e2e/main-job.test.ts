import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cameraListResponse } from '@choi-canh/shared/cameras';
import { clipListResponse } from '@choi-canh/shared/evidence';
import { incidentPageResponse } from '@choi-canh/shared/incidents';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { missingFrames, shownFrames } from '../harness/clip-frames.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import { createAccount, createArea, waitUntilRecorded } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

const exec = promisify(execFile);
const framesPerSecond = 10;

let stage: Stage;
const browsers: TestBrowser[] = [];
let officer: Awaited<ReturnType<typeof createAccount>>;
let cameraId: string;

beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 3 });
});
afterAll(async () => {
  for (const browser of browsers) await browser.close();
  await stage?.close();
});

async function browserOf(account: { username: string; password: string }, options: object = {}): Promise<Page> {
  const browser = await openBrowser({ origin: stage.system.origin, ...options });
  browsers.push(browser);
  await signIn(browser.page, stage.system.origin, account.username, account.password);
  return browser.page;
}

/** Wall time of the frame that a tile shows, once its picture moves. */
async function shownWallMs(page: Page, cameraId: string): Promise<number> {
  const text = await page.locator(`[data-testid="review-tile-${cameraId}"] video`).first().getAttribute('data-wall-ms');
  return Number(text ?? Number.NaN);
}

it('goes from discovery by a technician to the count of 1 of the district', async ({ onTestFailed }) => {
  onTestFailed(() => photographAll(browsers));
  const { system, simulator } = stage;
  const province = await createArea(system.administrator, 'Phú Thọ', null, 'province');
  const commune = await createArea(system.administrator, 'Chí Đám', province.id);
  const technician = await createAccount(system, 'kythuat', 'technician', commune.id);
  officer = await createAccount(system, 'congan', 'commune_officer', commune.id);
  const district = await createAccount(system, 'lanhdao', 'district_officer', province.id);
  const communePassword = simulator.cameras[0]?.password ?? '';

  // Technician: search, select, one password, add.
  const tech = await browserOf(technician);
  await tech.getByRole('link', { name: 'Thêm camera' }).first().click();
  await tech.getByRole('button', { name: 'Tìm camera' }).click();
  await tech.getByText('thấy 3 thiết bị').waitFor({ timeout: 60_000 });
  await tech.getByLabel('Chọn tất cả 3 thiết bị mới').check();
  await tech.getByLabel('Mật khẩu của camera').fill(communePassword);
  await tech.getByRole('button', { name: 'Thêm 3 camera' }).click();
  await tech.getByText('Đã thêm 3 camera từ 3 thiết bị').waitFor({ timeout: 60_000 });
  const { items: cameras } = await technician.api.get('/api/cameras', cameraListResponse);
  await waitUntilRecorded(
    technician.api,
    cameras.map((camera) => camera.id),
  );
  await tech.goto(`${system.origin}/cameras`);
  await waitFor('the list shows three cameras alive', async () => (await tech.getByText('Hoạt động').count()) >= 3);
  const [camera] = cameras;
  if (camera === undefined) throw new Error('no camera');
  cameraId = camera.id;
  const simulated = simulator.cameras.find((one) => one.deviceAddress === camera.deviceAddress);
  // Long enough to review something.
  await new Promise((resolve) => setTimeout(resolve, 14_000));
  const incidentAtMs = Date.now() - 12_000;

  // Officer: incident, review, marks, tag, clip, download.
  const page = await browserOf(officer);
  await page.getByTestId('incident-create').first().click();
  await page.getByTestId('incident-time').fill(vietnamTime(incidentAtMs));
  await page.getByTestId('incident-place').fill('Ngã ba chợ');
  await page.getByTestId('incident-category').click();
  await page.getByRole('option', { name: 'Tai nạn giao thông' }).click();
  await page.getByTestId('incident-submit').click();
  await page.getByTestId('incident-review').click();
  const pick = page.getByTestId(`review-pick-${camera.id}`).getByRole('checkbox');
  await pick.waitFor();
  for (const other of cameras) {
    await page
      .getByTestId(`review-pick-${other.id}`)
      .getByRole('checkbox')
      .setChecked(other.id === camera.id);
  }
  await page.getByTestId('review-open').click();
  await page.getByTestId(`review-tile-${camera.id}`).waitFor();
  await page.getByTestId('review-jump-input').fill(vietnamTime(incidentAtMs));
  await page.getByTestId('review-jump-input').press('Enter');

  const play = page.getByTestId('review-play');
  if ((await play.getAttribute('data-playing')) !== 'true') await play.click();
  const firstMs = await waitFor('the tile shows a frame', async () => {
    const ms = await shownWallMs(page, camera.id);
    return Number.isFinite(ms) && Math.abs(ms - incidentAtMs) < 10_000 && ms;
  });
  const advancedMs = await waitFor('the played video advances by itself', async () => {
    const ms = await shownWallMs(page, camera.id);
    return ms - firstMs > 1500 && ms;
  });
  expect(advancedMs).toBeGreaterThan(firstMs);
  await page.getByTestId('review-mark-in').click();
  const inMs = await shownWallMs(page, camera.id);
  await waitFor('four seconds are played', async () => (await shownWallMs(page, camera.id)) - inMs > 4000, 60_000, 100);
  await page.getByTestId('review-mark-out').click();
  if ((await play.getAttribute('data-playing')) === 'true') await play.click();

  await page.getByTestId('review-tag').click();
  await page.getByTestId('tag-note').fill('Xe máy vượt đèn đỏ');
  await page.getByTestId('tag-decisive-switch').check({ force: true });
  await page.getByTestId('tag-submit').click();
  await page.getByTestId('tag-form').waitFor({ state: 'detached' });
  await page.getByTestId('review-extract').click();
  await page.getByTestId('extract-submit').click();
  const link = page.getByTestId('clip-download').first();
  await link.waitFor({ timeout: 60_000 });
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  const path = join(stage.folder, 'clip.mp4');
  await download.saveAs(path);

  // The clip: right camera, right start and end to the frame, no frame missing.
  const { items: incidents } = await officer.api.get('/api/incidents', incidentPageResponse);
  const [incident] = incidents;
  if (incident === undefined) throw new Error('no incident');
  const { items: clips } = await officer.api.get(`/api/incidents/${incident.id}/clips`, clipListResponse);
  const [clip] = clips;
  if (clip === undefined) throw new Error('no clip');
  const [fromMs, toMs] = [Date.parse(clip.from), Date.parse(clip.to)];
  expect(toMs - fromMs).toBeGreaterThan(3000);
  const frames = await shownFrames(path);
  const intervalMs = 1000 / framesPerSecond;
  expect(new Set(frames.map((frame) => frame.cameraNumber))).toEqual(new Set([simulated?.number]));
  expect(missingFrames(frames)).toBe(0);
  const [first, last] = [frames[0]?.utcMs ?? 0, frames.at(-1)?.utcMs ?? 0];
  // Instants are whole milliseconds; a frame within one of the border may fall on either side.
  expect(first - fromMs).toBeGreaterThanOrEqual(-1);
  expect(first - fromMs).toBeLessThanOrEqual(intervalMs + 1);
  expect(toMs - last).toBeGreaterThanOrEqual(-1);
  expect(toMs - last).toBeLessThanOrEqual(intervalMs + 1);
  expect(clip.files[0]?.frames).toBe(frames.length);
  const { stdout } = await exec('ffprobe', [
    '-v',
    'error',
    '-show_entries',
    'stream=codec_name,width:format=duration',
    '-of',
    'json',
    path,
  ]);
  const probed = JSON.parse(stdout) as { streams: { codec_name: string }[]; format: { duration: string } };
  expect(probed.streams.map((stream) => stream.codec_name)).toEqual(['h264']);
  expect(Math.abs(Number(probed.format.duration) * 1000 - frames.length * intervalMs)).toBeLessThanOrEqual(intervalMs);

  // Officer: the outcome.
  await page.goto(`${system.origin}/incidents/${incident.id}`);
  await page.getByTestId('outcome-state').click();
  await page.getByRole('option', { name: 'Đã giải quyết' }).click();
  await page.getByTestId('outcome-text').fill('Đã xác định người vi phạm qua camera.');
  await page.getByTestId('outcome-save').click();
  await page.locator('[data-testid="footage-verdict"][data-by-footage="true"]').waitFor();

  // District: the count of 1 opens into the case.
  const head = await browserOf(district);
  await head.waitForURL(/\/reports/);
  const count = head.getByTestId('report-total-byFootage');
  await count.waitFor();
  expect((await count.textContent())?.trim()).toBe('1');
  await count.click();
  await head.getByTestId(`incident-${incident.id}`).waitFor();
  for (const browser of browsers) {
    expect(browser.foreignRequests).toEqual([]);
    expect(browser.pageErrors).toEqual([]);
  }
});

it('an officer does the same with fingers on a phone, from the case to the download', async ({ onTestFailed }) => {
  onTestFailed(() => photographAll(browsers));
  const page = await browserOf(officer, { width: 360, height: 740, touch: true });
  const tap = (testId: string) => page.getByTestId(testId).first().tap();
  const inMs = Date.now() - 10_000;
  await tap('incident-create');
  await page.getByTestId('incident-time').fill(vietnamTime(inMs));
  await page.getByTestId('incident-place').fill('Cổng chợ');
  await tap('incident-category');
  await page.getByRole('option', { name: 'Tai nạn giao thông' }).tap();
  // A list that reached beyond the window made the page wider, and went and came with that.
  expect(await page.evaluate('window.innerWidth')).toBe(360);
  await tap('incident-submit');
  await tap('incident-review');
  const picks = page.locator('[data-testid^="review-pick-"]');
  await picks.first().waitFor();
  for (const pick of await picks.all()) {
    const isWanted = (await pick.getAttribute('data-testid')) === `review-pick-${cameraId}`;
    const box = pick.getByRole('checkbox');
    if ((await box.isChecked()) !== isWanted) await box.tap();
  }
  await tap('review-open');
  await page.getByTestId(`review-tile-${cameraId}`).waitFor();
  await page.getByTestId('review-jump-input').fill(vietnamTime(inMs));
  await page.getByTestId('review-jump-input').press('Enter');
  const play = page.getByTestId('review-play');
  const firstMs = await waitFor('the tile shows that time', async () => {
    const ms = await shownWallMs(page, cameraId);
    return Math.abs(ms - inMs) < 1500 && ms;
  });
  await tap('review-mark-in');
  if ((await play.getAttribute('data-playing')) !== 'true') await play.tap();
  await waitFor(
    'two seconds are played',
    async () => (await shownWallMs(page, cameraId)) - firstMs > 2000,
    60_000,
    100,
  );
  await tap('review-mark-out');
  await tap('review-tag');
  await page.getByTestId('tag-note').tap();
  await page.keyboard.type('Người dắt xe đi');
  await tap('tag-submit');
  await page.getByTestId('tag-form').waitFor({ state: 'detached' });
  await tap('review-extract');
  await tap('extract-submit');
  const link = page.getByTestId('clip-download').first();
  await link.waitFor({ timeout: 60_000 });
  const [download] = await Promise.all([page.waitForEvent('download'), link.tap()]);
  const path = join(stage.folder, 'clip-of-a-phone.mp4');
  await download.saveAs(path);
  const frames = await shownFrames(path);
  expect(frames.length).toBeGreaterThan(10);
  expect(Math.abs((frames[0]?.utcMs ?? 0) - firstMs)).toBeLessThan(1500);
  expect(browsers.at(-1)?.pageErrors).toEqual([]);
});

/** As people type it: `22/11/2026 14:30:05`. */
function vietnamTime(ms: number): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Asia/Ho_Chi_Minh',
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(ms);
  return parts.replace(',', '');
}
