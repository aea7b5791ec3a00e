import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../../lib/clock.js';
import { silentLogger } from '../../../lib/logger.js';
import { createFootageStore, type FootageStoreOptions } from '../footage-store.js';
import type { FootageStore } from '../footage-types.js';
import { fragmentAt, type TestMedia } from './test-fragments.js';

/** Folders and stores of one test file; `cleanUp` after each test. */
export function createStoreHarness() {
  const folders: string[] = [];
  const running = new Set<FootageStore>();
  return {
    async newFolder(): Promise<string> {
      const folder = await mkdtemp(join(tmpdir(), 'choi-canh-footage-'));
      folders.push(folder);
      return folder;
    },
    async open(directory: string, options: Partial<FootageStoreOptions> = {}): Promise<FootageStore> {
      const store = createFootageStore({
        directory,
        clock: systemClock,
        logger: silentLogger,
        fileSeconds: 600,
        syncSeconds: 5,
        retentionIntervalMs: 100,
        ...options,
      });
      running.add(store);
      await store.start();
      return store;
    },
    async close(store: FootageStore): Promise<void> {
      running.delete(store);
      await store.stop();
    },
    async cleanUp(beforeRemoval: () => void = () => undefined): Promise<void> {
      for (const store of running) await store.stop();
      running.clear();
      beforeRemoval();
      for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = 20_000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await systemClock.sleep(20);
  }
}

export async function footageFiles(directory: string, cameraId: string): Promise<string[]> {
  const names = await readdir(join(directory, cameraId), { recursive: true });
  return names
    .filter((name) => name.endsWith('.mp4'))
    .sort()
    .map((name) => join(directory, cameraId, name));
}

export function decodedFrames(path: string): number {
  const out = execFileSync('ffprobe', [
    ...['-v', 'error', '-count_frames', '-show_entries', 'stream=nb_read_frames', '-of', 'csv=p=0', path],
  ]);
  return Number(out.toString().trim().replace(',', ''));
}

/** The fragments of these numbers are there, with the bytes that were appended. */
export async function expectFragments(
  store: FootageStore,
  cameraId: string,
  media: TestMedia,
  numbers: Iterable<number>,
  options: { startAtMs: number; run?: number },
): Promise<void> {
  const found = (await store.fragments(cameraId, 0, 1e14)).filter(
    (one) => options.run === undefined || one.run === options.run,
  );
  const byStart = new Map(found.map((one) => [one.startAtMs, one]));
  for (const number of numbers) {
    const wanted = fragmentAt(media, number, options);
    const one = byStart.get(wanted.startAtMs);
    expect(one, `fragment ${number} of ${cameraId}, run ${String(options.run)}`).toBeDefined();
    expect((await store.read(one!.fileId, one!.offset, one!.byteLength)).equals(wanted.bytes)).toBe(true);
  }
}
