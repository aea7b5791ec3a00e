import { join } from 'node:path';
import { cameraListResponse } from '@choi-canh/shared/cameras';
import { clipResponse } from '@choi-canh/shared/evidence';
import { incidentResponse } from '@choi-canh/shared/incidents';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { missingFrames, shownFrames } from '../harness/clip-frames.js';
import { hiddenMainButtons } from '../harness/page-boxes.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import { createAccount, createArea, waitUntilRecorded } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

const small = ['--width', '320', '--height', '180', '--fps', '10', '--bitrate-kbps', '80'];

let stage: Stage;
let browser: TestBrowser | undefined;

beforeAll(async () => {
  requireBuiltClient();
  const kinds = JSON.stringify({
    1: { device: 'nvr-16' },
    2: { device: 'dual-lens' },
  });
  stage = await openStage({ cameras: 2, media: [...small, '--kinds', kinds] });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

/** Pixels that the page is wider than its window. */
const overflow = (page: Page) =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

it('finds an NVR and a camera with two lenses, adds their channels with one password, and cuts a clip of channel 7', async ({
  onTestFailed,
}) => {
  onTestFailed(() => photographAll(browser === undefined ? [] : [browser]));
  const { system, simulator } = stage;
  const commune = await createArea(system.administrator, 'Chí Đám', null);
  const technician = await createAccount(system, 'kythuat', 'technician', commune.id);
  const officer = await createAccount(system, 'congan', 'commune_officer', commune.id);
  browser = await openBrowser({
    origin: system.origin,
    width: 1366,
    height: 768,
  });
  const { page } = browser;
  await signIn(page, system.origin, technician.username, technician.password);

  await page.getByRole('link', { name: 'Thêm camera' }).first().click();
  await page.getByRole('button', { name: 'Tìm camera' }).click();
  await page.getByText('thấy 2 thiết bị').waitFor({ timeout: 60_000 });
  await page.getByLabel('Chọn tất cả 2 thiết bị mới').check();
  await page.getByLabel('Mật khẩu của camera').fill(simulator.cameras[0]!.password);
  await page.getByRole('button', { name: 'Thêm 2 camera' }).click();

  // Each channel with its picture; what is empty comes last and is not ticked.
  const nvr = page.getByRole('heading', { name: 'DS-7616NI-K2: 16 kênh' });
  await nvr.waitFor({ timeout: 60_000 });
  await page.getByRole('heading', { name: 'IPC-S7UP-11M0WED: 2 kênh' }).waitFor();
  const seventh = page.getByTestId('channel-7').first();
  await seventh.getByText('Có tín hiệu', { exact: false }).waitFor();
  await seventh.scrollIntoViewIfNeeded();
  await waitFor('the picture of channel 7 is there', () =>
    seventh.locator('img').evaluate((image) => {
      const { complete, naturalWidth } = image as unknown as { complete: boolean; naturalWidth: number };
      return complete && naturalWidth > 0;
    }),
  );
  const empty = page.getByTestId('channel-5').first();
  await empty.getByText('Không có tín hiệu').waitFor();
  expect(await empty.getByRole('checkbox').isChecked()).toBe(false);
  const order = await page
    .locator('[data-testid^="channel-"]')
    .evaluateAll((all) => all.map((one) => one.dataset.testid));
  const afterTheLast = order.indexOf('channel-14') + 1;
  expect(order.slice(afterTheLast, afterTheLast + 3)).toEqual(['channel-5', 'channel-15', 'channel-16']);

  // The same on a phone and in the other language.
  for (const locale of ['en', 'vi'] as const) {
    await technician.api.patch('/api/me', z.unknown(), { locale });
    await page.reload();
    await page
      .getByRole('heading', {
        name: locale === 'en' ? 'DS-7616NI-K2: 16 channels' : 'DS-7616NI-K2: 16 kênh',
      })
      .waitFor();
    for (const width of [360, 1366]) {
      await page.setViewportSize({ width, height: 768 });
      expect(await overflow(page), `${locale} ${width}`).toBe(0);
    }
  }

  // Each device has its own; the one below the recorder's heading is meant.
  await nvr.locator('xpath=following::label[starts-with(., "Tên chung")][1]/following::input[1]').fill('Chợ – kênh');
  await page.getByRole('button', { name: 'Thêm 15 camera' }).click();
  await page.getByText('Đã thêm 15 camera từ 2 thiết bị').waitFor({ timeout: 60_000 });
  const { items } = await technician.api.get('/api/cameras', cameraListResponse);
  expect(items).toHaveLength(15);
  const of = (number: number, kind: string) =>
    items.find((camera) => camera.channelNumber === number && camera.deviceKind === kind)!;
  const [channel, lens] = [of(7, 'nvr'), of(2, 'camera')];
  expect(channel.name).toBe('Chợ – kênh 7');
  await waitUntilRecorded(technician.api, [channel.id, lens.id], 120_000);

  // Its page: facts once, its channels, and none of those that are cameras offered again.
  await page.goto(`${system.origin}/cameras/${channel.id}`);
  await page.getByRole('link', { name: 'DS-7616NI-K2' }).click();
  await page.getByRole('link', { name: 'Chợ – kênh 7' }).waitFor();
  await page.getByRole('button', { name: 'Tìm kênh của thiết bị' }).click();
  await page.getByTestId('channel-16').waitFor({ timeout: 60_000 });
  expect(await page.getByTestId('channel-7').getByRole('checkbox').isDisabled()).toBe(true);
  // The button that adds them is on the screen wherever the list is scrolled.
  await page.getByTestId('channel-16').getByRole('checkbox').check();
  for (const width of [360, 1366]) {
    await page.setViewportSize({ width, height: 768 });
    for (const number of [1, 16]) {
      await page.getByTestId(`channel-${number}`).scrollIntoViewIfNeeded();
      expect(await hiddenMainButtons(page), `${width}, channel ${number}`).toEqual([]);
    }
    expect(await overflow(page), `device ${width}`).toBe(0);
  }

  // A clip of channel 7 holds pictures of channel 7, and of nothing else.
  const startedAtMs = Date.now();
  await waitFor('some seconds are recorded', () => Date.now() - startedAtMs > 8000);
  const incident = await officer.api.post('/api/incidents', incidentResponse, {
    ...{
      areaId: commune.id,
      occurredAt: new Date(startedAtMs).toISOString(),
      place: 'Ngã ba chợ',
    },
    category: 'traffic_accident',
  });
  await browser.context.clearCookies();
  await signIn(page, system.origin, officer.username, officer.password);
  for (const [camera, stamp] of [
    [channel, 1007],
    [lens, 2002],
  ] as const) {
    const range = {
      from: new Date(startedAtMs + 1000),
      to: new Date(startedAtMs + 4000),
    };
    const clip = await officer.api.post(`/api/incidents/${incident.id}/clips`, clipResponse, {
      ...{
        cameraId: camera.id,
        from: range.from.toISOString(),
        to: range.to.toISOString(),
      },
    });
    const done = await waitFor('the clip is cut', async () => {
      const now = await officer.api.get(`/api/clips/${clip.id}`, clipResponse);
      return now.state === 'done' && now;
    });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.evaluate(`location.assign('/api/clips/${done.id}/files/0')`),
    ]);
    const path = join(stage.folder, `${stamp}.mp4`);
    await download.saveAs(path);
    const frames = await shownFrames(path);
    expect(frames.length).toBeGreaterThan(20);
    expect(new Set(frames.map((frame) => frame.cameraNumber))).toEqual(new Set([stamp]));
    expect(missingFrames(frames)).toBe(0);
  }
  expect(browser.foreignRequests).toEqual([]);
  expect(browser.pageErrors).toEqual([]);
}, 300_000);
