import { tagListResponse, tagResponse } from '@choi-canh/shared/evidence';
import { incidentResponse, type IncidentResponse } from '@choi-canh/shared/incidents';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { expectInSight, expectWrong } from '../harness/forms.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import { addCameras, createAccount, createArea } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';
import { wordsOf } from '../harness/words.js';

// A case in two hands, and what is taken back: in both languages, on a desk and on a phone.

let stage: Stage;
let browser: TestBrowser;
let officer: Awaited<ReturnType<typeof createAccount>>;
let areaId: string;
let cameraId: string;

beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 1 });
  const { system, simulator } = stage;
  ({ id: areaId } = await createArea(system.administrator, 'Chí Đám'));
  const [camera] = await addCameras(system.administrator, areaId, simulator.cameras);
  cameraId = camera?.id ?? '';
  officer = await createAccount(system, 'congan', 'commune_officer', areaId);
  browser = await openBrowser({ origin: system.origin });
  await signIn(browser.page, system.origin, officer.username, officer.password);
});
afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

const noDialog = (page: Page) =>
  waitFor('the dialog is closed', async () => (await page.getByRole('dialog').count()) === 0);
const removeFocus = (part: Locator) => part.blur();

describe.each([
  { language: 'vi', width: 1366, height: 768 },
  { language: 'vi', width: 360, height: 740 },
  { language: 'en', width: 1366, height: 768 },
  { language: 'en', width: 360, height: 740 },
] as const)('a case in $language at $width × $height', ({ language, width, height }) => {
  const words = wordsOf(language);
  let incident: IncidentResponse;
  let page: Page;

  beforeAll(async () => {
    await officer.api.patch('/api/me', z.unknown(), { locale: language });
    incident = await officer.api.post('/api/incidents', incidentResponse, {
      areaId,
      occurredAt: new Date(Date.now() - 3_600_000).toISOString(),
      place: 'Cổng chợ',
      category: 'traffic_accident',
    });
    page = await open(`/incidents/${incident.id}`);
  });
  afterAll(async () => page?.close({ runBeforeUnload: false }));

  async function open(path: string): Promise<Page> {
    const tab = await browser.context.newPage();
    await tab.setViewportSize({ width, height });
    await tab.goto(stage.system.origin + path);
    await tab.locator('h1').waitFor();
    return tab;
  }
  const now = () => officer.api.get(`/api/incidents/${incident.id}`, incidentResponse);

  it('a tag that was edited, and one that was deleted, come back as they were', async ({ onTestFailed }) => {
    onTestFailed(() => photographAll([browser]));
    const from = new Date(Date.parse(incident.occurredAt) + 5000).toISOString();
    const to = new Date(Date.parse(incident.occurredAt) + 9000).toISOString();
    const note = 'Xe mô tô màu đỏ';
    await officer.api.post(`/api/incidents/${incident.id}/tags`, tagResponse, {
      ...{ cameraId, from, to, note, decisive: true },
    });
    const tags = async () => {
      const { items } = await officer.api.get(`/api/incidents/${incident.id}/tags`, tagListResponse);
      return items.map((tag) => ({ from: tag.from, to: tag.to, note: tag.note, decisive: tag.decisive }));
    };
    const asMade = [{ from, to, note, decisive: true }];
    await page.reload();
    const menu = async (item: string) => {
      const entry = page.getByRole('menuitem', { name: words(item) });
      await page.getByText(note).filter({ visible: true }).first().waitFor();
      await page.getByRole('button', { name: words('incidents:tags.more') }).click();
      await entry.click();
    };
    const undo = async () => {
      await page.getByTestId('undo').scrollIntoViewIfNeeded();
      await expectInSight(page.getByTestId('undo'));
      await page.getByTestId('undo').click();
    };

    await menu('incidents:tags.editNote');
    await page.getByRole('dialog').locator('textarea').first().fill('Ghi nhầm');
    await page.getByRole('button', { name: words('incidents:tags.saveNote') }).click();
    await noDialog(page);
    await waitFor('it is edited', async () => (await tags())[0]?.note === 'Ghi nhầm');
    await undo();
    await waitFor('it is as it was', async () => JSON.stringify(await tags()) === JSON.stringify(asMade));
    await page.getByText(note).filter({ visible: true }).first().waitFor();

    await menu('incidents:tags.delete');
    await page
      .getByRole('dialog')
      .getByRole('button', { name: words('incidents:tags.delete') })
      .click();
    await noDialog(page);
    await waitFor('it is deleted', async () => (await tags()).length === 0);
    await undo();
    await waitFor('it is back as it was', async () => JSON.stringify(await tags()) === JSON.stringify(asMade));
    await page.getByText(note).filter({ visible: true }).first().waitFor();
    // By the keyboard as well, and forward again.
    await page.keyboard.press('Control+y');
    await waitFor('it is deleted again', async () => (await tags()).length === 0);
    await page.keyboard.press('Control+z');
    await waitFor('it is back again', async () => JSON.stringify(await tags()) === JSON.stringify(asMade));
  });

  it('two tabs: the conflict comes into view, and what is saved was chosen knowingly', async ({ onTestFailed }) => {
    onTestFailed(() => photographAll([browser]));
    const other = await open(`/incidents/${incident.id}`);
    const outcome = (tab: Page) => tab.getByTestId('outcome-text');
    await outcome(page).fill('Hai bên tự thỏa thuận');
    await removeFocus(outcome(page));
    await outcome(other).fill('Đã lập biên bản');
    await other.getByTestId('outcome-save').click();
    await waitFor('the other tab has saved', async () => (await now()).outcome === 'Đã lập biên bản');

    await page.getByTestId('outcome-save').click();
    const overwrite = page.getByRole('button', { name: words('common:conflict.useMine') });
    await overwrite.waitFor();
    await expectInSight(overwrite);
    await expectInSight(page.getByRole('button', { name: words('common:conflict.useTheirs') }));
    expect(await outcome(page).inputValue()).toBe('Hai bên tự thỏa thuận');
    expect((await now()).outcome).toBe('Đã lập biên bản');
    await overwrite.click();
    await waitFor('it is overwritten', async () => (await now()).outcome === 'Hai bên tự thỏa thuận');

    // The facts, in their dialog: the newest version is taken.
    await page.getByRole('button', { name: words('incidents:page.edit') }).click();
    const place = page.getByTestId('incident-place');
    await place.fill('Cổng trường');
    await officer.api.patch(`/api/incidents/${incident.id}`, incidentResponse, {
      place: 'Cổng đình',
      version: (await now()).version,
    });
    await page.getByTestId('incident-submit').click();
    const theirs = page.getByRole('button', { name: words('common:conflict.useTheirs') });
    await theirs.waitFor();
    await expectInSight(theirs);
    await theirs.click();
    await waitFor('the newest place is in the field', async () => (await place.inputValue()) === 'Cổng đình');
    await page.getByRole('dialog').press('Escape');
    await noDialog(page);
    await other.close({ runBeforeUnload: false });
  });

  it('an outcome that is too long is counted, refused in words, and kept whole', async () => {
    const text = `${'Đã xác minh. '.repeat(400)}Hết`;
    await page.getByTestId('outcome-text').fill(text);
    const number = (value: number) => new Intl.NumberFormat(language).format(value);
    const sentence = words('common:form.tooLong', {
      ...{ length: number(text.length), most: number(5000), over: number(text.length - 5000) },
    });
    await page.getByText(sentence).waitFor();
    await page.getByTestId('outcome-save').click();
    await expectWrong(page, 'outcome', sentence);
    expect(await page.getByTestId('outcome-text').inputValue()).toBe(text);
    expect((await now()).outcome).toBe('Hai bên tự thỏa thuận');
  });

  it('what is being typed survives a session that ends, for the same person on the same page', async ({
    onTestFailed,
  }) => {
    onTestFailed(() => photographAll([browser]));
    await page.getByTestId('outcome-text').fill('Đang gõ dở khi hết phiên');
    await stage.system.administrator.fetch('PATCH', `/api/accounts/${officer.id}`, { password: officer.password });
    await officer.api.signIn(officer.username, officer.password);
    await page.getByTestId('session-ended').waitFor();
    await page.locator('input[data-path="username"]').fill(officer.username);
    await page.locator('input[data-path="password"]').fill(officer.password);
    await page.locator('button[type="submit"]').click();
    await page.waitForURL((url) => url.pathname === `/incidents/${incident.id}`);
    await page.getByTestId('form-restored').waitFor();
    expect(await page.getByTestId('outcome-text').inputValue()).toBe('Đang gõ dở khi hết phiên');
    expect((await now()).outcome).toBe('Hai bên tự thỏa thuận');
    await page.getByTestId('outcome-save').click();
    await waitFor('it is saved', async () => (await now()).outcome === 'Đang gõ dở khi hết phiên');
    await page.getByTestId('form-restored').waitFor({ state: 'detached' });
  });
});
