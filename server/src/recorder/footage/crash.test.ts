import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createStoreHarness, decodedFrames, expectFragments, footageFiles, until } from './testing/store-harness.js';
import { storeMedia } from './testing/stored-media.js';
import { encodeMedia, type TestMedia } from './testing/test-fragments.js';

const startAtMs = Date.UTC(2026, 2, 4, 10);
/** More for a long look: CHOI_CANH_TEST_KILLS=100 npx vitest run … */
const kills = Number(process.env.CHOI_CANH_TEST_KILLS ?? 3);
const { newFolder, open, cleanUp } = createStoreHarness();
let media: TestMedia;
beforeAll(() => {
  media = encodeMedia();
});
afterEach(() => cleanUp());

interface Life {
  readonly run: number;
  /** Per camera: the numbers of the newest fragment that was called for and stored. */
  readonly called: Map<string, number>;
  readonly stored: Map<string, number>;
}

/** Records until it is killed, some time after its first fragment. */
async function liveAndDie(folder: string, mediaPath: string, run: number): Promise<Life> {
  const script = fileURLToPath(new URL('./testing/record-until-killed.ts', import.meta.url));
  const args = ['--conditions=source', '--import', 'tsx', script, folder, mediaPath, String(startAtMs), String(run)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const life: Life = { run, called: new Map(), stored: new Map() };
  let dying: NodeJS.Timeout | undefined;
  for await (const line of createInterface(child.stdout)) {
    const [what, cameraId, index] = line.split(' ');
    if (what === 'called') life.called.set(cameraId!, Number(index));
    if (what === 'stored') life.stored.set(cameraId!, Number(index));
    dying ??= setTimeout(() => child.kill('SIGKILL'), Math.random() * 800);
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return life;
}

describe('kill -9', () => {
  it(`at any moment costs no fragment that was stored, and no more than the one in flight (${kills} times)`, async () => {
    const folder = await newFolder();
    const mediaPath = join(await newFolder(), 'media');
    await writeFile(mediaPath, storeMedia(media));
    const lives: Life[] = [];
    for (let at = 0; at < kills; at++) {
      lives.push(await liveAndDie(folder, mediaPath, at + 1));
      // Now and then the catalogue goes as well, so that one is killed while it is made anew.
      if (at % 3 === 1)
        for (const suffix of ['', '-wal', '-shm']) await rm(join(folder, `catalogue.sqlite${suffix}`), { force: true });
    }
    const store = await open(folder);
    await until('the catalogue is whole', () => !store.condition().rebuilding);
    for (const { run, called, stored } of lives) {
      for (const [cameraId, newest] of stored) {
        const numbers = Array.from({ length: newest + 1 }, (_, index) => index);
        const found = async () => (await store.fragments(cameraId, 0, 1e14)).filter((one) => one.run === run).length;
        await until(`run ${run} of ${cameraId}`, async () => (await found()) > newest);
        await expectFragments(store, cameraId, media, numbers, { startAtMs, run });
        expect(called.get(cameraId)! - newest).toBeLessThanOrEqual(1);
        expect(await found()).toBeLessThanOrEqual(called.get(cameraId)! + 1);
      }
    }
    expect(Math.max(...lives.flatMap(({ stored }) => [...stored.values()]))).toBeGreaterThan(5); // it did record
    for (const cameraId of ['cam-1', 'cam-4'])
      for (const path of (await footageFiles(folder, cameraId)).slice(-2)) expect(decodedFrames(path) % 5).toBe(0);
  }, 600_000);
});
