import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cameraResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import { clipListResponse, clipResponse, holdListResponse, tagResponse } from '@choi-canh/shared/evidence';
import { incidentResponse, type IncidentResponse } from '@choi-canh/shared/incidents';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seriousFaults, watchPages, type PageComplaints } from '../harness/axe.js';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import { addCameras, createAccount, createArea, root, waitUntilRecorded } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

const widths = [
  [1440, 900],
  [768, 1024],
  [360, 740],
] as const;

let stage: Stage;
let browser: TestBrowser;
let page: Page;
let complaints: PageComplaints;
let cameras: CameraResponse[];
let incident: IncidentResponse;
let at: (seconds: number) => string;
/** Of the pages for who is not signed in. */
const faultsBefore: string[] = [];

beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 2 });
  const { system, simulator } = stage;
  const area = await createArea(system.administrator, 'Chí Đám');
  cameras = await addCameras(system.administrator, area.id, simulator.cameras);
  const { api, ...account } = await createAccount(system, 'quanly', 'administrator', null);
  await waitUntilRecorded(
    api,
    cameras.map((camera) => camera.id),
  );
  const startMs = Date.now();
  await waitFor('some footage', () => Date.now() - startMs > 10_000);
  at = (seconds) => new Date(startMs + seconds * 1000).toISOString();
  incident = await api.post('/api/incidents', incidentResponse, {
    areaId: area.id,
    occurredAt: at(2),
    place: 'Ngã ba chợ',
    category: 'traffic_accident',
  });
  const path = `/api/incidents/${incident.id}`;
  const range = { cameraId: cameras[0]!.id, from: at(1), to: at(4) };
  await api.post(`${path}/tags`, tagResponse, { ...range, note: 'Xe máy vượt đèn đỏ', decisive: true });
  await api.post(`${path}/holds`, holdListResponse, { cameraIds: [cameras[1]!.id], from: at(1), to: at(4) });
  const clip = await api.post(`${path}/clips`, clipResponse, range);
  await waitFor('a clip', async () =>
    (await api.get(`${path}/clips`, clipListResponse)).items.some(
      ({ id, state }) => id === clip.id && state === 'done',
    ),
  );
  // What is wrong is shown too: the second camera is asked with a password that is not its own.
  await api.patch(`/api/cameras/${cameras[1]!.id}`, cameraResponse, { password: 'khong-phai' });
  browser = await openBrowser({ origin: system.origin });
  page = browser.page;
  complaints = await watchPages(browser.context, page);
  for (const path of ['/sign-in', '/setup']) {
    await page.goto(`${system.origin}${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    faultsBefore.push(
      ...(await faultsHere(path)),
      ...((await page.title()) === 'Chòi Canh' ? [`${path}: no title`] : []),
    );
  }
  await signIn(page, system.origin, account.username, account.password);
  await waitFor('the camera refuses', async () => {
    const { items } = (await (await page.request.get(`${system.origin}/api/cameras`)).json()) as {
      items: CameraResponse[];
    };
    return items.some(({ reason }) => reason === 'wrong_password');
  });
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

/** A text of the Vietnamese pages, as a person finds it: `words('live', 'choose')`. */
function words(file: string, key: string): string {
  const texts: unknown = JSON.parse(readFileSync(join(root, `client/src/locales/vi/${file}.json`), 'utf8'));
  const text = key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], texts);
  if (typeof text !== 'string') throw new Error(`no text ${file}:${key}`);
  return text;
}
const button = (file: string, key: string) => page.getByRole('button', { name: words(file, key), exact: true });
const reviewAddress = (more = '') => `/review?incident=${incident.id}&at=${at(3)}${more}`;
const openReview = () => reviewAddress(`&cams=${cameras[0]!.id}`);

/** What is shown now, at every width. Serious faults, each with where it was seen. */
async function faultsHere(what: string, at: readonly (readonly [number, number])[] = widths): Promise<string[]> {
  const found: string[] = [];
  for (const [width, height] of at) {
    await page.setViewportSize({ width, height });
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    found.push(...(await seriousFaults(page)).map((fault) => `${what} at ${width}: ${fault}`));
  }
  return found;
}

interface Visit {
  path: () => string;
  /** Shown once the page has what it is about. */
  ready: () => Promise<void>;
  title: () => string;
  /** Dialogs and menus, each by the way to it from the page as it was loaded. */
  opens?: Record<string, () => Promise<void>>;
}

const heading = (name: string | RegExp) => () => page.getByRole('heading', { level: 1, name }).first().waitFor();
const testId = (id: string) => () => page.getByTestId(id).first().waitFor();

const visits: Record<string, Visit> = {
  incidents: {
    path: () => '/incidents',
    ready: () => page.getByTestId(`incident-${incident.id}`).waitFor(),
    title: () => 'Vụ việc · Chòi Canh',
    opens: {
      'the incident form': () => page.getByTestId('incident-create').first().click(),
      'the incident form with errors': async () => {
        await page.getByTestId('incident-create').first().click();
        await page.getByTestId('incident-time').fill('25 giờ');
        await page.getByTestId('incident-submit').click();
        await page.locator('[role=dialog] [aria-invalid=true]').first().waitFor();
      },
      'the menu of the person': () => page.getByRole('button', { name: /quanly/ }).click(),
      'the password dialog': async () => {
        await page.getByRole('button', { name: /quanly/ }).click();
        await page.getByRole('button', { name: words('common', 'person.changePassword') }).click();
      },
    },
  },
  incident: {
    path: () => `/incidents/${incident.id}`,
    ready: testId('clip-download'),
    title: () => `${incident.number} · Tai nạn giao thông · Chòi Canh`,
    opens: {
      'its form': () => button('incidents', 'page.edit').click(),
      'the menu of a tag': () => button('incidents', 'tags.more').first().click(),
      'the note of a tag': async () => {
        await button('incidents', 'tags.more').first().click();
        await page.getByRole('menuitem', { name: words('incidents', 'tags.editNote') }).click();
      },
      'the deletion of a tag': async () => {
        await button('incidents', 'tags.more').first().click();
        await page.getByRole('menuitem', { name: words('incidents', 'tags.delete') }).click();
      },
      'the release of a hold': () => button('incidents', 'holds.release').first().click(),
    },
  },
  'review set-up': {
    path: () => reviewAddress(),
    ready: testId('review-open'),
    title: () => `${incident.number} · Xem lại hình ảnh · Chòi Canh`,
  },
  review: {
    path: openReview,
    ready: async () => {
      const open = page.getByTestId('review-open');
      const controls = page.getByTestId('review-controls');
      await open.or(controls).first().waitFor();
      // What was opened before opens by itself, maybe just now.
      if (await open.isVisible()) await open.click({ timeout: 5000 }).catch(() => controls.waitFor());
      await controls.waitFor();
    },
    title: () => `${incident.number} · Xem lại hình ảnh · Chòi Canh`,
    opens: {
      'the keys': () => page.keyboard.press('?'),
      'the tag dialog': () => page.getByTestId('review-tag').click(),
      'the extract dialog': () => page.getByTestId('review-extract').click(),
    },
  },
  live: {
    path: () => '/live',
    ready: heading('Xem trực tiếp'),
    title: () => 'Xem trực tiếp · Chòi Canh',
    opens: { 'the choice of cameras': () => button('live', 'choose').click() },
  },
  'live, one camera': {
    path: () => `/live?focus=${cameras[0]!.id}`,
    ready: async () => heading(cameras[0]!.name)(),
    title: () => `${cameras[0]!.name} · Xem trực tiếp · Chòi Canh`,
  },
  cameras: {
    path: () => '/cameras',
    ready: () => page.getByText(words('common', 'cameraReasons.wrong_password')).first().waitFor(),
    title: () => 'Tình trạng camera · Chòi Canh',
  },
  camera: {
    path: () => `/cameras/${cameras[1]!.id}`,
    ready: testId('camera-cure'),
    title: () => `${cameras[1]!.name} · Chòi Canh`,
    opens: { 'taking it out of use': () => button('cameras', 'retirement.button').click() },
  },
  'adding cameras': {
    path: () => '/cameras/add',
    ready: async () => {
      await button('cameras', 'add.search').click();
      await page.getByText('thấy 2 thiết bị').waitFor({ timeout: 60_000 });
    },
    title: () => 'Thêm camera · Chòi Canh',
  },
  recorders: {
    path: () => '/recorders',
    ready: () => page.getByText(words('recorders', 'reachable')).first().waitFor(),
    title: () => 'Máy ghi · Chòi Canh',
    opens: {
      'the addition of one': () => button('recorders', 'add.button').click(),
      'the change of one': () => page.getByRole('button', { name: /^Sửa / }).first().click(),
    },
  },
  reports: {
    path: () => '/reports',
    ready: () => page.getByRole('table').first().waitFor(),
    title: () => 'Báo cáo · Chòi Canh',
  },
  areas: {
    path: () => '/admin/areas',
    ready: () => page.getByText('Chí Đám').first().waitFor(),
    title: () => 'Địa bàn · Chòi Canh',
    opens: {
      'the addition of one': () => button('administration', 'areas.addRoot').first().click(),
      'the menu of one': () => page.getByRole('table').getByRole('button').last().click(),
      'the deletion of one': async () => {
        await page.getByRole('table').getByRole('button').last().click();
        await page.getByRole('menuitem', { name: words('administration', 'areas.delete') }).click();
      },
    },
  },
  accounts: {
    path: () => '/admin/accounts',
    ready: () => page.getByText('quanly').first().waitFor(),
    title: () => 'Tài khoản · Chòi Canh',
    opens: {
      'the addition of one': () => button('administration', 'accounts.add').click(),
      'the change of one': () => page.getByRole('table').getByRole('button').first().click(),
    },
  },
  names: {
    path: () => '/admin/names',
    ready: testId('names-save'),
    title: () => `${words('administration', 'names.title')} · Chòi Canh`,
  },
  audit: {
    path: () => '/admin/audit',
    ready: () => button('administration', 'audit.details').first().waitFor(),
    title: () => 'Nhật ký sử dụng · Chòi Canh',
    opens: { 'the details of a record': () => button('administration', 'audit.details').first().click() },
  },
  'a page that is not there': {
    path: () => '/khong-co',
    ready: heading('Không tìm thấy trang'),
    title: () => 'Không tìm thấy trang · Chòi Canh',
  },
  'an incident that is not there': {
    path: () => '/incidents/00000000-0000-4000-8000-000000000000',
    ready: heading('Không tìm thấy vụ việc'),
    title: () => 'Không tìm thấy vụ việc · Chòi Canh',
  },
};

async function visit(name: string): Promise<Visit> {
  const found = visits[name];
  if (found === undefined) throw new Error(`no visit ${name}`);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${stage.system.origin}${found.path()}`);
  await found.ready();
  return found;
}

/** @returns whether nothing is open any more; what was typed is given up */
async function closeAll(): Promise<boolean> {
  const open = page.locator('[role=dialog], [role=menu]');
  for (let tries = 0; tries < 3 && (await open.count()) > 0; tries += 1) {
    await page.keyboard.press('Escape');
    const discard = page.getByTestId('discard');
    if (await discard.isVisible()) await discard.click();
    await open
      .first()
      .waitFor({ state: 'detached', timeout: 2000 })
      .catch(() => undefined);
  }
  return (await open.count()) === 0;
}

describe('every page and what opens on it, in Chromium', () => {
  it('sign-in and set-up', () => expect(faultsBefore).toEqual([]));

  it.each(Object.keys(visits))('%s', async (name) => {
    const here = await visit(name);
    await waitFor('the title', async () => (await page.title()) === here.title()).catch(async () => {
      expect(await page.title()).toBe(here.title());
    });
    const faults = await faultsHere(name);
    for (const [what, open] of Object.entries(here.opens ?? {})) {
      await page.setViewportSize({ width: 1440, height: 900 });
      if (!(await closeAll())) await visit(name);
      await open();
      await page.locator('[role=dialog], [role=menu], [aria-expanded=true]').first().waitFor();
      faults.push(...(await faultsHere(`${name}, ${what}`)));
    }
    expect(faults).toEqual([]);
  });

  it('is as well in the dark, and where the menu folds', async () => {
    await visit('incidents');
    await page.setViewportSize({ width: 768, height: 900 });
    await page.getByRole('button', { name: words('common', 'navigation') }).click();
    const faults = await faultsHere('the folded menu', [[768, 900]]);
    await page.evaluate(`localStorage.setItem('mantine-color-scheme-value', 'dark')`);
    for (const name of ['incidents', 'incident', 'review', 'cameras', 'camera', 'recorders', 'reports', 'audit']) {
      await visit(name);
      faults.push(...(await faultsHere(`${name}, dark`, [[1440, 900]])));
    }
    await page.evaluate(`localStorage.removeItem('mantine-color-scheme-value')`);
    expect(faults).toEqual([]);
  });

  it('complains of nothing in its console, and asks for nothing that its policy forbids', async () => {
    // What is not there is asked for on purpose by one of the visits, and the browser says so.
    const expected = '/api/incidents/00000000-0000-4000-8000-000000000000';
    expect(complaints.console.filter((line) => !line.includes(expected))).toEqual([]);
    expect(complaints.policy).toEqual([]);
    expect(browser.pageErrors).toEqual([]);
    expect(browser.foreignRequests).toEqual([]);
  });
});

describe('the keyboard after a navigation', () => {
  // A link that was clicked has the keyboard too, and may read the same.
  const focused = () => page.evaluate<string>(`document.activeElement?.closest('h1')?.textContent ?? ''`);
  const untilFocused = (text: string) =>
    waitFor(`the heading has the keyboard: ${text}`, async () => (await focused()) === text);

  it('is at the heading of the page, and stays where it is while only the query changes', async () => {
    await visit('incidents');
    await page.getByRole('link', { name: 'Camera', exact: true }).first().click();
    await untilFocused('Tình trạng camera');
    expect(await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`)).toBe('none');
    await page.getByRole('link', { name: cameras[0]!.name }).click();
    await untilFocused(cameras[0]!.name);
    await page.goBack();
    await untilFocused('Tình trạng camera');
    const search = page.getByLabel(words('cameras', 'search'));
    await search.fill('cam');
    await waitFor('the address carries it', () => page.url().includes('q=cam'));
    expect(await page.evaluate(`document.activeElement.tagName`)).toBe('INPUT');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(`document.activeElement !== document.body`)).toBe(true);
  });
});

describe('a camera that refuses its password', () => {
  it('has the cure beside the complaint, in the list and on its page', async ({ onTestFailed }) => {
    onTestFailed(() => photographAll([browser]));
    await visit('cameras');
    await page.getByRole('link', { name: words('cameras', 'cure.password') }).click();
    await waitFor('the password has the keyboard', () =>
      page.evaluate<boolean>(`document.activeElement?.id === 'camera-password'`),
    );
    const device = page.getByRole('link', { name: words('cameras', 'cure.device') });
    expect(await device.getAttribute('href')).toBe(`${new URL(cameras[1]!.deviceAddress).origin}/`);
    expect(await device.getAttribute('rel')).toBe('noopener noreferrer');
    await page.getByTestId('camera-retry').click();
    await page.getByText(words('cameras', 'cure.tried')).waitFor();
    await page.getByTestId('camera-retry').click();
    await page.getByText('có thể làm thiết bị tự khóa').waitFor();
    await page.locator('#camera-password').fill(stage.simulator.cameras[1]!.password);
    await button('cameras', 'credentials.save').click();
    await page.getByTestId('camera-cure').waitFor({ state: 'detached', timeout: 60_000 });
  });
});
