import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChainHeadsRecord } from '@choi-canh/shared/chain';
import { systemClock } from '../../../server/src/lib/clock.js';
import { silentLogger } from '../../../server/src/lib/logger.js';
import { createChain, type Chain } from '../../../server/src/recorder/chain/chain.js';
import { describeClosedFile } from '../../../server/src/recorder/footage/footage-chain.js';
import { createFootageStore } from '../../../server/src/recorder/footage/footage-store.js';
import type { FootageStore } from '../../../server/src/recorder/footage/footage-types.js';
import { fragmentAt, type TestMedia } from '../../../server/src/recorder/footage/testing/test-fragments.js';

export const hour = 3_600_000;
/** Two hours ago: old enough for everything, young enough for retention by days. */
export const startAtMs = Math.floor(Date.now() / hour) * hour - 2 * hour;

export interface Rig {
  readonly folder: string;
  readonly chain: Chain;
  readonly store: FootageStore;
  readonly records: ChainHeadsRecord[];
  stop(): Promise<void>;
}

/** A footage store with its chain, wired as in the product. */
export async function openRig(folder: string, keys: string, records: ChainHeadsRecord[] = []): Promise<Rig> {
  const clock = systemClock;
  const logger = silentLogger;
  const chain = createChain({
    directory: folder,
    keysDirectory: keys,
    clock,
    logger,
    describe: (path) => describeClosedFile(folder, path),
    onRecord: (record) => records.push(record),
    tickMs: 50,
  });
  await chain.start();
  const store = createFootageStore({
    directory: folder,
    clock,
    logger,
    fileSeconds: 600,
    syncSeconds: 5,
    retentionIntervalMs: 50,
    chain,
  });
  await store.start();
  chain.watch();
  return {
    folder,
    chain,
    store,
    records,
    stop: async () => {
      await store.stop();
      await chain.stop();
    },
  };
}

/** Fragments [from, to) of half a second each into one file, which is then closed. */
export async function recordFile(
  rig: Rig,
  media: TestMedia,
  cameraId: string,
  from: number,
  to: number,
  run = 7,
  beginAtMs = startAtMs,
): Promise<void> {
  for (let index = from; index < to; index++)
    await rig.store.append(cameraId, fragmentAt(media, index, { startAtMs: beginAtMs, run }));
  await rig.store.closeCamera(cameraId);
}

export async function writeConsoleCopy(folder: string, records: readonly ChainHeadsRecord[]): Promise<string> {
  const path = join(folder, 'console.jsonl');
  await writeFile(path, records.map(({ line }) => `${line}\n`).join(''));
  return path;
}
