// The same review in each language, on a desk and on a phone, by its buttons and by dragging: to the frame there too.
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { addressMs, expectExactFrames, tilesOn, type ReviewStage } from './review-frames.js';
import { screenOf } from './screen.js';
import { waitFor } from './wait.js';
import { wordsOf } from './words.js';

const frameMs = 100;

/** Steps, marks, undo, a typed time and a drag, of one camera; `page` has the language and the size that are meant. */
export async function reviewsInShort(page: Page, review: ReviewStage, language: 'vi' | 'en'): Promise<void> {
  const words = wordsOf(language);
  const screen = screenOf(page);
  const [leader] = review.cameras;
  if (leader === undefined) throw new Error('no camera');
  const one = { ...review, cameras: [leader] };
  const pictures = review.recorded.get(leader.number) ?? [];
  const windowFromMs = Math.ceil(review.fromMs / 1000) * 1000 + 8000;
  const instant = (ms: number) => new Date(ms).toISOString();
  const params = new URLSearchParams({
    ...{ incident: review.incidentId, cams: leader.id, at: instant(windowFromMs + 1234) },
    ...{ from: instant(windowFromMs), to: instant(windowFromMs + 20_000) },
  });
  await page.goto(`${review.stage.system.origin}/review?${params}`);
  await page.getByTestId('review-clock').waitFor();
  await expectExactFrames(screen, one, 'when it opens');

  const button = (key: string) => page.getByRole('button', { name: words(`review:keys.${key}`), exact: true });
  const shown = async () => (await tilesOn(screen, one.cameras))[0]?.code;
  const startCode = await shown();
  const start = pictures.findIndex(({ code }) => code === startCode);
  const showsPicture = (index: number) =>
    waitFor('a step is one picture', async () => (await shown()) === pictures[index]?.code, 20_000, 30);
  await page.getByTestId('review-mark-in').click();
  await waitFor('the start is marked', () => addressMs(screen, 'in') !== undefined);
  for (const step of [1, 2, 3]) {
    await button('frameForward').click();
    await showsPicture(start + step);
  }
  await button('frameBack').click();
  await showsPicture(start + 2);
  await page.getByTestId('review-mark-out').click();
  await waitFor('the end is marked', () => addressMs(screen, 'out') !== undefined);
  const marks = [addressMs(screen, 'in') ?? 0, addressMs(screen, 'out') ?? 0];
  expect(Math.abs((marks[0] ?? 0) - (pictures[start]?.utcMs ?? 0))).toBeLessThanOrEqual(1);
  expect(Math.abs((marks[1] ?? 0) - (pictures[start + 2]?.utcMs ?? 0) - frameMs)).toBeLessThanOrEqual(1);
  await page.getByTestId('review-undo').click();
  await waitFor('the end is taken back', () => addressMs(screen, 'out') === undefined);

  // A drag along the lane takes the picture along.
  const box = await page.getByTestId('timeline').boundingBox();
  if (box === null) throw new Error('no timeline');
  const lane = box.y + box.height * 0.6;
  await page.mouse.move(box.x + box.width * 0.1, lane);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, lane, { steps: 4 });
  await page.mouse.up();
  const view = async (name: string) => Number(await page.getByTestId('timeline').getAttribute(`data-${name}-ms`));
  const underMs = (await view('from')) + 0.5 * ((await view('to')) - (await view('from')));
  const atMs = await expectExactFrames(screen, one, 'after a drag').then(() => addressMs(screen) ?? 0);
  expect(Math.abs(atMs - underMs)).toBeLessThan(1000);

  // Into the future nothing moves, and that is said in the language of the page.
  await page.getByTestId('review-jump-input').fill('30 phút nữa');
  await page.keyboard.press('Enter');
  const [, sentence = ''] = words('review:jump.future', { at: '' }).split('. ');
  await page.getByTestId('review-notice').filter({ hasText: sentence }).waitFor();
  await expectExactFrames(screen, one, 'after a refused time');
  expect(addressMs(screen)).toBe(atMs);
}
