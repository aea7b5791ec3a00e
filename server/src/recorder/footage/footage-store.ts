// Footage: files of fragments on the disk of the recorder, with an index beside each, a catalogue of the closed ones,
// holds, and retention. Owns the footage folder. Where fragments come from and who looks at them is left to others.
import { mkdir, readFile, rm, statfs as statfsOfSystem } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { unhurried, type Hurry } from '../../lib/turn-pacer.js';
import { createCameraWriter, type CameraWriter } from './camera-writer.js';
import { createCatalogue, type CatalogueListener } from './catalogue.js';
import { createClockGuard, type Absence } from './clock-guard.js';
import { createDiskLanes, type DiskLanes } from './disk-lanes.js';
import { createFlushSchedule } from './flush-schedule.js';
import { chainedFile, describeClosedFile, type FootageChain } from './footage-chain.js';
import { systemDisk, type FootageDisk } from './footage-disk.js';
import { createFootageReader } from './footage-reader.js';
import type { FootageStore } from './footage-types.js';
import { absolutePath, assertCameraId, openMarkerOf, parseFootagePath } from './footage-paths.js';
import { createFootageWalk } from './footage-walk.js';
import { Holds } from './holds.js';
import { markedPaths } from './open-marker.js';
import { cameraFolders, dayFolders } from './orphans.js';
import type { ClosedFile } from './recover-file.js';
import { createRecovery } from './recovery.js';
import { repeat } from './repeat.js';
import { collectRetentionFacts } from './retention-facts.js';
import { createRetention, type DiskSpace } from './retention.js';
import { createWaitingRows } from './waiting-rows.js';
import { createWriteBudget, type WriteBudget } from './write-budget.js';

export interface FootageStoreOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A file is closed at a keyframe after about this time. */
  readonly fileSeconds: number;
  /** What was appended is on the disk after at most this time, on a disk that keeps up. */
  readonly syncSeconds: number;
  /** Where closed files are entered and deletions noted; without one footage is kept unchained. */
  readonly chain?: FootageChain;
  /** The recorder did not run then: told before anything is recorded, or when a person confirms that it was so. */
  readonly onAbsence?: (absence: Absence) => void;
  readonly statfs?: (directory: string) => Promise<DiskSpace>;
  readonly retentionIntervalMs?: number;
  /** Recording starts after at most this time, also when the catalogue does not open; default 10 s. */
  readonly catalogueWaitMs?: number;
  readonly disk?: FootageDisk;
  /** Around what does many things one after the other. */
  readonly hurry?: Hurry;
  readonly lanes?: DiskLanes;
  readonly budget?: WriteBudget;
}

/** A file that gets nothing any more is closed, so that it enters the catalogue. */
const idleCloseMs = 60_000;
/** A camera that gets nothing any more is forgotten. */
const forgetMs = 600_000;
const slowWindowMs = 60_000;
/** A fragment that waits longer for the disk tells that it is too slow. */
const slowAppendMs = 2000;
/** What a power cut may take at most; a disk on which more is unflushed is too slow. */
const longestUnflushedMs = 10_000;
const tickMs = 250;
const upkeepMs = 1000;
/** Recording starts after at most these, whatever the catalogue and the files of before need. */
const catalogueWaitMs = 10_000;
const recoveryWaitMs = 5000;
const searchRetryMs = 60_000;

async function systemSpace(directory: string): Promise<DiskSpace> {
  const stats = await statfsOfSystem(directory);
  return { freeBytes: stats.bavail * stats.bsize, totalBytes: stats.blocks * stats.bsize };
}

export function createFootageStore(options: FootageStoreOptions): FootageStore {
  const { directory, clock, logger, disk = systemDisk, hurry = unhurried } = options;
  const lanes = options.lanes ?? createDiskLanes();
  const budget = options.budget ?? createWriteBudget();
  const writers = new Map<string, CameraWriter>();
  const holds = new Holds({ directory, logger });
  const space = () => (options.statfs ?? systemSpace)(directory);
  let state: 'stopped' | 'started' = 'stopped';
  let catalogueState: 'opening' | 'rebuilding' | 'ready' = 'opening';
  let markOpened: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (markOpened = resolve));
  let searchDueAt = Infinity;
  let forgottenDrops = 0;
  let nextRetentionAt = -Infinity;
  let retaining: Promise<void> = Promise.resolve();
  let lastTotals = { bytes: 0, oldestAtMs: undefined as number | undefined };
  const loops: (() => Promise<void>)[] = [];

  const listener: CatalogueListener = {
    opened({ rebuilding }) {
      catalogueState = rebuilding ? 'rebuilding' : 'ready';
      if (!rebuilding) searchDueAt = clock.monotonicMs();
      catalogue.newestEpoch().then((epoch) => guard.atLeast(epoch), tellUpkeep);
      markOpened();
    },
    rebuilt() {
      catalogueState = 'ready';
      catalogue.newestEpoch().then((epoch) => guard.atLeast(epoch), tellUpkeep);
    },
    orphans: (paths) =>
      recovery.add(
        paths.filter((path) => !isBusy(parseFootagePath(path)?.cameraId ?? '', path)),
        'found',
      ),
    ended() {
      catalogueState = 'opening';
    },
  };
  const catalogue = createCatalogue({ directory, path: join(directory, 'catalogue.sqlite'), logger, listener });
  const guard = createClockGuard({ path: join(directory, 'clock.json'), clock, logger, newestDay });
  const waitingRows = createWaitingRows({ catalogue, clock, logger });
  const retention = createRetention({
    directory,
    clock,
    logger,
    catalogue,
    holds,
    guard,
    space,
    hurry,
    chain: options.chain,
    walk: createFootageWalk({
      directory,
      isBusy: (cameraId, path) => isBusy(cameraId, path) || recovery.pathsOf(cameraId).includes(path),
    }),
    catalogueReady: () => catalogueState === 'ready',
    isRunning: () => state === 'started',
  });
  const recovery = createRecovery({
    catalogue,
    clock,
    logger,
    isBusy,
    epochOf: () => guard.epochBefore(),
    isChained: async (cameraId, path) => (await options.chain?.has({ cameraId, path })) ?? false,
    async onRecovered(path, found) {
      if (found !== undefined) {
        const file = options.chain === undefined ? undefined : await describeClosedFile(directory, path);
        if (file !== undefined) await options.chain?.enter(file, found.mended ? 'recovered' : 'found');
        await waitingRows.enter(found.row);
      }
      writers.get(parseFootagePath(path)?.cameraId ?? '')?.recovered(path);
    },
  });
  const flushDue = createFlushSchedule({ syncSeconds: options.syncSeconds, clock });

  const tellUpkeep = (error: unknown): void => logger.warn({ reason: errorMessage(error) }, 'footage upkeep failed');

  function isBusy(cameraId: string, path: string): boolean {
    return writers.get(cameraId)?.openPaths().includes(path) === true;
  }

  /** Other files lie in the folder too, also before the first footage. */
  async function hasFootage(): Promise<boolean> {
    for (const cameraId of await cameraFolders(directory))
      if ((await dayFolders(directory, cameraId)).length > 0) return true;
    return false;
  }

  async function newestDay(): Promise<{ fromMs: number; toMs: number } | undefined> {
    const days: string[] = [];
    for (const cameraId of await cameraFolders(directory)) {
      const [newest] = await dayFolders(directory, cameraId);
      if (newest !== undefined) days.push(newest.day);
    }
    const fromMs = Date.parse(days.sort().at(-1) ?? '');
    return Number.isNaN(fromMs) ? undefined : { fromMs, toMs: fromMs + 86_400_000 };
  }

  async function enterClosed(file: ClosedFile): Promise<void> {
    await options.chain?.enter(chainedFile(file.row.path, file.header, file.records, file.initSha256), 'closed');
    await waitingRows.enter(file.row);
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
      disk,
      lanes,
      budget,
      fileSeconds: options.fileSeconds,
      epoch: () => guard.epoch(),
      unrecovered: () => recovery.pathsOf(cameraId),
      onClosed: enterClosed,
      onUnfinished(path, error) {
        logger.error({ path, reason: errorMessage(error) }, 'a footage file was not closed in order');
        recovery.add([path], 'open');
      },
      onDiskFull() {
        retention.reportFull();
        nextRetentionAt = -Infinity;
      },
    });
    writers.set(cameraId, writer);
    return writer;
  }

  /** The files that were being written when the recorder ended, as their markers name them. */
  async function readMarkers(): Promise<void> {
    const cameraIds = await cameraFolders(directory);
    const readOne = async (cameraId: string): Promise<void> => {
      const marker = absolutePath(directory, openMarkerOf(cameraId));
      const text = await readFile(marker, 'utf8').catch(() => undefined);
      if (text === undefined) return;
      const paths = markedPaths(text).filter((path) => parseFootagePath(path)?.cameraId === cameraId);
      recovery.add(paths, 'open');
      if (paths.length === 0) await rm(marker, { force: true });
    };
    while (cameraIds.length > 0) await Promise.all(cameraIds.splice(0, 8).map(readOne));
  }

  /** Removes the markers of cameras that have nothing open and nothing to recover. */
  async function removeMarkers(cameraIds: Iterable<string>): Promise<void> {
    for (const cameraId of cameraIds) {
      if (recovery.pathsOf(cameraId).length > 0) continue;
      const writer = writers.get(cameraId);
      if (writer === undefined) await disk.remove(absolutePath(directory, openMarkerOf(cameraId)));
      else await writer.mark();
    }
  }

  async function recover(): Promise<void> {
    if (recovery.count === 0) return;
    const cameraIds = recovery.cameraIds();
    await hurry(() => recovery.run());
    await removeMarkers(cameraIds);
  }

  async function search(): Promise<void> {
    if (clock.monotonicMs() < searchDueAt || catalogueState !== 'ready') return;
    searchDueAt = Infinity;
    await catalogue.search().catch((error: unknown) => {
      logger.warn({ reason: errorMessage(error) }, 'the search for lost footage files ended early');
      searchDueAt = clock.monotonicMs() + searchRetryMs;
    });
  }

  function closeIdle(): void {
    for (const [cameraId, writer] of writers) {
      if (writer.isOpen() && writer.idleMs() > idleCloseMs) writer.close().catch(tellUpkeep);
      if (!writer.isIdle() || writer.idleMs() < forgetMs) continue;
      forgottenDrops += writer.droppedFragments();
      writer.leave();
      writers.delete(cameraId);
    }
  }

  function tick(): void {
    guard.epoch();
    flushDue(writers.values());
    closeIdle();
    if (clock.monotonicMs() < nextRetentionAt) return;
    nextRetentionAt = Infinity;
    retaining = retention.run().finally(() => {
      nextRetentionAt = Math.min(nextRetentionAt, clock.monotonicMs() + (options.retentionIntervalMs ?? 5000));
    });
  }

  async function upkeep(): Promise<void> {
    catalogue.start();
    if (waitingRows.count === 0 && waitingRows.takeLost() > 0) searchDueAt = clock.monotonicMs();
    await waitingRows.flush();
    await recover();
  }

  function isSlow(writer: CameraWriter): boolean {
    return (
      writer.sinceTroubleMs() < slowWindowMs ||
      writer.waitingMs() > slowAppendMs ||
      writer.unflushedMs() > longestUnflushedMs
    );
  }

  async function atMost(work: Promise<void>, ms: number): Promise<void> {
    const enough = new AbortController();
    const waited = clock.sleep(ms, enough.signal).catch(() => undefined); // the work was done before
    await Promise.race([work, waited]);
    enough.abort();
  }

  function tellAbsence(absence: Absence | undefined): void {
    try {
      if (absence !== undefined) options.onAbsence?.(absence);
    } catch (error) {
      logger.error({ reason: errorMessage(error) }, 'it could not be noted that the recorder did not run');
    }
  }

  return {
    ...createFootageReader({ directory, catalogue, waitingRows, lanes, writers }),
    async start() {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await holds.load(hasFootage);
      catalogue.start();
      await guard.start();
      await readMarkers();
      await atMost(opened, options.catalogueWaitMs ?? catalogueWaitMs);
      state = 'started';
      await atMost(recover().catch(tellUpkeep), recoveryWaitMs);
      tellAbsence(guard.absence());
      loops.push(
        repeat('footage tick', tickMs, logger, tick),
        repeat('footage upkeep', upkeepMs, logger, upkeep),
        repeat('footage search', upkeepMs, logger, search),
        repeat('noting the time', upkeepMs, logger, () => guard.beat()),
      );
    },
    async stop() {
      state = 'stopped';
      const stopping = Promise.all(loops.splice(0).map((stop) => stop()));
      await retaining;
      await Promise.all([...writers.values()].map((writer) => writer.close()));
      await catalogue.stop(); // also ends a search
      await stopping;
    },
    async append(cameraId, fragment) {
      if (state !== 'started') throw new AppError('unavailable', 'storage_stopped', 'the footage store is not running');
      if (retention.isFull())
        throw new AppError('unavailable', 'storage_full', 'no room for footage, and nothing may be deleted');
      return writerOf(cameraId).append(fragment);
    },
    async closeCamera(cameraId) {
      await writers.get(cameraId)?.close();
    },
    setRetention: (policy) => retention.setPolicy(policy),
    holds,
    async usage() {
      const [totals, free] = await Promise.all([catalogue.totals().catch(() => lastTotals), space()]);
      lastTotals = { bytes: totals.bytes, oldestAtMs: totals.oldestAtMs }; // the last known while it does not answer
      const files = [...writers.values()].flatMap((writer) => writer.openFiles());
      const oldest = Math.min(totals.oldestAtMs ?? Infinity, ...files.map((file) => file.startAtMs));
      return {
        footageBytes: totals.bytes + [...writers.values()].reduce((sum, writer) => sum + writer.openByteLength(), 0),
        freeBytes: free.freeBytes,
        totalBytes: free.totalBytes,
        oldestAtMs: Number.isFinite(oldest) ? oldest : undefined,
      };
    },
    condition: () => ({
      storageFull: retention.isFull(),
      fullOfHeld: retention.isFullOfHeld(),
      slowCameraIds: [...writers].filter(([, writer]) => isSlow(writer)).map(([id]) => id),
      droppedFragments: [...writers.values()].reduce((sum, writer) => sum + writer.droppedFragments(), forgottenDrops),
      awaitingHolds: !holds.known,
      rebuilding: catalogueState === 'rebuilding',
      clock: guard.condition(),
    }),
    retentionFacts: () =>
      collectRetentionFacts({
        catalogue,
        clock,
        holds,
        retention,
        space,
        openCameras: () => [...writers.keys()],
        openFiles: (cameraId) => writers.get(cameraId)?.openFiles() ?? [],
      }),
    confirmClock: async () => tellAbsence(await guard.confirm()),
  };
}
