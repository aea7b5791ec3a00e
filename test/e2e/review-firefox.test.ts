import { afterAll, beforeAll, expect, it } from 'vitest';
import { openFirefox, type FirefoxBrowser } from '../harness/firefox.js';
import { openReviewStage, type ReviewStage } from '../harness/review-frames.js';
import { reviewsToTheFrame } from '../harness/review-scenario.js';
import { signInByApi } from '../harness/screen.js';
import { requireBuiltClient } from '../harness/stage.js';

let review: ReviewStage;
let browser: FirefoxBrowser;

beforeAll(async () => {
  requireBuiltClient();
  review = await openReviewStage(32);
  browser = await openFirefox({ origin: review.stage.system.origin });
});
afterAll(async () => {
  await browser?.close();
  await review?.stage.close();
});

it('shows, steps and marks frames as they were recorded, in Firefox', async ({ onTestFailed }) => {
  onTestFailed(() => browser.photograph('test-results/failed-firefox.png'));
  await signInByApi(browser.screen, review.stage.system.origin, review.officer);
  await reviewsToTheFrame(browser.screen, review);
  expect(browser.foreignRequests).toEqual([]);
  expect(browser.pageErrors).toEqual([]);
});
