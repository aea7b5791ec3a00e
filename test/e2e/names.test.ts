import { incidentResponse } from '@choi-canh/shared/incidents';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import { createAccount, createArea } from '../harness/system.js';
import { wordsOf } from '../harness/words.js';

let stage: Stage;
let browser: TestBrowser;
let areaId: string;
let chief: Awaited<ReturnType<typeof createAccount>>;
beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 1 });
  browser = await openBrowser({ origin: stage.system.origin, width: 1366, height: 768 });
});
afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

/** Clicks on "Save" and waits for the answer, and until the form counts as saved. */
async function save(): Promise<void> {
  const { page } = browser;
  const answered = page.waitForResponse(
    (response) => response.url().includes('/api/names/') && response.request().method() === 'PUT',
  );
  await page.getByTestId('names-save').click();
  expect((await answered).status()).toBe(200);
  // Until then a form with unsaved text is asked about, when its list is left.
  await page.locator('[data-testid="names-save"]:not([data-loading])').waitFor();
}

it('what an administrator renames is renamed everywhere', async ({ onTestFailed }) => {
  onTestFailed(() => photographAll([browser]));
  const { system } = stage;
  const { page } = browser;
  const area = await createArea(system.administrator, 'Chí Đám');
  areaId = area.id;
  const officer = await createAccount(system, 'congan', 'commune_officer', area.id);
  await createAccount(system, 'tonghop', 'district_officer', area.id);
  chief = await createAccount(system, 'quantrivien', 'administrator', null);
  await officer.api.post('/api/incidents', incidentResponse, {
    areaId: area.id,
    occurredAt: new Date(Date.now() - 3600_000).toISOString(),
    place: 'Ngã ba chợ',
    category: 'theft',
  });
  const row = (text: string) => page.getByRole('row').filter({ hasText: text });
  const openTab = (name: string) => page.getByRole('tab', { name }).click();

  await signIn(page, system.origin, chief.username, chief.password);
  await page.goto(`${system.origin}/admin/names`);
  const role = page.getByTestId('name-vi-district_officer');
  expect(await role.inputValue()).toBe('Cán bộ tổng hợp');
  // An empty name is not sent: the field says so and has the focus.
  await role.fill(' ');
  await page.getByTestId('names-save').click();
  await page.getByText('Hãy nhập tên, nhiều nhất 80 ký tự.').waitFor();
  expect(await role.evaluate((element) => element.matches(':focus'))).toBe(true);
  await role.fill('Lãnh đạo phòng');
  await save();

  // Another list asks before it takes away what was typed.
  await role.fill('Chưa lưu');
  await openTab('Cấp địa bàn');
  await page.getByRole('button', { name: 'Ở lại trang' }).click();
  expect(await role.inputValue()).toBe('Chưa lưu');
  await openTab('Cấp địa bàn');
  await page.getByRole('button', { name: 'Bỏ nội dung, rời trang' }).click();
  await page.getByTestId('name-vi-commune').fill('Thị xã mới');
  await page.getByRole('button', { name: 'Thêm cấp địa bàn' }).click();
  const added = page.getByRole('group', { name: 'mục mới' });
  await added.getByLabel('Tiếng Anh').fill('Hamlet');
  await added.getByLabel('Tiếng Việt').fill('Ấp');
  await page.getByRole('button', { name: 'Đưa Ấp lên' }).click();
  await save();

  // What was saved is saved: nothing asks, though the added level has got its code by now.
  await openTab('Loại vụ việc');
  await page.getByTestId('name-vi-theft').fill('Trộm cắp vặt');
  await save();

  await openTab('Báo cáo in');
  await page.getByTestId('report-title-vi').fill('Báo cáo tuần về camera');
  await save();

  await page.goto(`${system.origin}/admin/accounts`);
  await row('tonghop').getByRole('cell', { name: 'Lãnh đạo phòng', exact: true }).waitFor();
  await page.goto(`${system.origin}/admin/areas`);
  await row('Chí Đám').getByRole('cell', { name: 'Thị xã mới', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Thao tác với Chí Đám' }).click();
  await page.getByRole('menuitem', { name: 'Sửa hoặc chuyển' }).click();
  await page.getByRole('dialog').getByLabel('Cấp', { exact: true }).click();
  await page.getByRole('option', { name: 'Ấp', exact: true }).waitFor();
  // Levels of the law before are not offered for what is new.
  expect(await page.getByRole('option', { name: /Huyện|Thị trấn/ }).count()).toBe(0);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');

  await page.goto(`${system.origin}/reports?area=${area.id}`);
  await page.getByRole('heading', { name: 'Báo cáo tuần về camera' }).waitFor();
  await page.getByTestId('report-sentence').getByText('trên địa bàn thị xã mới Chí Đám ghi nhận 1 vụ việc').waitFor();
  await row('Trộm cắp vặt').waitFor();

  await page.goto(`${system.origin}/admin/audit?action=name.update`);
  const renamed = row('Cán bộ tổng hợp');
  await renamed.getByRole('button', { name: 'Chi tiết' }).click();
  await page.getByText('Cán bộ tổng hợp → Lãnh đạo phòng').waitFor();

  const body = { items: [{ code: 'technician', vi: 'Thợ', en: 'Worker' }] };
  expect((await officer.api.fetch('PUT', '/api/names/roles', body)).status).toBe(403);
  expect(browser.pageErrors).toEqual([]);
});

it.each([
  { language: 'vi', width: 360, height: 740 },
  { language: 'en', width: 360, height: 740 },
  { language: 'en', width: 1366, height: 768 },
] as const)('are renamed in $language at $width × $height too', async ({ language, width, height }) => {
  const { page } = browser;
  const { origin } = stage.system;
  const words = wordsOf(language);
  const visible = (text: string) => page.getByText(text).filter({ visible: true }).first();
  const named = (what: string) => `${what} ${language} ${width}`;
  await chief.api.patch('/api/me', z.unknown(), { locale: language });
  await page.setViewportSize({ width, height });
  const open = async (path: string) => {
    await page.goto(origin + path);
    await page.locator('main h1').first().waitFor();
  };
  const fits = async () => expect(await page.evaluate('document.documentElement.scrollWidth'), page.url()).toBe(width);

  await open('/admin/names');
  const role = page.getByTestId('name-vi-district_officer');
  const roleNow = role
    .locator('xpath=ancestor::*[@role="group"]')
    .getByLabel(words(`administration:names.${language}`));
  await roleNow.fill(' ');
  await page.getByTestId('names-save').click();
  await visible(words('administration:names.needName')).waitFor();
  expect(await roleNow.evaluate((element) => element.matches(':focus'))).toBe(true);
  await fits();
  await roleNow.fill(named('Role'));
  await page.getByRole('tab', { name: words('administration:names.tabs.areaLevels') }).click();
  await page.getByRole('button', { name: words('common:form.leave.stay') }).click();
  await save();
  await page.getByRole('tab', { name: words('administration:names.tabs.areaLevels') }).click();
  const level = page.getByTestId('name-vi-commune').locator('xpath=ancestor::*[@role="group"]');
  await level.getByLabel(words(`administration:names.${language}`)).fill(named('Level'));
  await save();
  await page.getByRole('tab', { name: words('administration:names.tabs.report') }).click();
  await page.getByTestId(`report-title-${language}`).fill(named('Title'));
  await fits();
  await save();

  await open('/admin/accounts');
  await visible(named('Role')).waitFor();
  await open('/admin/areas');
  await visible(named('Level')).waitFor();
  await open(`/reports?area=${areaId}`);
  await page.getByRole('heading', { name: named('Title') }).waitFor();
  await page.getByTestId('report-sentence').getByText(named('level'), { exact: false }).waitFor();
  await fits();
  expect(browser.pageErrors).toEqual([]);
});
