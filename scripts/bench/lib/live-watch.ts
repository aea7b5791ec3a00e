/** Watches live pictures from inside the page: when a click gave a picture, and which instant is shown when. */
import type { Page } from 'playwright-core';

export interface LiveWatch {
  /** Forgets what was before; the next click on the page is the one that counts. */
  begin(): Promise<void>;
  /** From the click to the first picture of a video that was not there before, shown to the user, ms. */
  firstPictureMs(timeoutMs: number): Promise<number>;
  /** Now minus the program date-time of the picture shown, ms, as often as the page writes it. */
  behindMs(durationMs: number): Promise<number[]>;
}

interface Probe {
  begin(): void;
  first(): number | undefined;
  behind(durationMs: number): Promise<number[]>;
}

declare global {
  interface Window {
    livePictureProbe: Probe;
  }
}

/** Runs in the page, before its own scripts. */
function install(): void {
  let clickedAt: number | undefined;
  let firstAt: number | undefined;
  let known = new Set<string>();
  const isShown = (video: HTMLVideoElement) => video.dataset.shown !== undefined && video.videoWidth > 0;
  /** A video element may stay while its address changes: what it plays has a name of its own. */
  const nameOf = (video: HTMLVideoElement) => video.currentSrc || video.src;

  function look(): void {
    if (clickedAt === undefined || firstAt !== undefined) return;
    for (const video of document.querySelectorAll('video'))
      if (isShown(video) && !known.has(nameOf(video)) && video.readyState >= 2) firstAt ??= performance.now();
    requestAnimationFrame(look);
  }
  window.addEventListener(
    'click',
    (event) => {
      if (clickedAt !== undefined || firstAt !== undefined) return;
      clickedAt = event.timeStamp;
      requestAnimationFrame(look);
    },
    { capture: true },
  );
  window.livePictureProbe = {
    begin() {
      known = new Set([...document.querySelectorAll('video')].map(nameOf));
      clickedAt = undefined;
      firstAt = undefined;
    },
    first: () => (clickedAt === undefined || firstAt === undefined ? undefined : firstAt - clickedAt),
    behind: (durationMs) =>
      new Promise((resolve) => {
        const samples: number[] = [];
        const observer = new MutationObserver((changes) => {
          for (const { target } of changes)
            if (target instanceof HTMLTimeElement) samples.push(Date.now() - Date.parse(target.dateTime));
        });
        observer.observe(document.body, { subtree: true, attributeFilter: ['datetime'] });
        setTimeout(() => {
          observer.disconnect();
          resolve(samples.filter((sample) => Number.isFinite(sample)));
        }, durationMs);
      }),
  };
}

export async function watchLivePictures(page: Page): Promise<LiveWatch> {
  await page.addInitScript(install);
  return {
    begin: () => page.evaluate(() => window.livePictureProbe.begin()),
    async firstPictureMs(timeoutMs) {
      await page.waitForFunction(() => window.livePictureProbe.first() !== undefined, undefined, {
        timeout: timeoutMs,
      });
      const ms = await page.evaluate(() => window.livePictureProbe.first());
      if (ms === undefined) throw new Error('no picture was shown');
      return ms;
    },
    behindMs: (durationMs) => page.evaluate((ms) => window.livePictureProbe.behind(ms), durationMs),
  };
}
