import { meResponse } from '@choi-canh/shared/accounts';
import type { CameraResponse } from '@choi-canh/shared/cameras';
import { incidentPageResponse, incidentResponse, type IncidentResponse } from '@choi-canh/shared/incidents';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { openStage, requireBuiltClient, signIn, type Stage } from '../harness/stage.js';
import { addCameras, createAccount, createArea, waitUntilRecorded } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

// Times typed as people type them, through the real forms: what is stored is what was typed, or nothing is.

const dayMs = 86_400_000;
const vietnamMs = 7 * 3600_000;
const midnight = (ms: number) => Math.floor((ms + vietnamMs) / dayMs) * dayMs - vietnamMs;
/** Wall time in Vietnam so many days before today. */
const daysAgo = (days: number, hour = 0, minute = 0) =>
  midnight(Date.now()) - days * dayMs + (hour * 60 + minute) * 60_000;
const shown = (ms: number) => {
  const [date = '', time = ''] = new Date(ms + vietnamMs).toISOString().split('T');
  return `${date.split('-').reverse().join('/')} ${time.slice(0, 8)}`;
};
const dayAndMonth = (ms: number) => {
  const day = new Date(ms + vietnamMs);
  return `${day.getUTCDate()}/${day.getUTCMonth() + 1}`;
};

let stage: Stage;
let browser: TestBrowser;
let page: Page;
let officer: Awaited<ReturnType<typeof createAccount>>;
let camera: CameraResponse;

beforeAll(async () => {
  requireBuiltClient();
  stage = await openStage({ cameras: 2 });
  const area = await createArea(stage.system.administrator, 'Chí Đám');
  officer = await createAccount(stage.system, 'congan', 'commune_officer', area.id);
  const cameras = await addCameras(stage.system.administrator, area.id, stage.simulator.cameras);
  await waitUntilRecorded(
    stage.system.administrator,
    cameras.map((one) => one.id),
  );
  camera = cameras[0] as CameraResponse;
  browser = await openBrowser({ origin: stage.system.origin, width: 1366, height: 768 });
  page = browser.page;
  await signIn(page, stage.system.origin, officer.username, officer.password);
});
afterAll(async () => {
  await browser?.close();
  await stage?.close();
});
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => photographAll([browser]));
});

const incidents = async () => (await officer.api.get('/api/incidents?limit=200', incidentPageResponse)).items;
const byPlace = async (place: string) => (await incidents()).filter((one) => one.place === place);

/** The incident form, opened anew, in `language`. */
async function openForm(language: 'vi' | 'en' = 'vi') {
  await officer.api.patch('/api/me', meResponse, { locale: language });
  await page.goto(`${stage.system.origin}/incidents`);
  await page.getByTestId('incident-create').first().click();
  await page.getByTestId('incident-form').waitFor();
  return page.getByTestId('incident-time');
}
async function fillTheRest(place: string, category = 'tai nan') {
  await page.getByTestId('incident-place').fill(place);
  await page.getByTestId('incident-category').click();
  await page.getByTestId('incident-category').pressSequentially(category);
  await page.getByTestId('incident-category').press('Enter');
}
async function created(place: string): Promise<IncidentResponse> {
  await page.waitForURL(/\/incidents\/[0-9a-f-]{36}/);
  const [incident, ...more] = await byPlace(place);
  expect(more).toEqual([]);
  if (incident === undefined) throw new Error(`no incident at ${place}`);
  return incident;
}
const activeTestId = () => page.locator(':focus').getAttribute('data-testid');

it('shows all that is needed, and the button, without scrolling', async () => {
  await openForm();
  const hidden = await page
    .locator('.mantine-Modal-content')
    .evaluate((box: { scrollHeight: number; clientHeight: number }) => box.scrollHeight - box.clientHeight);
  expect(hidden).toBe(0);
  for (const id of ['incident-time', 'incident-place', 'incident-category', 'incident-area', 'incident-submit']) {
    const box = await page.getByTestId(id).boundingBox();
    expect(box, id).not.toBeNull();
    expect((box?.y ?? 0) + (box?.height ?? 0), id).toBeLessThanOrEqual(768);
  }
  expect(await page.getByTestId('incident-description').isVisible()).toBe(false);
  await page.getByTestId('incident-more').click();
  await page.getByTestId('incident-description').waitFor();
  expect((await page.getByTestId('incident-submit').boundingBox())?.y).toBeLessThanOrEqual(768 - 40);
});

it.each([
  { language: 'vi', width: 1366, height: 768 },
  { language: 'vi', width: 360, height: 740 },
  { language: 'en', width: 1366, height: 768 },
  { language: 'en', width: 360, height: 740 },
] as const)('understands every phrase and says so, in $language at $width', async ({ language, width, height }) => {
  await page.setViewportSize({ width, height });
  const field = await openForm(language);
  const yesterday = daysAgo(1);
  const phrases: [string, number][] = [
    ['14h30', daysAgo(0, 14, 30)],
    ['14 giờ 30', daysAgo(0, 14, 30)],
    ['14.30', daysAgo(0, 14, 30)],
    ['1430', daysAgo(0, 14, 30)],
    ['2h30 chiều', daysAgo(0, 14, 30)],
    ['hôm qua 14:30', daysAgo(1, 14, 30)],
    ['14:30 hôm qua', daysAgo(1, 14, 30)],
    ['tối qua', daysAgo(1, 18)],
    [`14h30 ngày ${dayAndMonth(yesterday)}`, daysAgo(1, 14, 30)],
    [`14:30 - ${shown(yesterday).slice(0, 10)}`, daysAgo(1, 14, 30)],
    ['yesterday 2:30 pm', daysAgo(1, 14, 30)],
  ];
  for (const [phrase, ms] of phrases) {
    await field.fill(phrase);
    await page.getByTestId('incident-form').getByText(shown(ms)).waitFor();
    await field.blur();
    expect(await field.inputValue(), phrase).toBe(shown(ms));
  }
  const before = Date.now();
  await field.fill('15 phút trước');
  await field.blur();
  const [date = '', time = ''] = (await field.inputValue()).split(' ');
  const atMs = Date.parse(`${date.split('/').reverse().join('-')}T${time}+07:00`);
  expect(Math.abs(before - 15 * 60_000 - atMs)).toBeLessThan(60_000);
  await page.setViewportSize({ width: 1366, height: 768 });
});

it('stores what was typed, also when the button is pressed at once', async () => {
  const field = await openForm();
  await fillTheRest('Cổng chợ');
  await field.fill('14:30 hôm qua');
  await page.getByTestId('incident-submit').click();
  const incident = await created('Cổng chợ');
  expect(incident.occurredAt).toBe(new Date(daysAgo(1, 14, 30)).toISOString());
  expect(incident.category).toBe('traffic_accident');
});

it('stores what was typed when Enter is pressed in the field', async () => {
  const field = await openForm();
  await fillTheRest('Ngã ba chợ', 'trom');
  await field.fill('hôm kia 9h');
  await field.press('Enter');
  expect((await created('Ngã ba chợ')).occurredAt).toBe(new Date(daysAgo(2, 9)).toISOString());
});

it('a quick choice of the day keeps the clock time that was typed', async () => {
  const field = await openForm();
  await field.fill('9h15');
  await page.locator('[data-quick="yesterday"]').click();
  expect(await field.inputValue()).toBe(shown(daysAgo(1, 9, 15)));
  expect(await activeTestId()).toBe('incident-time');
});

it.each([
  ['vi', 'lúc chiều tà', 'Chưa hiểu thời gian này. Ví dụ: 14h30, hôm qua 14h30, 22/11/2026 14:30.'],
  ['vi', '25:00', 'Không có giờ này.'],
  ['vi', '31/02', 'Không có ngày này.'],
  ['vi', '', 'Hãy nhập thời gian xảy ra.'],
  ['vi', 'mai 9h', 'Thời gian xảy ra ở tương lai. Hãy nhập thời gian đã qua.'],
  ['en', 'soonish', 'This time was not understood. For example: 14:30, yesterday 2:30 pm, 22/11/2026 14:30.'],
  ['en', 'tomorrow 9am', 'The time of occurrence is in the future. Enter a time that has passed.'],
] as const)('%s: "%s" creates nothing, by button or by Enter', async (language, phrase, sentence) => {
  const known = (await incidents()).length;
  const field = await openForm(language);
  await page.getByTestId('incident-place').fill('Không tạo');
  await page.getByTestId('incident-category').click();
  await page.getByTestId('incident-category').press('Enter');
  let posts = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/incidents')) posts += 1;
  });
  await field.fill(phrase);
  await page.getByTestId('incident-submit').click();
  await page.getByTestId('incident-form').getByText(sentence).first().waitFor();
  expect(await activeTestId()).toBe('incident-time');
  expect(await field.inputValue()).toBe(/mai|tomorrow/.test(phrase) ? shown(daysAgo(-1, 9)) : phrase);
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  await field.press('Enter');
  await page.getByTestId('incident-form').getByText(sentence).first().waitFor();
  expect(posts).toBe(0);
  expect((await incidents()).length).toBe(known);
});

it('a time without a day is of today, also where an old incident is edited', async () => {
  const old = await officer.api.post('/api/incidents', incidentResponse, {
    areaId: camera.areaId,
    occurredAt: new Date(daysAgo(40, 8)).toISOString(),
    place: 'Bến đò',
    category: 'theft',
  });
  await officer.api.patch('/api/me', meResponse, { locale: 'vi' });
  await page.goto(`${stage.system.origin}/incidents/${old.id}`);
  await page.getByRole('button', { name: 'Sửa thông tin' }).click();
  const field = page.getByTestId('incident-time');
  expect(await field.inputValue()).toBe(shown(daysAgo(40, 8)));
  await field.fill('0:00');
  await page
    .getByTestId('incident-form')
    .getByText(`${shown(daysAgo(0))}, hôm nay`)
    .waitFor();
  await page.getByTestId('incident-submit').click();
  await page.getByTestId('incident-form').waitFor({ state: 'detached' });
  const now = await officer.api.get(`/api/incidents/${old.id}`, incidentResponse);
  expect(now.occurredAt).toBe(new Date(daysAgo(0)).toISOString());
});

it('fits 360 px in English, and the calendar names days of Vietnam whatever the zone of the browser', async () => {
  const wide = page;
  const { origin } = stage.system;
  const phone = await openBrowser({ origin, width: 360, height: 740, timezoneId: 'America/Los_Angeles' });
  page = phone.page;
  try {
    await officer.api.patch('/api/me', meResponse, { locale: 'vi' });
    await signIn(page, origin, officer.username, officer.password);
    const field = await openForm('en');
    await fillTheRest('Market gate', 'theft');
    await field.fill('9:15');
    const overflow = await page
      .locator('html')
      .evaluate((html: { scrollWidth: number; clientWidth: number }) => html.scrollWidth - html.clientWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await page.locator('[data-calendar]').click();
    const cell = page.getByRole('button', { name: shown(daysAgo(1)).slice(0, 10) });
    const today = page.getByRole('button', { name: shown(daysAgo(0)).slice(0, 10) });
    await today.waitFor();
    expect(await today.getAttribute('aria-current')).toBe('date');
    // On the first of a month yesterday is in the month before.
    if ((await cell.count()) === 0) await page.getByRole('button', { name: 'Previous month' }).click();
    const box = await cell.boundingBox();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(40);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360);
    await cell.click();
    expect(await field.inputValue()).toBe(shown(daysAgo(1, 9, 15)));
    await page.getByTestId('incident-submit').click();
    expect((await created('Market gate')).occurredAt).toBe(new Date(daysAgo(1, 9, 15)).toISOString());
    expect(phone.pageErrors).toEqual([]);
  } finally {
    page = wide;
    await phone.close();
  }
});

it('a filter whose text is no time does not go on filtering by the old one', async () => {
  await officer.api.patch('/api/me', meResponse, { locale: 'vi' });
  await page.goto(`${stage.system.origin}/incidents?from=${encodeURIComponent(new Date(daysAgo(1)).toISOString())}`);
  const field = page.getByLabel('Xảy ra từ');
  expect(await field.inputValue()).toBe(shown(daysAgo(1)).slice(0, 16));
  await field.fill('chẳng nhớ');
  await field.press('Enter');
  await page.getByText('Chưa hiểu thời gian này.').waitFor();
  await page.waitForURL((url) => !url.searchParams.has('from'));
  expect(await field.inputValue()).toBe('chẳng nhớ');
  await field.fill('hôm kia');
  await field.press('Enter');
  await page.waitForURL((url) => url.searchParams.get('from') === new Date(daysAgo(2)).toISOString());
});

it('the ends of a range never move each other: what is out of order is said and filters nothing', async () => {
  await officer.api.patch('/api/me', meResponse, { locale: 'vi' });
  const from = new Date(daysAgo(1)).toISOString();
  await page.goto(`${stage.system.origin}/incidents?from=${encodeURIComponent(from)}`);
  const [start, end] = [page.getByTestId('filter-from'), page.getByTestId('filter-to')];
  await end.fill('hôm kia');
  await end.press('Enter');
  await page.getByText(`Thời điểm này phải sau ${shown(daysAgo(1)).slice(0, 16)}.`).waitFor();
  expect(new URL(page.url()).searchParams.get('to')).toBeNull();
  expect(new URL(page.url()).searchParams.get('from')).toBe(from);
  expect(await end.inputValue()).toBe(shown(daysAgo(2)).slice(0, 16));
  // Mending the other end is enough.
  await start.fill('3 ngày trước');
  await start.press('Enter');
  await page.waitForURL((url) => url.searchParams.get('to') === new Date(daysAgo(2)).toISOString());
  expect(await page.getByText('Thời điểm này phải').count()).toBe(0);
});

it('a report reads whole periods, and refuses days out of order', async () => {
  const reporter = await createAccount(stage.system, 'tonghop', 'district_officer', null);
  const other = await openBrowser({ origin: stage.system.origin, width: 1366, height: 768 });
  try {
    await signIn(other.page, stage.system.origin, reporter.username, reporter.password);
    await other.page.goto(`${stage.system.origin}/reports`);
    const [from, to] = [other.page.getByTestId('report-from'), other.page.getByTestId('report-to')];
    await from.fill('tháng 2/2024');
    await from.press('Enter');
    await waitFor('both boxes are filled', async () => (await to.inputValue()) === '29/02/2024');
    expect(await from.inputValue()).toBe('01/02/2024');
    await other.page.getByTestId('report-sentence').waitFor();
    await to.fill('15/01/2024');
    await to.press('Enter');
    await other.page.getByText('Ngày này trước ngày bắt đầu 01/02/2024.').waitFor();
    expect(await from.inputValue()).toBe('01/02/2024');
    expect(await other.page.getByTestId('report-sentence').count()).toBe(0);
    await from.fill('1/1/2024');
    await from.press('Enter');
    await other.page.getByTestId('report-sentence').waitFor();
    await waitFor('the period is that', async () => (await to.inputValue()) === '15/01/2024');
  } finally {
    await other.close();
  }
});

it('in the audit trail a day alone as the end is all of that day', async () => {
  const chief = await createAccount(stage.system, 'quantri2', 'administrator', null);
  const other = await openBrowser({ origin: stage.system.origin, width: 1366, height: 768 });
  try {
    await signIn(other.page, stage.system.origin, chief.username, chief.password);
    await other.page.goto(`${stage.system.origin}/admin/audit`);
    const end = other.page.getByTestId('filter-to');
    await end.fill('hôm qua');
    await end.press('Enter');
    await other.page.waitForURL((url) => url.searchParams.get('to') === new Date(daysAgo(0) - 1).toISOString());
    expect(await end.inputValue()).toBe(shown(daysAgo(1)).slice(0, 10) + ' 23:59:59');
    const start = other.page.getByTestId('filter-from');
    await start.fill('hôm nay');
    await start.press('Enter');
    await other.page.getByText('Thời điểm này phải trước').waitFor();
    expect(new URL(other.page.url()).searchParams.get('from')).toBeNull();
  } finally {
    await other.close();
  }
});

it('extracts what was typed, and nothing where it was not understood', async () => {
  const occurredAt = new Date(Date.now() - 5000).toISOString();
  const incident = await officer.api.post('/api/incidents', incidentResponse, {
    areaId: camera.areaId,
    occurredAt,
    place: 'Cầu treo',
    category: 'theft',
  });
  const address = new URLSearchParams({ incident: incident.id, cams: camera.id, at: occurredAt });
  await page.goto(`${stage.system.origin}/review?${address}`);
  await page.getByTestId('review-extract').click();
  await page.getByTestId('extract-form').waitFor();
  const posts: string[] = [];
  await page.route('**/api/incidents/*/clips', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    posts.push(route.request().postData() ?? '');
    return route.continue();
  });
  const from = page.getByTestId('extract-from');
  await from.fill('19 giờ rưởi rưỡi');
  await page.getByTestId('extract-submit').click();
  await page.getByTestId('extract-form').getByText('Chưa hiểu thời gian này.').waitFor();
  expect(await activeTestId()).toBe('extract-from');
  await from.press('Enter');
  expect(posts).toEqual([]);

  // Of a time of which nothing was recorded no camera can be chosen, and the range is what is wrong.
  const to = page.getByTestId('extract-to');
  const wasTo = await to.inputValue();
  await from.fill(shown(daysAgo(2, 9)));
  await to.fill(shown(daysAgo(2, 9, 1)));
  await page.getByTestId('extract-submit').click();
  await page.getByTestId('extract-form').getByText('Không camera nào có hình ảnh trong khoảng này.').waitFor();
  expect(await activeTestId()).toBe('extract-from');
  expect(posts).toEqual([]);
  await to.fill(wasTo);

  // The minute in which the incident lies, said as "19 giờ 25": of a day of the opened window.
  const minuteMs = Math.floor(Date.parse(occurredAt) / 60_000) * 60_000;
  const wall = new Date(minuteMs + vietnamMs);
  await from.fill(`${wall.getUTCHours()} giờ ${wall.getUTCMinutes()}`);
  await page.getByTestId('extract-form').getByText('ngày đang xem').waitFor();
  await page.getByTestId('extract-submit').click();
  await page.getByTestId('extract-form').waitFor({ state: 'detached' });
  await waitFor('the extraction was sent', () => posts.length === 1);
  const sent = JSON.parse(posts[0] ?? '{}') as { from?: string; cameraId?: string };
  expect(sent.from).toBe(new Date(minuteMs).toISOString());
  expect(sent.cameraId).toBe(camera.id);
  expect(browser.pageErrors).toEqual([]);
  expect(browser.foreignRequests).toEqual([]);
});
