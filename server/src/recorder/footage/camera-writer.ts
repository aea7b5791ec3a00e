// Writes one camera's footage: appends fragments to its current file and rotates. Calls are worked off one after the
// other; how much may wait is bounded. A file that ends is finished beside the writing of the next one, so that a
// rotation keeps nothing waiting, and stays readable from memory until the catalogue knows it.
import { dirname } from 'node:path';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import type { Fragment, StoredFragment } from '../../lib/fragment.js';
import type { Logger } from '../../lib/logger.js';
import type { DiskLanes } from './disk-lanes.js';
import type { FootageDisk } from './footage-disk.js';
import type { FootageFile } from './footage-types.js';
import { absolutePath, fileIdOf, footagePath, openMarkerOf } from './footage-paths.js';
import type { IndexHeader, IndexRecord } from './index-file.js';
import { createOpenFile, type OpenFile } from './open-file.js';
import { encodeMarker } from './open-marker.js';
import { storedFragment } from './packed-index.js';
import { catalogueRow, type ClosedFile } from './recover-file.js';
import type { WriteBudget } from './write-budget.js';

/** How much of the current run stays in memory for `tail`, also when a new file has just begun. */
const tailMs = 130_000;
/** Names that are tried when a file of that start exists already. */
const maxNameTries = 1000;
/** Times that a folder is made again which retention removed, with the last file in it, just before. */
const maxFolderTries = 3;
/** Files that wait for recovery and stay readable from memory meanwhile; 13 kB each. */
const maxUnfinished = 32;
/** Files that are being finished; with more, the next one begins when these are. */
const maxEnded = 4;

interface Rotation {
  /** Media time after which the next keyframe begins a new file. */
  readonly atKeyframeMs: number;
  readonly forcedMs: number;
}

export interface CameraWriterOptions {
  readonly cameraId: string;
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly disk: FootageDisk;
  readonly lanes: DiskLanes;
  readonly budget: WriteBudget;
  readonly fileSeconds: number;
  readonly epoch: () => number;
  /** Files of before that the next start must still mend. */
  readonly unrecovered: () => string[];
  /** A file was closed in order. It stays marked open, and readable from memory, until this resolves; never rejects. */
  readonly onClosed: (file: ClosedFile) => Promise<void>;
  /** A file could not be closed in order; it must be recovered when the disk works again. */
  readonly onUnfinished: (path: string, error: unknown) => void;
  readonly onDiskFull: () => void;
  readonly random?: () => number;
}

export type CameraWriter = ReturnType<typeof createCameraWriter>;

export function createCameraWriter(options: CameraWriterOptions) {
  const { cameraId, directory, clock, logger, disk, budget, random = Math.random } = options;
  const share = budget.join();
  let current: OpenFile | undefined;
  /** The path that `current` will have. */
  let opening: string | undefined;
  let rotation: Rotation = { atKeyframeMs: 0, forcedMs: 0 };
  /** Ended, oldest first: being finished, or not in the catalogue yet. */
  let ended: OpenFile[] = [];
  /** Could not be closed in order; readable from memory until they are recovered. */
  let unfinished: OpenFile[] = [];
  /** The file before, for `tail`. */
  let previous: OpenFile | undefined;
  let finishing: Promise<void> = Promise.resolve();
  let queue: Promise<unknown> = Promise.resolve();
  let marking: Promise<void> = Promise.resolve();
  let knownFolder: string | undefined;
  /** When the appends that are under way were called; the oldest first. */
  const waitingSince: number[] = [];
  let droppedFragments = 0;
  /** A fragment was dropped that those up to the next keyframe need. */
  let dropsRestOfGroup = false;
  let lastTroubleAt = -Infinity;
  let lastAppendAt = clock.monotonicMs();

  function enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work, work);
    queue = result.catch(() => undefined); // whoever called is told through `result`
    return result;
  }

  /** One at a time; what it names is looked up when its turn comes. */
  function mark(): Promise<void> {
    const work = async () => {
      const path = opening ?? current?.path;
      const also = [...options.unrecovered(), ...ended.map((file) => file.path)];
      const marker = absolutePath(directory, openMarkerOf(cameraId));
      if (path === undefined && also.length === 0) await disk.remove(marker);
      else await disk.replace(marker, encodeMarker({ path, also }));
    };
    const result = marking.then(work, work);
    marking = result.catch(() => undefined); // whoever called is told through `result`
    return result;
  }

  async function makeFolder(path: string): Promise<boolean> {
    if (path === knownFolder) return false;
    const isNew = await disk.makeFolder(path);
    knownFolder = path;
    return isNew;
  }

  function headerOf(fragment: Fragment, path: string): IndexHeader {
    const { init } = fragment;
    return {
      fileId: fileIdOf(path),
      cameraId,
      run: fragment.run,
      epoch: options.epoch(),
      initId: init.id,
      initByteLength: init.bytes.length,
      codec: init.codec,
      width: init.width,
      height: init.height,
      timescale: init.timescale,
      trackId: init.trackId,
    };
  }

  async function begin(fragment: Fragment): Promise<OpenFile> {
    let namesTaken = 0;
    let foldersGone = 0;
    for (;;) {
      const path = footagePath(cameraId, fragment.startAtMs + namesTaken, fragment.run);
      const mediaPath = absolutePath(directory, path);
      try {
        const isNewFolder = await makeFolder(dirname(mediaPath));
        // First the marker: whatever happens from here on, the next start finds this file.
        opening = path;
        await mark();
        const header = headerOf(fragment, path);
        const { lanes } = options;
        const { init } = fragment;
        const file = await createOpenFile({ path, mediaPath, header, init, isNewFolder, disk, lanes, clock });
        const lengthMs = options.fileSeconds * 1000 * (0.9 + random() * 0.2);
        rotation = { atKeyframeMs: fragment.startAtMs + lengthMs, forcedMs: fragment.startAtMs + 2 * lengthMs };
        current = file;
        opening = undefined;
        return file;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EEXIST' && namesTaken++ < maxNameTries) continue;
        knownFolder = undefined; // it may be gone
        if (code === 'ENOENT' && foldersGone++ < maxFolderTries) continue;
        opening = undefined;
        await mark().catch(() => undefined); // a marker of a file that is not there does no harm
        throw error;
      }
    }
  }

  function continues(file: OpenFile, fragment: Fragment): boolean {
    const { header } = file;
    if (file.failed || header.initId !== fragment.init.id || header.run !== fragment.run) return false;
    if (header.epoch !== options.epoch()) return false;
    const last = file.records.at(-1);
    if (last !== undefined && fragment.startAtMs < last.startAtMs) return false;
    if (fragment.startAtMs >= rotation.forcedMs) return false;
    return !(fragment.independent && fragment.startAtMs >= rotation.atKeyframeMs);
  }

  async function finish(file: OpenFile): Promise<void> {
    try {
      if (file.records.count === 0) {
        await file.discard();
      } else {
        await file.finish();
        await options.onClosed(await closedFile(file));
      }
    } catch (error) {
      if (!isFullDisk(error)) trouble();
      if (file.records.count > 0) unfinished = [...unfinished, file].slice(-maxUnfinished);
      options.onUnfinished(file.path, error);
    }
    ended = ended.filter((one) => one !== file);
    await mark().catch((error: unknown) => {
      logger.warn({ cameraId, reason: errorMessage(error) }, 'the marker of open footage files is out of date');
    });
  }

  /** The current file gets nothing any more; it is finished beside what comes next. */
  function end(): void {
    const file = current;
    if (file === undefined) return;
    current = undefined;
    previous = file;
    ended.push(file);
    finishing = finishing.then(() => finish(file));
  }

  async function write(fragment: Fragment): Promise<StoredFragment> {
    if (current !== undefined && !continues(current, fragment)) end();
    // A disk that finishes files more slowly than new ones begin would leave more behind than memory tells of.
    if (current === undefined && ended.length > maxEnded) await finishing;
    const file = current ?? (await begin(fragment));
    const record = await file.append(fragment);
    const { first } = file.records;
    if (first !== undefined && record.startAtMs - first.startAtMs > tailMs) previous = undefined;
    return stored(file, record);
  }

  function refuse(error: unknown): AppError {
    droppedFragments += 1;
    if (isFullDisk(error)) {
      options.onDiskFull();
      return new AppError('unavailable', 'storage_full', 'the footage disk is full', { cause: error });
    }
    trouble();
    if (error instanceof AppError) return error;
    return new AppError('unavailable', 'storage_failed', `footage cannot be written: ${errorMessage(error)}`, {
      cause: error,
    });
  }

  function trouble(): void {
    lastTroubleAt = clock.monotonicMs();
  }

  function describe(file: OpenFile): FootageFile | undefined {
    const { first } = file.records;
    const last = file.records.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const { spans: _spans, ...row } = catalogueRow(file.header, [last], file.path);
    return { ...row, path: absolutePath(directory, file.path), startAtMs: first.startAtMs, open: true };
  }

  async function appendInTurn(fragment: Fragment): Promise<StoredFragment> {
    const byteLength = fragment.bytes.length;
    try {
      return await options.lanes.append(() => enqueue(() => write(fragment)));
    } catch (error) {
      throw refuse(error);
    } finally {
      waitingSince.shift();
      budget.give(share, byteLength);
    }
  }

  /** Files whose fragments are known from memory, in the order in which they were written. */
  const inMemory = (): OpenFile[] => [...unfinished, ...ended, ...(current === undefined ? [] : [current])];

  return {
    append(fragment: Fragment): Promise<StoredFragment> {
      const byteLength = fragment.bytes.length;
      lastAppendAt = clock.monotonicMs();
      if (fragment.independent) dropsRestOfGroup = false;
      if (dropsRestOfGroup || !budget.take(share, byteLength)) {
        dropsRestOfGroup = true;
        const error = new AppError(
          'unavailable',
          'storage_slow',
          'the footage disk is too slow; a fragment was dropped',
        );
        return Promise.reject(refuse(error));
      }
      waitingSince.push(lastAppendAt);
      return appendInTurn(fragment);
    },
    /** The next append opens another file. Resolves when this one is finished, in order or not. */
    async close(): Promise<void> {
      await enqueue(() => Promise.resolve(end()));
      await finishing;
    },
    /** Flushes what was appended; does not wait for appends and does not hold them up. */
    async flush(): Promise<void> {
      const file = current;
      if (file === undefined || file.isFlushing) return;
      await file.flush().catch((error: unknown) => {
        trouble();
        logger.error({ cameraId, reason: errorMessage(error) }, 'footage could not be flushed: a new file begins');
      });
    },
    /** Fragments that are not in the catalogue yet, in the order in which they were appended. */
    openFragments: async (): Promise<StoredFragment[]> => {
      const files = inMemory().map(async (file) => {
        const records = await file.allRecords().catch((error: unknown) => {
          logger.warn({ cameraId, reason: errorMessage(error) }, 'the index of an open footage file cannot be read');
          return remembered(file);
        });
        return records.map((record) => stored(file, record));
      });
      return (await Promise.all(files)).flat();
    },
    /** The files of these fragments. */
    openFiles: (): FootageFile[] => inMemory().flatMap((file) => describe(file) ?? []),
    openFile(fileId: string): FootageFile | undefined {
      const file = inMemory().find((one) => one.header.fileId === fileId);
      return file === undefined ? undefined : describe(file);
    },
    /** Also those that hold nothing yet. */
    openPaths: (): string[] => [
      ...[...ended, ...(current === undefined ? [] : [current])].map((file) => file.path),
      ...(opening === undefined ? [] : [opening]),
    ],
    openByteLength: (): number => inMemory().reduce((sum, file) => sum + file.byteLength, 0),
    /** Backwards from the newest fragment through its run, as far as memory reaches. */
    *newestFirst(): Generator<StoredFragment, void, undefined> {
      const files = [...new Set([...(previous === undefined ? [] : [previous]), ...inMemory()])].reverse();
      for (const file of files) {
        if (file.header.run !== files[0]!.header.run) return;
        for (let at = file.records.count - 1; at >= 0; at--) {
          const record = file.records.at(at);
          if (record === undefined) return;
          yield stored(file, record);
        }
      }
    },
    droppedFragments: (): number => droppedFragments,
    /** Since the disk last failed, or was too slow for this camera. */
    sinceTroubleMs: (): number => clock.monotonicMs() - lastTroubleAt,
    /** How long the append that was called first has been waiting. */
    waitingMs: (): number => (waitingSince[0] === undefined ? 0 : clock.monotonicMs() - waitingSince[0]),
    /** Age of the oldest byte that may not be on the disk. */
    unflushedMs(): number {
      let since = current?.unflushedSinceMs ?? Infinity;
      for (const file of unfinished) since = Math.min(since, file.unflushedSinceMs ?? Infinity);
      for (const file of ended) since = Math.min(since, file.unflushedSinceMs ?? Infinity);
      return since === Infinity ? 0 : clock.monotonicMs() - since;
    },
    /** A file that could not be closed in order is in the catalogue now, or holds nothing. */
    recovered(path: string): void {
      unfinished = unfinished.filter((file) => file.path !== path);
    },
    /** Brings the marker of open files up to date. */
    mark,
    idleMs: (): number => clock.monotonicMs() - lastAppendAt,
    isOpen: (): boolean => current !== undefined,
    isIdle: (): boolean => inMemory().length === 0 && waitingSince.length === 0,
    /** Nothing is appended any more. */
    leave: (): void => share.leave(),
  };
}

function stored(file: OpenFile, record: IndexRecord): StoredFragment {
  const { fileId: id, run, epoch, initId } = file.header;
  return storedFragment({ id, run, epoch, initId }, record);
}

/** What memory still has of a file's records. */
function remembered({ records }: OpenFile): IndexRecord[] {
  return Array.from({ length: records.count }, (_, position) => records.at(position)).filter(
    (record) => record !== undefined,
  );
}

async function closedFile(file: OpenFile): Promise<ClosedFile> {
  const records = await file.allRecords();
  const { header, initSha256 } = file;
  return { row: catalogueRow(header, records, file.path), header, records, initSha256, mended: false };
}

function isFullDisk(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
