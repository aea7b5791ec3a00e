// The thread in which the catalogue lives. Answers calls by name, and rebuilds the catalogue from the footage folder
// where it was missing or damaged.
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage } from '../../lib/errors.js';
import { createLogger } from '../../lib/logger.js';
import { openCatalogueDatabase, type CatalogueDatabase } from './catalogue-database.js';
import { isCameraFolder, isDayFolder, isFootageName, openMarkerOf } from './footage-paths.js';
import { recoverFile } from './recover-file.js';

export interface CatalogueWorkerData {
  readonly directory: string;
  readonly path: string;
  readonly logLevel: string;
}
/** `opened`: whether the catalogue had to be made anew. */
export type CatalogueEvent =
  | { type: 'opened'; rebuilding: boolean }
  | { type: 'failed'; message: string }
  | { type: 'rebuilt'; files: number }
  | { type: 'result'; call: number; result: unknown }
  | { type: 'error'; call: number; message: string };
export interface CatalogueCall {
  call: number;
  method: string;
  args: unknown[];
}

const { directory, path, logLevel } = workerData as CatalogueWorkerData;
const port = parentPort!;
const logger = createLogger(logLevel, 'catalogue');
const post = (event: CatalogueEvent) => port.postMessage(event);

async function openOrReplace(): Promise<CatalogueDatabase> {
  try {
    return openCatalogueDatabase(path);
  } catch (error) {
    logger.warn({ reason: errorMessage(error) }, 'the footage catalogue is damaged and will be rebuilt');
    for (const suffix of ['', '-wal', '-shm'])
      await rename(path + suffix, `${path}.damaged${suffix}`).catch(() => undefined); // there may be none
    return openCatalogueDatabase(path);
  }
}

async function namesIn(folder: string, wanted: (name: string) => boolean): Promise<string[]> {
  return (await readdir(folder).catch(() => [] as string[])).filter(wanted).sort().reverse();
}

/** The file that the camera writes now, which is none of ours. */
async function openFileOf(cameraId: string): Promise<string | undefined> {
  try {
    const marker = JSON.parse(await readFile(join(directory, openMarkerOf(cameraId)), 'utf8')) as { path?: unknown };
    return typeof marker.path === 'string' ? marker.path : undefined;
  } catch {
    return undefined; // no marker: nothing is being written
  }
}

/** Newest days first, so that the footage people ask for is back soon. */
async function rebuild(db: CatalogueDatabase): Promise<void> {
  let files = 0;
  const days = new Map<string, string[]>();
  for (const cameraId of await namesIn(directory, isCameraFolder))
    for (const day of await namesIn(join(directory, cameraId), isDayFolder))
      days.set(day, [...(days.get(day) ?? []), cameraId]);
  for (const [day, cameraIds] of [...days].sort(([a], [b]) => (a < b ? 1 : -1))) {
    for (const cameraId of cameraIds) {
      for (const name of await namesIn(join(directory, cameraId, day), isFootageName)) {
        const file = `${cameraId}/${day}/${name}`;
        if ((await openFileOf(cameraId)) === file) continue;
        try {
          const row = await recoverFile(directory, file, logger, false);
          if (row === undefined) continue;
          db.insert(row);
          files += 1;
        } catch (error) {
          logger.warn({ file, reason: errorMessage(error) }, 'footage file could not be read');
        }
      }
    }
  }
  db.setMeta('rebuilt', 'yes');
  post({ type: 'rebuilt', files });
}

try {
  const db = await openOrReplace();
  const rebuilding = db.getMeta('rebuilt') !== 'yes';
  if (rebuilding) db.setMeta('awaitingHolds', 'yes');
  port.on('message', ({ call, method, args }: CatalogueCall) => {
    try {
      if (method === 'close') {
        db.close();
        post({ type: 'result', call, result: undefined });
        port.close();
        process.exit(0);
      }
      const run = db[method as keyof CatalogueDatabase] as (...args: unknown[]) => unknown;
      post({ type: 'result', call, result: run(...args) });
    } catch (error) {
      post({ type: 'error', call, message: errorMessage(error) });
    }
  });
  post({ type: 'opened', rebuilding });
  if (rebuilding) await rebuild(db);
} catch (error) {
  post({ type: 'failed', message: errorMessage(error) });
}
