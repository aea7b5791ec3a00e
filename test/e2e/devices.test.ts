// A camera that says at another address that it is one of ours: the question, and the forms about addresses.
import { cameraResponse } from '@choi-canh/shared/cameras';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { startCameraRelay, type CameraRelay } from '../harness/camera-relay.js';
import { boxesOf } from '../harness/page-boxes.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import { addCameras, createArea, discoverAll, reachableRecorderId, waitUntilRecorded } from '../harness/system.js';
import { wordsOf } from '../harness/words.js';

let stage: Stage;
let browser: TestBrowser;
let relay: CameraRelay;
let cameraId: string;
let recorderId: string;

beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 2 });
  const { system, simulator } = stage;
  const [camera] = simulator.cameras;
  if (camera === undefined) throw new Error('a camera is needed');
  const area = await createArea(system.administrator, 'Chí Đám');
  const scan = await discoverAll(system.administrator);
  const found = scan.devices.find(({ host }) => host === camera.host);
  const [added] = await addCameras(system.administrator, area.id, [camera]);
  cameraId = added!.id;
  recorderId = await reachableRecorderId(system.administrator);
  relay = await startCameraRelay({
    ...{ host: '127.0.88.78', camera },
    endpointReference: () => found?.endpointReference ?? '',
  });
  await simulator.setFault(1, { kind: 'junk-discovery' });
  browser = await openBrowser({ origin: system.origin });
});
afterAll(async () => {
  await browser?.close();
  await relay?.stop();
  await stage?.close();
});

it('a technician searches in what an administrator added, and says that a device is not the camera', async ({
  onTestFailed,
}) => {
  onTestFailed(() => photographAll([browser]));
  const { system } = stage;
  const { page } = browser;
  await signIn(page, system.origin, 'quantri', 'mat-khau-thu-nghiem');
  await page.goto(`${system.origin}/recorders`);
  await page.getByRole('button', { name: 'Dải địa chỉ được tìm' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Dải thêm vào').fill('10.0.0.0/8');
  await dialog.getByRole('button', { name: 'Lưu dải địa chỉ' }).click();
  await dialog.getByText('“10.0.0.0/8”').waitFor();
  await dialog.getByLabel('Dải thêm vào').fill('192.168.20.0/24');
  await dialog.getByRole('button', { name: 'Lưu dải địa chỉ' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('127.0.0.0/8, 192.168.20.0/24').waitFor();

  await page.goto(`${system.origin}/cameras/add?recorder=${recorderId}`);
  await page.getByRole('button', { name: '192.168.20.0/24' }).click();
  const ranges = page.getByLabel('Địa chỉ cần tìm thêm');
  expect(await ranges.inputValue()).toBe('192.168.20.0/24');
  await ranges.fill('10.9.0.0/24');
  await page.getByRole('button', { name: 'Tìm camera', exact: true }).click();
  await page.getByText('nằm ngoài các mạng').first().waitFor();
  await ranges.fill(relay.range);
  await page.getByRole('button', { name: 'Tìm camera', exact: true }).click();
  await page.getByText('Thấy ở địa chỉ khác').waitFor({ timeout: 30_000 });
  await page.getByRole('link', { name: 'Có phải camera này không?' }).click();

  const question = page.getByTestId('camera-question');
  await question.getByText(relay.deviceAddress).waitFor();
  expect(relay.seen).toEqual({ onvif: 0, rtsp: 0 });
  await page.goto(`${system.origin}/cameras`);
  await page.getByTestId('sightings-notice').getByRole('link').click();
  await question.getByRole('button', { name: 'Không phải' }).click();
  await question.waitFor({ state: 'detached' });
  await page.goto(`${system.origin}/cameras`);
  await page.getByRole('heading', { name: 'Tình trạng camera' }).waitFor();
  expect(await page.getByTestId('sightings-notice').count()).toBe(0);
  expect(relay.seen).toEqual({ onvif: 0, rtsp: 0 });
  expect(browser.pageErrors).toEqual([]);
});

it('another address is sent only with the password, and what is wrong is said in the words of cameras', async ({
  onTestFailed,
}) => {
  onTestFailed(() => photographAll([browser]));
  const { page } = browser;
  const { origin, administrator } = stage.system;
  await page.goto(`${origin}/cameras/${cameraId}`);
  const form = page.locator('form').filter({ has: page.getByRole('button', { name: 'Đổi địa chỉ' }) });
  await form.getByLabel('Địa chỉ ONVIF').fill(relay.deviceAddress);
  await form.getByRole('button', { name: 'Đổi địa chỉ' }).click();
  await form.getByText('Hãy nhập mật khẩu của camera.').waitFor();
  expect(relay.seen.onvif).toBe(0);
  await form.getByLabel('Mật khẩu của camera').fill('doan-bua');
  await form.getByRole('button', { name: 'Đổi địa chỉ' }).click();
  await form.getByText('Sai tên đăng nhập hoặc mật khẩu').waitFor({ timeout: 30_000 });
  await form.getByLabel('Địa chỉ ONVIF').fill('http://169.254.1.1/onvif/device_service');
  await form.getByRole('button', { name: 'Đổi địa chỉ' }).click();
  await form.getByText('Thiết bị không được dùng địa chỉ này', { exact: false }).waitFor();
  const now = await administrator.get(`/api/cameras/${cameraId}`, cameraResponse);
  expect(now.deviceAddress).toBe(stage.simulator.cameras[0]!.deviceAddress);
  expect(browser.pageErrors).toEqual([]);
});

it('one camera is added by the address that a person types', async ({ onTestFailed }) => {
  onTestFailed(() => photographAll([browser]));
  const { page } = browser;
  const { origin, administrator } = stage.system;
  const camera = stage.simulator.cameras[1]!;
  const { host } = new URL(camera.deviceAddress);
  const open = async (language: 'vi' | 'en', width: number) => {
    await administrator.patch('/api/me', z.unknown(), { locale: language });
    await page.setViewportSize({ width, height: width < 500 ? 740 : 768 });
    await page.goto(`${origin}/cameras/add`);
    const words = wordsOf(language);
    await page.getByText(words('cameras:typed.title'), { exact: true }).click();
    return { words, address: page.getByLabel(words('cameras:typed.address')) };
  };
  for (const [language, width] of [
    ['vi', 360],
    ['en', 1366],
    ['en', 360],
  ] as const) {
    const { words, address } = await open(language, width);
    const submit = page.getByRole('button', { name: words('cameras:rtsp.add'), exact: true });
    await address.fill(`admin:abc@${host}`);
    await submit.click();
    await page.getByText(words('cameras:typed.credentials')).waitFor();
    expect(await address.evaluate((element) => element.matches(':focus'))).toBe(true);
    await address.fill(camera.rtspMainUrl);
    await page.getByRole('link', { name: words('cameras:typed.toRtsp') }).click();
    expect(await page.getByLabel(words('cameras:rtsp.mainUrl')).inputValue()).toBe(camera.rtspMainUrl);
    expect(page.url()).not.toContain('rtsp:');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  }

  const { words, address } = await open('vi', 1366);
  await address.fill(host);
  await page.getByText(`Sẽ kết nối đến: ${camera.deviceAddress}`).waitFor();
  await page.getByLabel(words('cameras:settings.name')).fill('Cổng chợ');
  await page.getByLabel('Tên đăng nhập của camera').fill(camera.username);
  await page.getByLabel('Mật khẩu của camera').fill('sai-mat-khau');
  await page.getByRole('button', { name: 'Thêm camera', exact: true }).click();
  await page.getByText('Chưa thêm được camera nào (đã thử 1 thiết bị)').waitFor({ timeout: 30_000 });
  await page.getByTestId('addition-reasons').getByText('Sai tên đăng nhập hoặc mật khẩu').waitFor();
  // Another password, and nothing else, is typed again.
  await page.getByLabel('Mật khẩu của camera').fill(camera.password);
  await page.getByRole('button', { name: 'Thử lại 1 thiết bị' }).click();
  await page.getByText('Đã thêm 1 camera từ 1 thiết bị').waitFor({ timeout: 30_000 });
  await page.getByRole('link', { name: 'Cổng chợ' }).click();
  await page.getByRole('heading', { name: 'Cổng chợ' }).waitFor();
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  const added = await administrator.get(`/api/cameras/${id}`, cameraResponse);
  expect(added.deviceAddress).toBe(camera.deviceAddress);
  await waitUntilRecorded(administrator, [id]);
  expect(browser.pageErrors).toEqual([]);
});

it('a camera without ONVIF is tried with the result in words, added, and gives a picture', async ({ onTestFailed }) => {
  onTestFailed(() => photographAll([browser]));
  const { page } = browser;
  const { origin, administrator } = stage.system;
  const [camera] = stage.simulator.cameras;
  if (camera === undefined) throw new Error('a camera is needed');
  await page.goto(`${origin}/cameras/add`);
  await page.getByRole('link', { name: 'Camera không có ONVIF' }).click();
  await page.getByRole('heading', { name: 'Thêm camera không có ONVIF' }).waitFor();
  const brand = page.getByRole('combobox', { name: 'Hãng' });
  await brand.fill('Khác');
  await brand.press('Enter');
  await page.getByLabel('Địa chỉ luồng chính').fill(camera.rtspMainUrl);
  await page.getByLabel('Tên đăng nhập của camera').fill(camera.username);
  const password = page.getByLabel('Mật khẩu của camera');
  await page.setViewportSize({ width: 360, height: 740 });
  await password.fill('sai-mat-khau');
  await page.getByRole('button', { name: 'Thử kết nối' }).click();
  await page.getByText('Sai tên đăng nhập hoặc mật khẩu của camera.').waitFor();
  // On a phone too the result is on the screen, and the buttons do not lie over it.
  const [result] = await boxesOf(page, 'main form [role="alert"].mantine-Alert-root');
  const [button] = await boxesOf(page, 'main form button[type="submit"]');
  expect(result?.top).toBeGreaterThanOrEqual(56);
  expect(result?.bottom).toBeLessThanOrEqual((button?.top ?? 0) - 40);
  await page.setViewportSize({ width: 1366, height: 768 });
  await password.fill(camera.password);
  await page.getByRole('button', { name: 'Thử kết nối' }).click();
  await page.getByText('Kết nối được, có hình').waitFor({ timeout: 20_000 });
  await page.getByText(/H264 · 704 × 396 · \d+(\.\d)? khung hình\/giây/).waitFor();
  await page.getByLabel('Tên camera').fill('Cổng sau');
  await page.getByRole('button', { name: 'Thêm camera', exact: true }).click();
  await page.getByRole('link', { name: 'Cổng sau' }).click({ timeout: 20_000 });
  await page.getByRole('heading', { name: 'Cổng sau' }).waitFor();
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  await expect
    .poll(async () => (await administrator.get(`/api/cameras/${id}`, cameraResponse)).state, { timeout: 30_000 })
    .toBe('alive');
  expect(browser.pageErrors).toEqual([]);
});

it.each(['vi', 'en'] as const)('says what is wrong in a file of cameras where it is seen (%s)', async (language) => {
  const { page } = browser;
  const words = wordsOf(language);
  await stage.system.administrator.patch('/api/me', z.unknown(), { locale: language });
  const column = (name: string) => words(`cameras:rtsp.csv.columns.${name}`);
  const heading = ['name', 'brand', 'host', 'username', 'password'].map(column).join(',');
  const text = `${heading}\nCổng chợ,Hikvision,127.0.0.9,admin,abc\nCổng trường,Hikvisoin,127.0.0.8,admin,abc\n`;
  for (const [width, height] of [
    [1366, 768],
    [360, 740],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.goto(`${stage.system.origin}/cameras/add`);
    await page.getByRole('link', { name: words('cameras:rtsp.link') }).click();
    await page.getByText(words('cameras:rtsp.many')).click();
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'camera.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await page.getByText(words('cameras:rtsp.csv.read', { file: 'camera.csv', good: 1, bad: 1 })).waitFor();
    const [line] = await boxesOf(page, 'main form tbody tr');
    const [button] = await boxesOf(page, 'main form button[type="submit"]');
    expect(line?.bottom, `${language} ${width}`).toBeLessThanOrEqual(button?.top ?? 0);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  }
});
