import { tagListResponse } from '@choi-canh/shared/evidence';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { openReviewStage, type ReviewStage } from '../harness/review-frames.js';
import { reviewsInShort } from '../harness/review-in-short.js';
import { reviewsToTheFrame } from '../harness/review-scenario.js';
import { screenOf, signInByApi } from '../harness/screen.js';
import { requireBuiltClient } from '../harness/stage.js';
import { waitFor } from '../harness/wait.js';

let review: ReviewStage;
let browser: TestBrowser;

beforeAll(async () => {
  requireBuiltClient();
  review = await openReviewStage(32);
  browser = await openBrowser({ origin: review.stage.system.origin, width: 1366, height: 768 });
});
afterAll(async () => {
  await browser?.close();
  await review?.stage.close();
});

it('shows, steps and marks frames as they were recorded, in Chromium', async ({ onTestFailed }) => {
  onTestFailed(() => photographAll([browser]));
  const screen = screenOf(browser.page);
  const refused: string[] = [];
  browser.page.on('response', (response) => {
    if (response.status() >= 400) refused.push(`${response.status()} ${new URL(response.url()).pathname}`);
  });
  await signInByApi(screen, review.stage.system.origin, review.officer);
  await reviewsToTheFrame(screen, review);

  // Tags come and go by undo; all four cameras are one tag each.
  const { page } = browser;
  const tags = page.locator('[data-testid^="tag-"][data-testid*="-"]:has([data-testid="tag-decisive"])');
  await screen.press('t');
  await page.getByTestId('tag-note').fill('Xe máy vượt đèn đỏ');
  await page.getByTestId('tag-submit').click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const tagged = async () => {
    const answer = await review.officer.api.get(`/api/incidents/${review.incidentId}/tags`, tagListResponse);
    return answer.items.map(({ from, to, note, decisive }) => ({ from, to, note, decisive }));
  };
  const before = await tagged();
  expect(before.length).toBeGreaterThan(0);
  await screen.press('Control+z');
  await waitFor('the last tag is gone', async () => (await tagged()).length === before.length - 1);
  await waitFor('its row is gone', async () => (await tags.count()) === before.length - 1);
  await waitFor('it says so', async () =>
    ((await page.getByTestId('review-notice').textContent()) ?? '').includes('Đã hoàn tác: đánh dấu'),
  );
  await screen.press('Control+Shift+Z');
  await waitFor('it is back', async () => (await tagged()).length === before.length);
  expect(await tagged()).toEqual(before);

  // Four clips at once: what is said of them is asked for, but nothing is asked for and then called off.
  const cancelled: string[] = [];
  page.on('requestfailed', (request) => cancelled.push(`${request.method()} ${new URL(request.url()).pathname}`));
  await screen.press('e');
  await page.getByTestId('extract-submit').click();
  await waitFor(
    'four clips are ready',
    async () => (await page.locator('[data-testid^="clip-"][data-state="done"]').count()) === review.cameras.length,
    90_000,
  );
  expect(cancelled).toEqual([]);

  // Where nothing was recorded there is a sentence, and no still is asked for.
  const address = new URL(page.url());
  address.searchParams.set('at', new Date(review.fromMs - 120_000).toISOString());
  address.searchParams.set('from', new Date(review.fromMs - 300_000).toISOString());
  await page.goto(address.href);
  for (const { id } of review.cameras) await page.getByTestId(`review-gap-${id}`).waitFor();
  expect(refused).toEqual([]);
  expect(browser.foreignRequests).toEqual([]);
  expect(browser.pageErrors).toEqual([]);
});

it.each([
  { language: 'vi', width: 360, height: 740 },
  { language: 'en', width: 1366, height: 768 },
  { language: 'en', width: 360, height: 740 },
] as const)('is as exact by its buttons in $language at $width × $height', async ({ language, width, height }) => {
  const { page } = browser;
  await page.setViewportSize({ width, height });
  await review.officer.api.patch('/api/me', z.unknown(), { locale: language });
  await reviewsInShort(page, review, language).catch(async (error: unknown) => {
    await photographAll([browser]);
    throw error;
  });
  expect(browser.pageErrors).toEqual([]);
});
