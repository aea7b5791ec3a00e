import { auditPageResponse } from '@choi-canh/shared/audit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import { addCameras, createAccount, createArea, waitUntilRecorded } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

let stage: Stage;
let browser: TestBrowser;

beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 2 });
  browser = await openBrowser({ origin: stage.system.origin });
});
afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

it('a camera is taken out of use, its past is reviewed, and it comes back as itself; who watched is in the trail', async ({
  onTestFailed,
}) => {
  onTestFailed(() => photographAll([browser]));
  const { system, simulator } = stage;
  const { page } = browser;
  const area = await createArea(system.administrator, 'Chí Đám');
  const account = await createAccount(system, 'quanly', 'administrator', null);
  const cameras = await addCameras(account.api, area.id, simulator.cameras);
  const camera = cameras[0]!;
  await waitUntilRecorded(account.api, [camera.id]);
  await signIn(page, system.origin, account.username, account.password);
  /** The policy of the page forbids what Playwright's own waiting evaluates. */
  const untilShown = () =>
    waitFor('a picture is shown', async () => {
      const states = await page.locator('video').evaluateAll((all) => all.map((one) => Reflect.get(one, 'readyState')));
      return states.some((state) => Number(state) >= 2);
    });
  const button = (name: string) => page.getByRole('button', { name, exact: true });

  // He looks at it live, then takes it out of use.
  await page.goto(`${system.origin}/cameras/${camera.id}`);
  await page.locator('video').first().waitFor();
  await untilShown();
  await button('Ngừng sử dụng').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Lý do').fill('Mang camera đi sửa');
  await dialog.getByRole('button', { name: 'Ngừng sử dụng', exact: true }).click();
  await page.getByText('Camera đã ngừng sử dụng từ').waitFor();
  expect(await page.locator('video').count()).toBe(0);

  // It left the list, and stands in the other one.
  await page.goto(`${system.origin}/cameras`);
  await page.getByText(cameras[1]!.name).first().waitFor();
  expect(await page.getByText(camera.name, { exact: true }).count()).toBe(0);
  await page.getByText('Đã ngừng sử dụng', { exact: true }).click();
  await page.getByText(camera.name, { exact: true }).first().click();

  // What was recorded is seen as before.
  await page.locator(`a[href*="cams=${camera.id}"]`).click();
  await page.getByLabel('Mục đích', { exact: false }).fill('Xem lại trước khi tháo');
  await page.getByRole('button', { name: 'Mở hình ảnh' }).click();
  // The window begins a minute before the camera was taken out of use; it may have been recorded for less than that.
  const toNext = page.getByRole('button', { name: /^Đến hình ảnh tiếp theo/ });
  await waitFor(
    'the review is open',
    async () => (await toNext.count()) > 0 || (await page.locator('video').count()) > 0,
  );
  if ((await toNext.count()) > 0) await toNext.click();
  await untilShown();

  // Back with its password, at the same address.
  await page.goto(`${system.origin}/cameras/${camera.id}`);
  await page.getByLabel('Mật khẩu của camera').fill(simulator.cameras[0]!.password);
  await button('Đưa vào sử dụng lại').click();
  await waitUntilRecorded(account.api, [camera.id]);

  await page.goto('about:blank');
  await waitFor(
    'the live viewing is entered',
    async () => (await account.api.get('/api/audit?action=live.view', auditPageResponse)).items.length > 0,
    90_000,
  );
  await page.goto(`${system.origin}/admin/audit`);
  for (const words of ['Xem trực tiếp', 'Ngừng sử dụng camera', 'Đưa camera vào sử dụng lại']) {
    await page.getByTestId('audit-row').filter({ hasText: words }).filter({ hasText: camera.name }).first().waitFor();
  }
  expect(browser.pageErrors).toEqual([]);
});
