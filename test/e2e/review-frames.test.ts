import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBrowser, photographAll, type TestBrowser } from '../harness/browser.js';
import { openReviewStage, type ReviewStage } from '../harness/review-frames.js';
import { reviewsToTheFrame } from '../harness/review-scenario.js';
import { screenOf, signInByApi } from '../harness/screen.js';
import { requireBuiltClient } from '../harness/stage.js';

let review: ReviewStage;
let browser: TestBrowser;

beforeAll(async () => {
  requireBuiltClient();
  review = await openReviewStage(40);
  browser = await openBrowser({ origin: review.stage.system.origin, width: 1366, height: 768 });
});
afterAll(async () => {
  await browser?.close();
  await review?.stage.close();
});

it('shows, steps and marks frames as they were recorded, in Chromium', async ({ onTestFailed }) => {
  onTestFailed(() => photographAll([browser]));
  const screen = screenOf(browser.page);
  await signInByApi(screen, review.stage.system.origin, review.officer);
  await reviewsToTheFrame(screen, review);
  expect(browser.foreignRequests).toEqual([]);
  expect(browser.pageErrors).toEqual([]);
});
