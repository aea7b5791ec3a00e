import { areaListResponse, type AreaResponse } from '@choi-canh/shared/areas';
import { cameraResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import { incidentResponse, type IncidentResponse } from '@choi-canh/shared/incidents';
import { namesResponse } from '@choi-canh/shared/names';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { countChanges, expectAccessible, expectInSight, expectWrong, focusedName } from '../harness/forms.js';
import { openStage, requireBuiltClient, type Stage } from '../harness/stage.js';
import { addCameras, createAccount, createArea } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';
import { wordsOf } from '../harness/words.js';

let stage: Stage;
let area: AreaResponse;
let camera: CameraResponse;
let incident: IncidentResponse;
let account: Awaited<ReturnType<typeof createAccount>>;

beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 2 });
  const { system, simulator } = stage;
  area = await createArea(system.administrator, 'Chí Đám');
  await createArea(system.administrator, 'Cát Quế');
  account = await createAccount(system, 'quanly', 'administrator', null);
  const [added] = await addCameras(account.api, area.id, simulator.cameras.slice(0, 1));
  if (added === undefined) throw new Error('no camera was added');
  camera = added;
  incident = await account.api.post('/api/incidents', incidentResponse, {
    areaId: area.id,
    occurredAt: new Date(Date.now() - 3_600_000).toISOString(),
    place: 'Cổng chợ',
    category: 'traffic_accident',
  });
});
afterAll(async () => stage?.close());

/** As a hurried person types. */
const withoutMarks = (text: string) =>
  text.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/g, 'd').replace(/Đ/g, 'D').toLowerCase();

/** Waits until no dialog is on the page, also none that is fading out. */
const noDialog = (page: Page) =>
  waitFor('the dialog is closed', async () => (await page.getByRole('dialog').count()) === 0);

describe.each([
  { language: 'vi', width: 1366, height: 768 },
  { language: 'vi', width: 360, height: 640 },
  { language: 'en', width: 1366, height: 768 },
  { language: 'en', width: 360, height: 640 },
] as const)('forms in $language at $width × $height', ({ language, width, height }) => {
  const words = wordsOf(language);
  let browser: TestBrowser;
  let page: Page;
  let changes: ReturnType<typeof countChanges>;

  beforeAll(async () => {
    const { origin } = stage.system;
    browser = await openBrowser({ origin, width, height });
    ({ page } = browser);
    page.setDefaultTimeout(30_000);
    await account.api.patch('/api/me', z.unknown(), { locale: language });
    const [name = ''] = account.api.cookie.split('=', 1);
    await browser.context.addCookies([{ name, value: account.api.cookie.slice(name.length + 1), url: origin }]);
    changes = countChanges(page);
  });
  afterAll(async () => browser?.close());

  const go = async (path: string) => {
    await page.goto(`${stage.system.origin}${path}`);
    await page.locator('h1').waitFor();
    changes.take();
  };
  const button = (key: string, values?: Record<string, string>) =>
    page.getByRole('button', { name: words(key, values), exact: true }).first();
  const field = (path: string) => page.locator(`input[data-path="${path}"], textarea[data-path="${path}"]`);
  const dialog = () => page.getByRole('dialog');
  const submit = () => dialog().locator('button[type="submit"]');
  const menuItem = async (menu: string, item: string) => {
    await page.getByRole('button', { name: menu }).click();
    await page.getByRole('menuitem', { name: item, exact: true }).click();
  };

  /** Each dialog: how it opens, and each wrong value with the field that is pointed at and its sentence. */
  const dialogs: {
    name: string;
    open(): Promise<void>;
    wrong: { type?: Record<string, string>; path: string; sentence: string }[];
  }[] = [
    {
      name: 'account',
      open: async () => {
        await go('/admin/accounts');
        await button('administration:accounts.add').click();
      },
      wrong: [
        { path: 'displayName', sentence: words('errors:fields.displayName') },
        {
          type: { displayName: 'Lê An', username: 'Lê An!' },
          path: 'username',
          sentence: words('errors:fields.username'),
        },
        { type: { username: 'le.an' }, path: 'areaId', sentence: words('errors:fields.areaId') },
      ],
    },
    {
      name: 'area',
      open: async () => {
        await go('/admin/areas');
        await menuItem(
          words('administration:areas.actionsOf', { area: 'Chí Đám' }),
          words('administration:areas.edit'),
        );
        await dialog().getByRole('radio').last().check();
      },
      wrong: ['abc', '0', '99999', '3,5', ''].map((days) => ({
        type: { retentionDays: days },
        path: 'retentionDays',
        sentence: words('common:retention.wrong'),
      })),
    },
    {
      name: 'password',
      open: async () => {
        await go('/admin/areas');
        await page.locator('header button[aria-haspopup="dialog"]').click();
        await page.getByRole('button', { name: words('common:person.changePassword') }).click();
      },
      wrong: [
        { path: 'currentPassword', sentence: words('errors:fields.currentPassword') },
        {
          type: { currentPassword: 'x', newPassword: 'ngan' },
          path: 'newPassword',
          sentence: words('errors:passwordFaults.short'),
        },
        {
          type: { newPassword: 'du-dai-roi-nhe', again: 'khac' },
          path: 'again',
          sentence: words('auth:passwordsDiffer'),
        },
      ],
    },
    {
      name: 'camera out of use',
      open: async () => {
        await go(`/cameras/${camera.id}`);
        await button('cameras:retirement.button').click();
      },
      wrong: [
        { path: 'reason', sentence: words('common:reason.tooShort') },
        { type: { reason: ' x ' }, path: 'reason', sentence: words('common:reason.tooShort') },
      ],
    },
    {
      name: 'new recorder',
      open: async () => {
        await go('/recorders');
        await button('recorders:add.button').click();
      },
      wrong: [
        { path: 'name', sentence: words('errors:fields.name') },
        ...['xã A', 'http://10.0.0.5:8483', '10.0.0.5/path', 'https://ten:mat@10.0.0.5', '10.0.0.5:99999'].map(
          (url) => ({
            type: { name: 'Máy ghi', url },
            path: 'url',
            sentence: words('recorders:fields.urlWrong'),
          }),
        ),
        {
          type: { url: '10.0.0.5:8483', code: 'ngan' },
          path: 'code',
          sentence: words('recorders:fields.codeWrong'),
        },
      ],
    },
    {
      name: 'name of a recorder',
      open: async () => {
        await go('/recorders');
        await button('recorders:edit.of', { recorder: await recorderName() }).click();
      },
      wrong: [{ type: { name: '  ' }, path: 'name', sentence: words('errors:fields.name') }],
    },
  ];
  const recorderName = async () => {
    const list = z.object({ items: z.array(z.object({ name: z.string() })) });
    return (await account.api.get('/api/recorders', list)).items[0]?.name ?? '';
  };

  it.each(dialogs)('$name: a wrong field is never sent, and typed text never lost', async ({ open, wrong }) => {
    await open();
    await expectInSight(submit());
    for (const { type = {}, path, sentence } of wrong) {
      for (const [name, text] of Object.entries(type)) await field(name).fill(text);
      await submit().click();
      await expectWrong(page, path, sentence);
      await expectInSight(submit());
    }
    expect(changes.take()).toEqual([]);
    await expectAccessible(page, dialog());

    // Something is typed by now, or is typed here.
    const text = dialog().locator('input[data-path]:not([disabled]), textarea[data-path]').first();
    await text.fill('Chữ vừa gõ');
    await text.press('Escape');
    await page.getByTestId('discard-keep').waitFor();
    await expectInSight(page.getByTestId('discard-keep'));
    await expectAccessible(page, dialog());
    await page.keyboard.press('Escape');
    await page.getByTestId('discard-keep').waitFor({ state: 'detached' });
    expect(await text.inputValue()).toBe('Chữ vừa gõ');
    expect(await focusedName(page)).toBe(await text.getAttribute('data-path'));

    await page.mouse.click(2, 2);
    await page.getByTestId('discard-keep').click();
    expect(await text.inputValue()).toBe('Chữ vừa gõ');
    await dialog()
      .getByRole('button', { name: words('common:actions.close') })
      .click();
    await page.getByTestId('discard').click();
    await noDialog(page);
    expect(changes.take()).toEqual([]);
    await waitFor('the opener has the focus', async () => (await focusedName(page)) === 'BUTTON');
  });

  it('a dialog without changes closes at once', async () => {
    await go('/recorders');
    await button('recorders:add.button').click();
    await dialog().waitFor();
    await field('name').press('Escape');
    await noDialog(page);
  });

  it('a camera: wrong values stay in their field, leaving asks, and what is right is saved', async () => {
    await go(`/cameras/${camera.id}`);
    const settings = page.locator('form').filter({ has: field('place') });
    await field('name').fill(' ');
    await settings.locator('button[type="submit"]').click();
    await expectWrong(page, 'name', words('errors:fields.name'));
    await field('name').fill(camera.name);
    await settings.getByRole('radio').last().check();
    await field('retentionDays').fill('99999');
    await field('place').fill('Cổng đình');
    // Enter in another field sends no less than the button.
    await field('place').press('Enter');
    await expectWrong(page, 'retentionDays', words('common:retention.wrong'));
    expect(changes.take()).toEqual([]);
    await expectInSight(settings.locator('button[type="submit"]'));

    await page.locator('main a[href="/cameras"]').first().click();
    await page.getByTestId('leave-stay').click();
    await noDialog(page);
    expect(page.url()).toContain(camera.id);
    expect(await field('place').inputValue()).toBe('Cổng đình');
    const held = page.waitForEvent('dialog');
    void page.evaluate('window.location.reload()').catch(() => undefined);
    const question = await held;
    expect(question.type()).toBe('beforeunload');
    await question.dismiss();

    await field('retentionDays').fill('45');
    await settings.locator('button[type="submit"]').click();
    await waitFor('it is saved', async () => {
      const saved = await account.api.get(`/api/cameras/${camera.id}`, cameraResponse);
      return saved.place === 'Cổng đình' && saved.retentionDays === 45;
    });

    const credentials = page.locator('form').filter({ has: field('username') });
    changes.take();
    await credentials.locator('button[type="submit"]').click();
    await expectWrong(page, 'password', words('cameras:credentials.nothingNew'));
    await field('username').fill('');
    await credentials.locator('button[type="submit"]').click();
    await expectWrong(page, 'username', words('cameras:add.usernameMissing'));
    expect(changes.take()).toEqual([]);
    await field('username').fill(camera.username);
    await account.api.patch(`/api/cameras/${camera.id}`, cameraResponse, { place: '', retentionDays: null });
  });

  it('a camera in two hands: what was not touched is not written back, and the same field is a question', async () => {
    const change = (body: object) => account.api.patch(`/api/cameras/${camera.id}`, cameraResponse, body);
    const saved = () => account.api.get(`/api/cameras/${camera.id}`, cameraResponse);
    await go(`/cameras/${camera.id}`);
    const settings = page.locator('form').filter({ has: field('place') });
    await field('place').fill('Cổng chùa');
    await change({ name: 'Cam đổi tên' });
    await page.locator('h1', { hasText: 'Cam đổi tên' }).waitFor();
    await settings.locator('button[type="submit"]').click();
    await waitFor('the place is saved', async () => (await saved()).place === 'Cổng chùa');
    expect((await saved()).name).toBe('Cam đổi tên');

    await field('place').fill('Cổng đền');
    await change({ place: 'Cổng làng' });
    await page.getByText('Cổng làng').first().waitFor();
    await settings.locator('button[type="submit"]').click();
    const theirs = button('common:conflict.useTheirs');
    await theirs.waitFor();
    await expectInSight(theirs);
    expect((await saved()).place).toBe('Cổng làng');
    await theirs.click();
    await waitFor('theirs is in the field', async () => (await field('place').inputValue()) === 'Cổng làng');
    expect(await field('name').inputValue()).toBe('Cam đổi tên');
    await change({ name: camera.name, place: '' });
  });

  it('adding cameras: a wrong range and a missing password are not sent', async () => {
    await go('/cameras/add');
    await field('ranges').fill('192.168.1.0/24, 10.0.0.0/8');
    await button('cameras:add.search').click();
    await expectWrong(page, 'ranges', words('cameras:add.rangeWrong', { range: '10.0.0.0/8' }));
    expect(changes.take()).toEqual([]);
    await field('ranges').fill('');
    await button('cameras:add.search').click();
    await page.getByRole('checkbox').nth(1).waitFor({ timeout: 60_000 });
    await page.getByRole('checkbox').first().check();
    changes.take();
    const addition = page.locator('form').filter({ has: field('password') });
    await addition.locator('button[type="submit"]').click();
    await expectWrong(page, 'areaId', words('errors:fields.areaId'));
    await field('areaId').click();
    await page.getByRole('option', { name: 'Chí Đám' }).click();
    await field('username').fill('');
    await addition.locator('button[type="submit"]').click();
    await expectWrong(page, 'username', words('cameras:add.usernameMissing'));
    await field('username').fill('admin');
    await page.keyboard.press('Enter');
    await expectWrong(page, 'password', words('cameras:add.passwordMissing'));
    expect(changes.take()).toEqual([]);
    await field('password').fill('mat-khau');
    await page.locator('main a[href="/cameras"]').first().click();
    await page.getByTestId('leave-stay').click();
    await noDialog(page);
    expect(await field('password').inputValue()).toBe('mat-khau');
    await field('password').fill('');
  });

  it('an outcome: needed where the state says so, and not lost on leaving', async () => {
    await go('/incidents');
    await page.getByTestId(`incident-${incident.id}`).click();
    await page.getByTestId('outcome-state').focus();
    await page.keyboard.type(withoutMarks(words('incidents:states.resolved')));
    await page.keyboard.press('Enter');
    expect(await page.getByTestId('outcome-state').inputValue()).toBe(words('incidents:states.resolved'));
    changes.take();
    await page.getByTestId('outcome-save').click();
    await expectWrong(page, 'outcome', words('incidents:outcome.needText'));
    expect(changes.take()).toEqual([]);
    await page.getByTestId('outcome-text').fill('Đã nhắc nhở hai bên');
    await page.goBack();
    await page.getByTestId('leave-stay').click();
    await noDialog(page);
    await page.locator('main a[href="/incidents"]').first().click();
    await expectAccessible(page, dialog());
    await page.keyboard.press('Escape');
    await noDialog(page);
    expect(await page.getByTestId('outcome-text').inputValue()).toBe('Đã nhắc nhở hai bên');
    await page.locator('main a[href="/incidents"]').first().click();
    await page.getByTestId('leave-discard').click();
    await page.getByTestId(`incident-${incident.id}`).waitFor();
    const kept = await account.api.get(`/api/incidents/${incident.id}`, incidentResponse);
    expect([kept.state, kept.outcome]).toEqual([incident.state, '']);
  });

  it('a select: typing filters, Enter takes the first match, Esc and leaving restore', async () => {
    await go('/cameras');
    const select = page.getByRole('combobox').first();
    await select.focus();
    await page.keyboard.type('chi dam');
    const option = page.getByRole('option');
    await waitFor('one is left', async () => (await option.count()) === 1);
    expect(await select.getAttribute('aria-activedescendant')).toBe(await option.first().getAttribute('id'));
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('area') === area.id);
    await waitFor('the choice is shown', async () => (await select.inputValue()) === 'Chí Đám');

    await page.keyboard.type('dam chi');
    await page.keyboard.press('Escape');
    expect(await select.inputValue()).toBe('Chí Đám');
    await page.keyboard.type('không có đâu');
    await page.keyboard.press('Enter');
    await page.getByText(words('common:area.notFound')).waitFor();
    await select.blur();
    expect(await select.inputValue()).toBe('Chí Đám');
    expect(new URL(page.url()).searchParams.get('area')).toBe(area.id);

    await select.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('area') !== area.id);

    await go('/admin/audit');
    if (width < 600) await button('administration:audit.filters').click();
    const action = page.getByRole('combobox', { name: words('administration:audit.action') });
    await action.focus();
    await page.keyboard.type(withoutMarks(words('administration:auditActions.camera.create')));
    await page.keyboard.press('Tab');
    await page.waitForURL((url) => url.searchParams.get('action') === 'camera.create');
  });

  it('an account is created with the keyboard alone', async () => {
    const username = `binh.${language}.${width}`;
    const { roles } = await account.api.get('/api/names', namesResponse);
    const technician = roles.find(({ code }) => code === 'technician')?.[language] ?? '';
    await go('/admin/accounts');
    await button('administration:accounts.add').focus();
    await page.keyboard.press('Enter');
    await dialog().waitFor();
    await waitFor('the first field has the focus', async () => (await focusedName(page)) === 'displayName');
    await waitFor('the names of the roles are there', async () => (await field('role').inputValue()) !== '');
    await page.keyboard.type('Trần Bình');
    await page.keyboard.press('Tab');
    await page.keyboard.type(username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(withoutMarks(technician));
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('cat que');
    await page.keyboard.press('Enter');
    changes.take();
    await page.keyboard.press('Enter');
    await page.getByTestId('new-password').waitFor();
    expect(changes.take()).toEqual(['POST /api/accounts']);
    const { items } = await account.api.get(
      '/api/accounts',
      z.object({ items: z.array(z.object({ username: z.string(), role: z.string(), areaId: z.string().nullable() })) }),
    );
    const areas = await account.api.get('/api/areas', areaListResponse);
    expect(items.find((one) => one.username === username)).toMatchObject({
      role: 'technician',
      areaId: areas.items.find(({ name }) => name === 'Cát Quế')?.id,
    });
    // Shown once: neither a key nor a click beside takes it away.
    await page.keyboard.press('Escape');
    await page.mouse.click(2, 2);
    await expectAccessible(page, dialog());
    await page.getByTestId('new-password').waitFor();
  });

  it('sign-in points at the empty field and sends nothing', async ({ onTestFailed }) => {
    onTestFailed(() => photographAll([browser]));
    await browser.context.clearCookies();
    await go('/sign-in');
    await page.locator('button[type="submit"]').click();
    await expectWrong(page, 'username', words('auth:signIn.needUsername'));
    await field('username').fill('quanly');
    await page.keyboard.press('Enter');
    await expectWrong(page, 'password', words('auth:signIn.needPassword'));
    expect(changes.take()).toEqual([]);
    // A sentence that stands at its field is said again in the language that is chosen meanwhile.
    const other = language === 'vi' ? 'en' : 'vi';
    await page.getByText(words(`common:languages.${other}`), { exact: true }).click();
    await page.getByText(wordsOf(other)('auth:signIn.needPassword')).first().waitFor();
    expect(await page.getByText(words('auth:signIn.needPassword')).count()).toBe(0);
  });
});
