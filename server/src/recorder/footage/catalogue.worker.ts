// The thread in which the catalogue lives. Answers calls by name, waits while another process holds the catalogue, makes
// it anew from the footage folder where it was missing or damaged, and mends footage files. Nothing here keeps recording
// waiting.
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage } from '../../lib/errors.js';
import { createLogger } from '../../lib/logger.js';
import { isDamage, setAside } from '../../platform/db/sqlite-file.js';
import { openCatalogueDatabase, type CatalogueDatabase, type CatalogueRow } from './catalogue-database.js';
import { UnknownCatalogueVersion } from './catalogue-schema.js';
import { cameraFolders, dayFolders, findOrphans, pathsOfDay } from './orphans.js';
import { readClosedRow, recoverFile, type FileState } from './recover-file.js';

export interface CatalogueWorkerData {
  readonly directory: string;
  readonly path: string;
  readonly logLevel: string;
}
export type CatalogueEvent =
  /** It answers. `rebuilding`: it was missing or damaged and is being made anew; also when that is found later. */
  | { type: 'opened'; rebuilding: boolean }
  | { type: 'rebuilt'; files: number }
  /** Footage files that it does not know and that were not closed in order; some may be being written. */
  | { type: 'orphans'; paths: string[] }
  | { type: 'result'; call: number; result: unknown }
  | { type: 'error'; call: number; message: string };
export interface CatalogueCall {
  call: number;
  method: string;
  args: unknown[];
}

/** What the thread does beside the questions to the database. */
export interface CatalogueTasks {
  /** Mends a file and says what is in it; undefined: nothing. */
  recover(path: string, state: FileState, epoch: number): Promise<{ row: CatalogueRow; mended: boolean } | undefined>;
  /** Looks for files that the catalogue does not know: one walk through the whole folder, slowly. */
  search(): Promise<void>;
}

const { directory, path, logLevel } = workerData as CatalogueWorkerData;
const port = parentPort!;
const logger = createLogger(logLevel, 'catalogue');
const post = (event: CatalogueEvent) => port.postMessage(event);
const retryMs = 500;
const filesAtOnce = 8;
let db: CatalogueDatabase | undefined;
let stopped = false;

/** Resolves when the catalogue answers, or `stopped`. */
async function openCatalogue(): Promise<void> {
  let told = false;
  while (db === undefined && !stopped) {
    try {
      db = openCatalogueDatabase(path);
    } catch (error) {
      if (isDamage(error) || error instanceof UnknownCatalogueVersion) {
        logger.warn({ reason: errorMessage(error) }, 'the footage catalogue is damaged and will be made anew');
        setAside(path);
        continue;
      }
      if (!told) logger.error({ reason: errorMessage(error) }, 'the footage catalogue cannot be opened yet');
      told = true;
      await delay(retryMs);
    }
  }
}

/**
 * Tries until it works: another process may hold the catalogue, or its disk may be full. Undefined when `stopped`.
 * @throws Error when the catalogue was found damaged meanwhile
 */
async function insistently<T>(open: CatalogueDatabase, work: () => T): Promise<T | undefined> {
  while (!stopped) {
    if (db !== open) throw new Error('it was found damaged while it was being made anew');
    try {
      return work();
    } catch (error) {
      if (isDamage(error)) throw error;
      logger.debug({ reason: errorMessage(error) }, 'the footage catalogue does not take anything now');
    }
    await delay(retryMs);
  }
  return undefined;
}

/** Newest days first, so that the footage people ask for is back soon. */
async function rebuild(open: CatalogueDatabase): Promise<void> {
  let files = 0;
  const days = new Map<string, string[]>();
  for (const cameraId of await cameraFolders(directory))
    for (const { day } of await dayFolders(directory, cameraId)) days.set(day, [...(days.get(day) ?? []), cameraId]);
  for (const [day, cameraIds] of [...days].sort(([a], [b]) => (a < b ? 1 : -1))) {
    for (const cameraId of cameraIds) {
      if (stopped) return;
      const rows: CatalogueRow[] = [];
      const orphans: string[] = [];
      const paths = await pathsOfDay(directory, { cameraId, day });
      while (paths.length > 0) {
        const some = paths.splice(0, filesAtOnce);
        // Unreadable, or deleted meanwhile, is nothing that is closed in order.
        const read = await Promise.all(some.map((file) => readClosedRow(directory, file).catch(() => undefined)));
        read.forEach((row, at) => (row === undefined ? orphans.push(some[at]!) : rows.push(row)));
      }
      await insistently(open, () => open.insertAll(rows));
      files += rows.length;
      if (orphans.length > 0) post({ type: 'orphans', paths: orphans });
    }
  }
  await insistently(open, () => open.setMeta('rebuilt', 'yes'));
  post({ type: 'rebuilt', files });
}

async function begin(): Promise<void> {
  await openCatalogue();
  const open = db;
  if (open === undefined) return;
  const state = await insistently(open, () => ({ rebuilding: open.getMeta('rebuilt') !== 'yes' }));
  if (state === undefined) return;
  post({ type: 'opened', ...state });
  if (state.rebuilding) await rebuild(open);
}

let beginning: Promise<void> | undefined;
/** Starts, or starts anew after damage was found; where it is still starting, when that has ended. */
function beginAnew(): void {
  beginning ??= begin()
    .catch((error: unknown) => {
      logger.error({ reason: errorMessage(error) }, 'the footage catalogue failed');
      if (isDamage(error)) replaceDamaged();
    })
    .finally(() => {
      beginning = undefined;
      if (db === undefined && !stopped) setTimeout(beginAnew, retryMs);
    });
}

function replaceDamaged(): void {
  const damaged = db;
  db = undefined;
  try {
    damaged?.close();
  } catch {
    // it is set aside all the same
  }
  setAside(path);
}

const tasks: CatalogueTasks = {
  async recover(file, state, epoch) {
    const found = await recoverFile(directory, file, { state, epoch, logger });
    return found === undefined ? undefined : { row: found.row, mended: found.mended };
  },
  async search() {
    await findOrphans({
      directory,
      isKnown: (id) => db?.has(id) ?? true,
      found: (paths) => post({ type: 'orphans', paths }),
      pause: (ms) => delay(ms),
      nowMs: () => performance.now(),
    });
  },
};

async function answer(method: string, args: unknown[]): Promise<unknown> {
  if (method in tasks) return (tasks[method as keyof CatalogueTasks] as (...args: unknown[]) => unknown)(...args);
  if (db === undefined) throw new Error('not open yet');
  return (db[method as keyof CatalogueDatabase] as (...args: unknown[]) => unknown)(...args);
}

port.on('message', ({ call, method, args }: CatalogueCall) => {
  if (method === 'close') {
    stopped = true;
    db?.close();
    post({ type: 'result', call, result: undefined });
    port.close();
    process.exit(0);
  }
  answer(method, args).then(
    (result) => post({ type: 'result', call, result }),
    (error: unknown) => {
      post({ type: 'error', call, message: errorMessage(error) });
      if (!isDamage(error) || db === undefined) return;
      logger.error({ reason: errorMessage(error) }, 'the footage catalogue is damaged and will be made anew');
      replaceDamaged();
      beginAnew();
    },
  );
});
beginAnew();
