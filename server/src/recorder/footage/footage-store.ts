// Footage: files of fragments on the disk of the recorder, with an index beside each, a catalogue of the closed ones,
// holds, and retention. Owns the footage folder. Where fragments come from and who looks at them is left to others.
import { mkdir, readdir, readFile, rm, statfs as statfsOfSystem } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { CatalogueRow } from './catalogue-database.js';
import { createCameraWriter, type CameraWriter } from './camera-writer.js';
import { createCatalogue } from './catalogue.js';
import { describeClosedFile, type ChainedFile, type FootageChain } from './footage-chain.js';
import { createFootageReader } from './footage-reader.js';
import type { FootageStore } from './footage-types.js';
import { absolutePath, assertCameraId, isCameraFolder, openMarkerOf, parseFootagePath } from './footage-paths.js';
import { createHolds } from './holds.js';
import { recoverFile } from './recover-file.js';
import { createRetention, type DiskSpace } from './retention.js';

export interface FootageStoreOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A file is closed at a keyframe after about this time. */
  readonly fileSeconds: number;
  /** What was appended is on the disk after at most this time. */
  readonly syncSeconds: number;
  /** Where closed files are entered and deletions noted; without one footage is kept unchained. */
  readonly chain?: FootageChain;
  readonly statfs?: (directory: string) => Promise<DiskSpace>;
  readonly retentionIntervalMs?: number;
}

/** A file that gets nothing any more is closed, so that it enters the catalogue. */
const idleCloseMs = 60_000;
const slowWindowMs = 60_000;
const tickMs = 250;
/** A difference between wall and monotonic clock beyond this is a step, not drift. */
const clockStepMs = 5000;

async function systemSpace(directory: string): Promise<DiskSpace> {
  const stats = await statfsOfSystem(directory);
  return { freeBytes: stats.bavail * stats.bsize, totalBytes: stats.blocks * stats.bsize };
}

/** What the marker of an open file names; undefined when it was torn. */
function markedPath(text: string): string | undefined {
  try {
    const { path } = JSON.parse(text) as { path?: unknown };
    return typeof path === 'string' ? path : undefined;
  } catch {
    return undefined;
  }
}

export function createFootageStore(options: FootageStoreOptions): FootageStore {
  const { directory, clock, logger } = options;
  const writers = new Map<string, CameraWriter>();
  const catalogue = createCatalogue({ directory, path: join(directory, 'catalogue.sqlite'), logger });
  const holds = createHolds({ path: join(directory, 'holds.json'), logger });
  const space = () => (options.statfs ?? systemSpace)(directory);
  let state: 'stopped' | 'started' = 'stopped';
  let awaitingHolds = true;
  let rebuilding = false;
  let epoch = 0;
  let clockDifferenceMs = clock.nowMs() - clock.monotonicMs();
  let timer: NodeJS.Timeout | undefined;
  let lastRetentionAt = -Infinity;

  const retention = createRetention({
    directory,
    clock,
    logger,
    catalogue,
    holds,
    space,
    chain: options.chain,
    mayDelete: () => !awaitingHolds && !rebuilding && state === 'started',
  });

  /** Rows that the catalogue did not take; tried again until it does. */
  const waitingRows: CatalogueRow[] = [];
  async function enter(row: CatalogueRow): Promise<void> {
    try {
      await catalogue.insert(row);
    } catch (error) {
      waitingRows.push(row);
      logger.error({ path: row.path, reason: errorMessage(error) }, 'a footage file did not enter the catalogue');
    }
  }

  async function enterClosed(row: CatalogueRow, file: ChainedFile): Promise<void> {
    await options.chain?.enter(file, 'closed');
    await enter(row);
  }

  async function enterWaiting(): Promise<void> {
    if (waitingRows.length === 0) return;
    if (!catalogue.isRunning()) await catalogue.start();
    for (let row = waitingRows[0]; row !== undefined; row = waitingRows[0]) {
      await catalogue.insert(row);
      waitingRows.shift();
    }
  }

  function writerOf(cameraId: string): CameraWriter {
    const known = writers.get(cameraId);
    if (known !== undefined) return known;
    assertCameraId(cameraId);
    const writer = createCameraWriter({
      cameraId,
      directory,
      clock,
      logger,
      fileSeconds: options.fileSeconds,
      epoch: () => epoch,
      onClosed: enterClosed,
      onDiskFull: () => {
        retention.reportFull();
        lastRetentionAt = -Infinity;
      },
    });
    writers.set(cameraId, writer);
    return writer;
  }

  /** Looks only at the files that were being written when the recorder ended, found by their markers. */
  async function recoverOpenFiles(): Promise<void> {
    const cameraIds = (await readdir(directory, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() && isCameraFolder(entry.name))
      .map((entry) => entry.name);
    const recoverOne = async (cameraId: string): Promise<void> => {
      const marker = absolutePath(directory, openMarkerOf(cameraId));
      const text = await readFile(marker, 'utf8').catch(() => undefined);
      if (text === undefined) return;
      const path = markedPath(text);
      if (path !== undefined && parseFootagePath(path)?.cameraId === cameraId) {
        const row = await recoverFile(directory, path, logger, true);
        const recovered = row === undefined ? undefined : await describeClosedFile(directory, path);
        if (recovered !== undefined) await options.chain?.enter(recovered, 'recovered');
        if (row !== undefined) await catalogue.insert(row);
      }
      await rm(marker, { force: true });
    };
    while (cameraIds.length > 0)
      await Promise.all(
        cameraIds.splice(0, 8).map((cameraId) =>
          recoverOne(cameraId).catch((error: unknown) => {
            logger.error({ cameraId, reason: errorMessage(error) }, 'footage could not be recovered');
          }),
        ),
      );
  }

  function watchClock(): void {
    const difference = clock.nowMs() - clock.monotonicMs();
    if (Math.abs(difference - clockDifferenceMs) > clockStepMs) {
      epoch += 1;
      retention.suspendAge();
      logger.error(
        { stepMs: difference - clockDifferenceMs },
        'the clock of this machine stepped: age no longer deletes',
      );
    }
    clockDifferenceMs = difference;
  }

  async function syncDue(): Promise<void> {
    // Half of the promise, so that the flush itself has the other half.
    const dueMs = (options.syncSeconds * 1000) / 2;
    const due = [...writers.values()].filter((writer) => writer.isDirty() && writer.sinceSyncMs() >= dueMs);
    await Promise.all(due.map((writer) => writer.sync()));
  }

  async function tick(): Promise<void> {
    watchClock();
    await syncDue();
    await enterWaiting();
    for (const writer of writers.values()) if (writer.isOpen() && writer.idleMs() > idleCloseMs) await writer.close();
    if (clock.monotonicMs() - lastRetentionAt >= (options.retentionIntervalMs ?? 5000)) {
      await retention.run();
      lastRetentionAt = clock.monotonicMs();
    }
  }

  let ticking: Promise<void> = Promise.resolve();
  function schedule(): void {
    timer = setTimeout(() => {
      ticking = tick()
        .catch((error: unknown) => logger.warn({ reason: errorMessage(error) }, 'footage upkeep failed'))
        .finally(() => {
          if (state === 'started') schedule();
        });
    }, tickMs);
    timer.unref();
  }

  return {
    ...createFootageReader({ directory, catalogue, writers }),
    async start() {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const holdsKnown = await holds.load();
      rebuilding = await catalogue.start();
      awaitingHolds = !holdsKnown || (await catalogue.getMeta('awaitingHolds')) === 'yes';
      void catalogue.rebuilt().then(() => (rebuilding = false));
      await recoverOpenFiles();
      state = 'started';
      schedule();
    },
    async stop() {
      state = 'stopped';
      clearTimeout(timer);
      await ticking;
      const closing = await Promise.allSettled([...writers.values()].map((writer) => writer.close()));
      for (const result of closing)
        if (result.status === 'rejected')
          logger.warn({ reason: errorMessage(result.reason) }, 'footage file not closed');
      await catalogue.stop();
    },
    async append(cameraId, fragment) {
      if (state !== 'started') throw new AppError('unavailable', 'storage_stopped', 'the footage store is not running');
      if (retention.isFull())
        throw new AppError('unavailable', 'storage_full', 'only held footage is left on the disk');
      return writerOf(cameraId).append(fragment);
    },
    async closeCamera(cameraId) {
      await writers.get(cameraId)?.close();
    },
    setRetention: (policy) => retention.setPolicy(policy),
    async setHolds(list, complete) {
      await holds.set(list, complete);
      if (complete && awaitingHolds) {
        await catalogue.setMeta('awaitingHolds', 'no');
        awaitingHolds = false;
      }
    },
    async usage() {
      const [totals, disk] = await Promise.all([catalogue.totals(), space()]);
      const opened = [...writers.values()];
      const oldest = Math.min(
        totals.oldestAtMs ?? Infinity,
        ...opened.map((writer) => writer.openFile()?.startAtMs ?? Infinity),
      );
      return {
        footageBytes: totals.bytes + opened.reduce((sum, writer) => sum + writer.openByteLength(), 0),
        freeBytes: disk.freeBytes,
        totalBytes: disk.totalBytes,
        oldestAtMs: Number.isFinite(oldest) ? oldest : undefined,
      };
    },
    condition: () => ({
      storageFull: retention.isFull(),
      slowCameraIds: [...writers].filter(([, writer]) => writer.sinceDropMs() < slowWindowMs).map(([id]) => id),
      droppedFragments: [...writers.values()].reduce((sum, writer) => sum + writer.droppedFragments(), 0),
      awaitingHolds,
      rebuilding,
    }),
  };
}
