// What an officer does in a review, the same in every browser, each time checked against the pixels and the recording.
import { expect } from 'vitest';
import { addressMs, expectExactFrames, tilesOn, type ReviewStage } from './review-frames.js';
import { waitForSelector, type Screen } from './screen.js';
import { waitFor } from './wait.js';

const stepCount = 10;
const frameMs = 100;
const dayTime = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Asia/Ho_Chi_Minh',
  dateStyle: 'short',
  timeStyle: 'medium',
});
const typedTime = (ms: number) => dayTime.format(ms).replace(',', '');

const clockMs = (screen: Screen) =>
  screen.evaluate<number>(`Number(document.querySelector('[data-testid="review-clock"]').dataset.atMs)`);
const notice = (screen: Screen) =>
  screen.evaluate<string>(`document.querySelector('[data-testid="review-notice"]')?.textContent ?? ''`);
const messages = (screen: Screen) =>
  screen.evaluate<string>(`document.querySelector('[data-testid="review-messages"]')?.textContent ?? ''`);
const isPlaying = (screen: Screen) =>
  screen.evaluate<boolean>(`document.querySelector('[data-testid="review-play"]').dataset.playing === 'true'`);

async function jump(screen: Screen, toMs: number): Promise<void> {
  await screen.click('[data-testid="review-jump-input"]');
  await screen.type(typedTime(toMs));
  await screen.press('Enter');
}

async function waitForAddress(screen: Screen, name: string, isWanted: (ms: number | undefined) => boolean) {
  await waitFor(`"${name}" in the address`, () => isWanted(addressMs(screen, name)));
  return addressMs(screen, name);
}

/** Four cameras: at rest, after ×8, after a jump at ×8, by single frames, with marks, undo, and jumps out of the window. */
export async function reviewsToTheFrame(screen: Screen, review: ReviewStage): Promise<void> {
  const { origin } = review.stage.system;
  const { fromMs } = review;
  // A window that begins well after the footage does, for a jump out of it.
  const windowFromMs = Math.ceil(fromMs / 1000) * 1000 + 8000;
  const windowToMs = windowFromMs + 22_000;
  const params = new URLSearchParams({
    incident: review.incidentId,
    cams: review.cameras.map(({ id }) => id).join(','),
    at: new Date(windowFromMs + 1234).toISOString(),
    from: new Date(windowFromMs).toISOString(),
    to: new Date(windowToMs).toISOString(),
  });
  await screen.goto(`${origin}/review?${params}`);
  await waitForSelector(screen, '[data-testid="review-clock"]');
  await expectExactFrames(screen, review, 'when it opens');

  // ×8 with four cameras: keyframes pass by; on pause each tile goes to the very frame.
  await screen.click('[data-testid="review-rate-8"]');
  await screen.press(' ');
  const startMs = await clockMs(screen);
  await waitFor('keyframes are on the screen', () =>
    screen.evaluate<boolean>(
      `[...document.querySelectorAll('figure video:nth-of-type(2)')].filter((video) => video.hasAttribute('data-on-top')).length === 4`,
    ),
  );
  await waitFor('it says so', async () => (await messages(screen)).includes('liền mạch'));
  await waitFor('6 s pass at ×8', async () => (await clockMs(screen)) - startMs > 6000, 60_000, 50);
  await screen.press(' ');
  expect(await isPlaying(screen)).toBe(false);
  await waitFor(
    'it no longer says that pictures are left out',
    async () => !(await messages(screen)).includes('liền mạch'),
  );
  const settleMs = await expectExactFrames(screen, review, 'paused at ×8');
  console.info(`exact in all tiles ${Math.round(settleMs)} ms after the pause at ×8 was seen`);

  // A jump while ×8 is chosen; the keys are the review's again afterwards.
  await jump(screen, windowFromMs + 7000);
  await waitForAddress(screen, 'at', (ms) => ms === windowFromMs + 7000);
  await expectExactFrames(screen, review, 'after a jump with ×8 chosen');
  expect(await screen.evaluate<string>('document.activeElement?.tagName ?? ""')).not.toBe('INPUT');

  // Frame by frame, forward and back: each step is one picture of the first camera.
  const [leader] = review.cameras;
  if (leader === undefined) throw new Error('no camera');
  const codeNow = async () => (await tilesOn(screen, [leader]))[0]?.code;
  const pictures = review.recorded.get(leader.number) ?? [];
  const firstIndex = pictures.findLastIndex(({ utcMs }) => utcMs <= windowFromMs + 7000);
  for (const direction of [1, -1]) {
    for (let step = 1; step <= stepCount; step++) {
      const done = direction === 1 ? step : stepCount - step;
      await screen.press(direction === 1 ? '.' : ',');
      await waitFor(
        `step ${direction * step} shows the picture ${done} after the first`,
        async () => (await codeNow()) === pictures[firstIndex + done]?.code,
        20_000,
        30,
      );
    }
    await expectExactFrames(screen, review, `after ${stepCount} steps ${direction === 1 ? 'forward' : 'back'}`);
  }

  // Marks take the frame that is seen: its start, and its end.
  const seenMs = async () => (await tilesOn(screen, [leader]))[0]?.wallMs ?? Number.NaN;
  const nearest = (ms: number) => pictures.reduce((a, b) => (Math.abs(b.utcMs - ms) < Math.abs(a.utcMs - ms) ? b : a));
  const inFrame = nearest(await seenMs());
  await screen.press('i');
  const inMs = await waitForAddress(screen, 'in', (ms) => ms !== undefined);
  expect(Math.abs((inMs ?? 0) - inFrame.utcMs)).toBeLessThanOrEqual(1);
  for (let step = 0; step < 5; step++) await screen.press('.');
  await expectExactFrames(screen, review, 'after five steps in a row');
  const outFrame = nearest(await seenMs());
  expect(outFrame.frameCounter - inFrame.frameCounter).toBe(5n);
  await screen.press('o');
  const outMs = await waitForAddress(screen, 'out', (ms) => ms !== undefined);
  expect(Math.abs((outMs ?? 0) - outFrame.utcMs - frameMs)).toBeLessThanOrEqual(1);

  // An end before the start is refused in words; undo and redo say what they do.
  await screen.press('ArrowLeft');
  await expectExactFrames(screen, review, 'five seconds back');
  await screen.press('o');
  await waitFor('it says why not', async () => (await notice(screen)).includes('Điểm cuối phải sau điểm đầu'));
  expect([addressMs(screen, 'in'), addressMs(screen, 'out')]).toEqual([inMs, outMs]);
  await screen.press('Control+z');
  await waitForAddress(screen, 'out', (ms) => ms === undefined);
  await waitFor('it says what was undone', async () => (await notice(screen)).includes('Đã hoàn tác: đặt điểm cuối'));
  expect(addressMs(screen, 'in')).toBe(inMs);
  await screen.press('Control+y');
  await waitForAddress(screen, 'out', (ms) => ms === outMs);

  // Out of the window: it is widened and the clock lands where it was asked; into the future nothing moves.
  const outsideMs = windowFromMs - 5000;
  await jump(screen, outsideMs);
  await waitForAddress(screen, 'at', (ms) => ms === outsideMs);
  expect(addressMs(screen, 'from')).toBeLessThanOrEqual(outsideMs);
  await expectExactFrames(screen, review, 'after a jump out of the window');
  await jump(screen, Date.now() + 2 * 3600_000);
  await waitFor('it says that this is the future', async () => (await notice(screen)).includes('tương lai'));
  expect(addressMs(screen)).toBe(outsideMs);
  await expectExactFrames(screen, review, 'after a refused jump');

  // Space plays, whatever was clicked before.
  const isSideOpen = () =>
    screen.evaluate<string>(`document.querySelector('[data-testid="review-side-toggle"]').ariaExpanded`);
  await screen.click('[data-testid="review-side-toggle"]');
  await screen.click('[data-testid="review-side-toggle"]');
  const sideBefore = await isSideOpen();
  await screen.press(' ');
  await waitFor('it plays', async () => (await clockMs(screen)) > outsideMs + 1000);
  expect(await isSideOpen()).toBe(sideBefore);
  await screen.press(' ');
  await expectExactFrames(screen, review, 'paused again');
}
