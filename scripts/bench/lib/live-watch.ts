/** Watches live pictures from inside the page: when a click gave a picture, and which instant is shown when. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';

/** Times since the page began to load, ms; undefined: not yet. */
export interface WallTile {
  readonly cameraId: string;
  readonly pictureMs?: number;
  /** Set where the first picture was a still that says when it was taken. */
  readonly stillAgeMs?: number;
  readonly movingMs?: number;
}

export interface LiveWatch {
  /** The tiles of the wall that the page shows. */
  wall(): Promise<WallTile[]>;
  /** Forgets what was before; the next click on the page is the one that counts. */
  begin(): Promise<void>;
  /** From the click to the first picture of a video that was not there before, shown to the user, ms. */
  firstPictureMs(timeoutMs: number): Promise<number>;
  /** Now minus the program date-time of the picture shown, ms, as often as the page writes it. */
  behindMs(durationMs: number): Promise<number[]>;
}

/** To be called before the page is opened. */
export async function watchLivePictures(page: Page): Promise<LiveWatch> {
  await page.addInitScript({ path: join(import.meta.dirname, 'live-probe.js') });
  return {
    wall: () => page.evaluate<WallTile[]>('livePictureProbe.wall()'),
    begin: () => page.evaluate('livePictureProbe.begin()'),
    firstPictureMs: (timeoutMs) => page.evaluate<number>(`livePictureProbe.first(${timeoutMs})`),
    behindMs: (durationMs) => page.evaluate<number[]>(`livePictureProbe.behind(${durationMs})`),
  };
}
