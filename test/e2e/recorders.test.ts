import { recorderListResponse } from '@choi-canh/shared/recorders';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { expectAccessible, expectInSight } from '../harness/forms.js';
import { cutButtons } from '../harness/page-boxes.js';
import { startRecorder, type RecorderProcess } from '../harness/recorder.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import { addCameras, createAccount, createArea, temporaryFolder } from '../harness/system.js';
import { stubTroubles } from '../harness/troubles.js';
import { waitFor } from '../harness/wait.js';
import { wordsOf } from '../harness/words.js';

let stage: Stage;
let browser: TestBrowser;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let remote: RecorderProcess;

beforeAll(async () => {
  requireBuiltClient();
  folder = await temporaryFolder();
  stage = await openStage({ cameras: 1 });
  [browser, remote] = await Promise.all([
    openBrowser({ origin: stage.system.origin }),
    startRecorder({ folder: folder.path, discoveryPort: stage.simulator.discoveryPort, paired: true }),
  ]);
});
afterAll(async () => {
  await remote?.stop();
  await folder?.remove();
  await browser?.close();
  await stage?.close();
});

/** What stands on a page in place of words that are missing: `recorders:edit.title`, `edit.title`. */
const keyOfWords = /(?<![\w/.:-])[a-z]\w*([.:][a-z]\w*)+(?![\w/.:-])/gi;

async function expectWords(page: Page, names: string[]): Promise<void> {
  let text = await page.locator('body').innerText();
  for (const name of names) text = text.replaceAll(name, '');
  expect(text.match(keyOfWords)).toBeNull();
}

it('an administrator adds a recorder on another machine, renames it, sees it lost, and removes it', async ({
  onTestFailed,
}) => {
  onTestFailed(() => photographAll([browser]));
  const { system, simulator } = stage;
  const { page } = browser;
  const account = await createAccount(system, 'quanly', 'administrator', null);
  const recorders = async () => (await account.api.get('/api/recorders', recorderListResponse)).items;
  const names = await waitFor('the recorder beside the console is known', async () => {
    const items = await recorders();
    return items.length > 0 && items.map(({ name }) => name);
  });
  const button = (name: string, within: Page | Locator = page) => within.getByRole('button', { name, exact: true });
  const dialog = page.getByRole('dialog');
  await signIn(page, system.origin, account.username, account.password);
  await page.goto(`${system.origin}/recorders`);

  await button('Thêm máy ghi').click();
  await dialog.getByLabel('Tên máy ghi').fill('Máy ghi UBND xã');
  await dialog.getByLabel('Địa chỉ').fill(remote.url);
  await dialog.getByLabel('Mã ghép nối').fill('AAAA-BBBB-CCCC-DDDD');
  const code = await remote.pairingCode();
  await button('Kiểm tra và thêm', dialog).click();
  await dialog.getByText('Mã ghép nối không đúng').waitFor();
  await dialog.getByLabel('Mã ghép nối').fill(code.toLowerCase().replaceAll('-', ' '));
  await button('Kiểm tra và thêm', dialog).click();
  const added = await waitFor('it is added', async () => (await recorders()).find(({ url }) => url === remote.url));
  const card = page.getByTestId(`recorder-${added.id}`);
  await card.getByText('Đã kết nối').waitFor();
  await dialog.waitFor({ state: 'detached' });

  await button('Sửa Máy ghi UBND xã').click();
  await dialog.getByLabel('Tên máy ghi').fill('Máy ghi chợ');
  await dialog.getByLabel('Địa chỉ').fill('127.0.0.1:9');
  await dialog.getByLabel('Mã ghép nối').fill('ngan');
  await button('Lưu máy ghi', dialog).click();
  await dialog.getByText('Mã ghép nối gồm 16 chữ và số.').waitFor();
  await dialog.getByLabel('Mã ghép nối').fill('');
  await button('Lưu máy ghi', dialog).click();
  await dialog.getByText('Không kết nối được với máy ghi.').waitFor();
  await expectWords(page, names);
  await dialog.getByLabel('Địa chỉ').fill(remote.url);
  await button('Lưu máy ghi', dialog).click();
  await dialog.waitFor({ state: 'detached' });
  await card.getByText('Máy ghi chợ').waitFor();
  await card.getByText('Khóa kết nối').waitFor();
  expect(await card.getByText('Đã kết nối').count()).toBe(1);

  const area = await createArea(system.administrator, 'Chí Đám');
  const [camera] = await addCameras(account.api, area.id, simulator.cameras, added.id);
  await card.getByText('Đang ghi 1 / 1 camera').waitFor();
  await button('Xóa Máy ghi chợ').click();
  await dialog.getByText('Hình ảnh đã ghi vẫn nằm trên máy đó').waitFor();
  await dialog.getByLabel('Lý do').fill('Trả máy cho công an xã');
  await button('Xóa máy ghi', dialog).click();
  await dialog.getByText('Máy ghi còn 1 camera.').waitFor();
  await expectWords(page, names);
  await button('Hủy', dialog).click();
  await button('Bỏ nội dung', dialog).click();
  await dialog.waitFor({ state: 'detached' });
  expect((await account.api.fetch('POST', `/api/cameras/${camera?.id}/retire`, { reason: 'Tháo camera' })).status).toBe(
    200,
  );

  await remote.stop();
  await card.getByText('■ Mất kết nối', { exact: true }).waitFor();
  await card.getByText('khi máy ghi phản hồi lần cuối.').waitFor();
  const alert = page.getByText('Mất kết nối với máy ghi Máy ghi chợ.');
  await alert.first().waitFor();
  await expectWords(page, names);
  await button('Xóa Máy ghi chợ').click();
  await dialog.getByLabel('Lý do').fill('Trả máy cho công an xã');
  await button('Xóa máy ghi', dialog).click();
  await card.waitFor({ state: 'detached' });
  await waitFor('its alert is gone from the page', async () => (await alert.count()) === 0);
  expect((await recorders()).map(({ name }) => name)).toEqual(names);

  await page.goto(`${system.origin}/admin/audit?subject=${added.id}`);
  const record = page.getByRole('row').filter({ hasText: 'Trả máy cho công an xã' });
  await record.getByText('Xóa máy ghi').waitFor();
  await button('Chi tiết', record).click();
  const link = page.getByRole('link', { name: 'Tải các mốc xác thực' });
  await link.waitFor();
  const kept = await account.api.fetch('GET', (await link.getAttribute('href')) ?? '');
  expect(await kept.text()).toContain('"why":"start"');
  for (const more of await page.getByRole('button', { name: 'Chi tiết' }).all()) {
    if ((await more.getAttribute('aria-expanded')) === 'false') await more.click();
  }
  await page.getByText('Máy ghi UBND xã → Máy ghi chợ').waitFor();
  await expectWords(page, names);
  expect(await page.locator('body').innerText()).not.toContain(code);
  expect(browser.foreignRequests).toEqual([]);
  expect(browser.pageErrors).toEqual([]);
});

describe('everything that can be wrong, at once', () => {
  let account: Awaited<ReturnType<typeof createAccount>>;
  let page: Page;
  beforeAll(async () => {
    const { system } = stage;
    account = await createAccount(system, 'truong', 'administrator', null);
    await createArea(system.administrator, 'Cát Quế');
    await stubTroubles(browser.context);
    page = await browser.context.newPage();
    const [name = ''] = account.api.cookie.split('=', 1);
    await browser.context.addCookies([{ name, value: account.api.cookie.slice(name.length + 1), url: system.origin }]);
  });

  it.each([
    { language: 'vi', width: 1366, height: 768 },
    { language: 'vi', width: 360, height: 740 },
    { language: 'en', width: 1366, height: 768 },
    { language: 'en', width: 360, height: 740 },
  ] as const)('is said and ended in $language at $width × $height', async ({ language, width, height }) => {
    const words = wordsOf(language);
    const faults: string[] = [];
    await page.setViewportSize({ width, height });
    await account.api.patch('/api/me', z.unknown(), { locale: language });
    const look = async (what: string, part: Locator) => {
      faults.push(...(await cutButtons(page)).map((text) => `${what}: cut off: ${text}`));
      // What is marked up does not depend on the language.
      if (language === 'vi') await expectAccessible(page, part);
      if ((await page.evaluate<number>('document.documentElement.scrollWidth')) > width)
        faults.push(`${what}: too wide`);
    };
    // Above every page: the gravest, and how many more there are.
    await page.goto(`${stage.system.origin}/incidents`);
    await page.getByTestId('recorder-alerts').waitFor();
    await look('above a page', page.getByTestId('recorder-alerts'));

    await page.goto(`${stage.system.origin}/recorders`);
    await page.getByTestId('console-alerts').waitFor();
    const button = (key: string, at = page.locator('main')) => at.getByRole('button', { name: words(key) }).first();
    await button('recorders:setAside.retry').waitFor();
    await button('recorders:unknownHolds.show').click();
    await button('recorders:unknownHolds.assign').waitFor();
    await look('the page', page.locator('main'));
    const dialog = page.getByRole('dialog');
    for (const key of [
      ...['takeOver.button', 'unknownHolds.assign', 'unknownHolds.release', 'dropped.button', 'clockConfirm.button'],
      ...['volumeAccept.button', 'setAside.dismiss', 'edit.pair', 'scanRanges.button', 'add.button'],
    ]) {
      await button(`recorders:${key}`).click();
      await expectInSight(dialog.locator('button[type="submit"]'));
      await look(key, dialog);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    }
    expect(faults).toEqual([]);
  });
});
