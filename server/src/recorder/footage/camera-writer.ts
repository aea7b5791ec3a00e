// Writes one camera's footage: appends fragments to its current file and records to the index beside it, rotates,
// flushes. Calls are worked off one after the other; how much may wait is bounded.
import { createHash } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import type { Fragment, StoredFragment } from '../../lib/fragment.js';
import type { Logger } from '../../lib/logger.js';
import type { CatalogueRow } from './catalogue-database.js';
import { syncFolder, writeDurably } from './durable-json.js';
import { chainedFile, type ChainedFile } from './footage-chain.js';
import type { FootageFile } from './footage-types.js';
import { absolutePath, fileIdOf, footagePath, indexPathOf, openMarkerOf } from './footage-paths.js';
import {
  encodeClosingRecord,
  encodeIndexHeader,
  encodeIndexRecord,
  type IndexHeader,
  type IndexRecord,
} from './index-file.js';
import { catalogueRow } from './recover-file.js';
import { encodeTimeBox } from './time-box.js';

/** How much of one camera may wait for the disk. */
const maxQueuedBytes = 16 * 1024 * 1024;
/** How much of the current run stays in memory for `tail`. */
const recentMs = 130_000;

interface OpenFile {
  readonly path: string;
  readonly header: IndexHeader;
  readonly initSha256: Buffer;
  readonly media: FileHandle;
  readonly index: FileHandle;
  readonly records: IndexRecord[];
  readonly fragments: StoredFragment[];
  byteLength: number;
  indexBytes: number;
  /** Media time after which the next keyframe begins a new file. */
  readonly rotateAtMs: number;
  readonly forcedAtMs: number;
  folderSynced: boolean;
  dirty: boolean;
  phase: 'writing' | 'closing';
}

export interface CameraWriterOptions {
  readonly cameraId: string;
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fileSeconds: number;
  readonly epoch: () => number;
  /** A file was closed and must enter chain and catalogue; it stays marked open until this resolves. */
  readonly onClosed: (row: CatalogueRow, file: ChainedFile) => Promise<void>;
  readonly onDiskFull: () => void;
  readonly random?: () => number;
}

export type CameraWriter = ReturnType<typeof createCameraWriter>;

function sameFile(file: OpenFile, fragment: Fragment, epoch: number): boolean {
  const last = file.records.at(-1);
  if (file.header.initId !== fragment.init.id || file.header.run !== fragment.run || file.header.epoch !== epoch)
    return false;
  if (last !== undefined && fragment.startAtMs < last.startAtMs) return false;
  if (fragment.startAtMs >= file.forcedAtMs) return false;
  return !(fragment.independent && fragment.startAtMs >= file.rotateAtMs);
}

export function createCameraWriter(options: CameraWriterOptions) {
  const { cameraId, directory, clock, logger, random = Math.random } = options;
  let current: OpenFile | undefined;
  let recent: StoredFragment[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  let queuedBytes = 0;
  let droppedFragments = 0;
  let lastDropAt = -Infinity;
  let lastAppendAt = clock.monotonicMs();
  let syncing: Promise<void> | undefined;
  let lastSyncAt = clock.monotonicMs() - random() * 1000;

  function enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work, work);
    queue = result.catch(() => undefined); // whoever called is told through `result`
    return result;
  }

  async function openFile(fragment: Fragment): Promise<OpenFile> {
    let startAtMs = fragment.startAtMs;
    for (;;) {
      const path = footagePath(cameraId, startAtMs, fragment.run);
      const mediaPath = absolutePath(directory, path);
      await mkdir(dirname(mediaPath), { recursive: true });
      // First the marker: whatever happens from here on, the next start finds this file.
      await writeDurably(absolutePath(directory, openMarkerOf(cameraId)), JSON.stringify({ path }));
      let media: FileHandle;
      try {
        media = await open(mediaPath, 'wx', 0o600);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        startAtMs += 1;
        continue;
      }
      const index = await open(absolutePath(directory, indexPathOf(path)), 'w', 0o600);
      const { init } = fragment;
      const header: IndexHeader = {
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
      const indexHeader = encodeIndexHeader(header);
      const lengthMs = options.fileSeconds * 1000 * (0.9 + random() * 0.2);
      const file: OpenFile = {
        path,
        header,
        initSha256: createHash('sha256').update(init.bytes).digest(),
        media,
        index,
        records: [],
        fragments: [],
        byteLength: init.bytes.length,
        indexBytes: indexHeader.length,
        rotateAtMs: fragment.startAtMs + lengthMs,
        forcedAtMs: fragment.startAtMs + 2 * lengthMs,
        folderSynced: false,
        dirty: true,
        phase: 'writing',
      };
      try {
        await writeAll(media, [init.bytes], 0);
        await writeAll(index, [indexHeader], 0);
      } catch (error) {
        await abandon(file);
        throw error;
      }
      return file;
    }
  }

  /** A file without a fragment is removed, not closed. */
  async function abandon(file: OpenFile): Promise<void> {
    await file.media.close().catch(() => undefined); // it is removed next
    await file.index.close().catch(() => undefined);
    await rm(absolutePath(directory, file.path), { force: true });
    await rm(absolutePath(directory, indexPathOf(file.path)), { force: true });
    await rm(absolutePath(directory, openMarkerOf(cameraId)), { force: true });
  }

  async function syncFile(file: OpenFile): Promise<void> {
    file.dirty = false;
    await file.media.datasync();
    await file.index.datasync();
    if (!file.folderSynced) {
      await syncFolder(dirname(absolutePath(directory, file.path)));
      file.folderSynced = true;
    }
  }

  async function closeFile(): Promise<void> {
    const file = current;
    if (file === undefined) return;
    file.phase = 'closing';
    await syncing;
    if (file.records.length === 0) {
      current = undefined;
      await abandon(file);
      return;
    }
    await file.media.datasync();
    await writeAll(file.index, [encodeClosingRecord(file.byteLength)], file.indexBytes);
    await syncFile(file);
    await file.media.close();
    await file.index.close();
    // Readers find it in memory until the catalogue has it.
    await options.onClosed(
      catalogueRow(file.header, file.records, file.path),
      chainedFile(file.path, file.header, file.records, file.initSha256),
    );
    current = undefined;
    await rm(absolutePath(directory, openMarkerOf(cameraId)), { force: true });
  }

  /** After a failed write: cuts off what was written of it, so that the next append goes on from the last whole one. */
  async function repair(file: OpenFile): Promise<void> {
    await file.media.truncate(file.byteLength);
    await file.index.truncate(file.indexBytes);
  }

  async function write(fragment: Fragment): Promise<StoredFragment> {
    if (current !== undefined && !sameFile(current, fragment, options.epoch())) await closeFile();
    current ??= await openFile(fragment);
    const file = current;
    const timeBox = encodeTimeBox(
      fragment.init.trackId,
      fragment.startAtMs,
      fragment.baseMediaDecodeTime,
      fragment.timeSource,
    );
    const record: IndexRecord = {
      offset: file.byteLength + timeBox.length,
      byteLength: fragment.bytes.length,
      sampleCount: fragment.sampleCount,
      startAtMs: fragment.startAtMs,
      durationMs: fragment.durationMs,
      baseMediaDecodeTime: fragment.baseMediaDecodeTime,
      independent: fragment.independent,
      timeSource: fragment.timeSource,
      sha256: createHash('sha256').update(fragment.bytes).digest(),
    };
    try {
      await writeAll(file.media, [timeBox, fragment.bytes], file.byteLength);
      await writeAll(file.index, [encodeIndexRecord(record)], file.indexBytes);
    } catch (error) {
      await repair(file).catch((reason: unknown) => {
        logger.warn({ cameraId, reason: errorMessage(reason) }, 'a half-written fragment could not be cut off');
      });
      throw error;
    }
    file.byteLength = record.offset + record.byteLength;
    file.indexBytes += encodeIndexRecord(record).length;
    file.dirty = true;
    const stored: StoredFragment = {
      fileId: file.header.fileId,
      offset: record.offset,
      byteLength: record.byteLength,
      startAtMs: record.startAtMs,
      durationMs: record.durationMs,
      independent: record.independent,
      baseMediaDecodeTime: record.baseMediaDecodeTime,
      run: fragment.run,
      initId: fragment.init.id,
      timeSource: record.timeSource,
      sampleCount: record.sampleCount,
    };
    file.records.push(record);
    file.fragments.push(stored);
    if (recent[0]?.run !== stored.run) recent = [];
    recent.push(stored);
    if (recent.length % 64 === 0) recent = recent.filter((one) => one.startAtMs > stored.startAtMs - recentMs);
    return stored;
  }

  function refuse(error: unknown): AppError {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      options.onDiskFull();
      return new AppError('unavailable', 'storage_full', 'the footage disk is full', { cause: error });
    }
    return error instanceof AppError
      ? error
      : new AppError('unavailable', 'storage_failed', `footage cannot be written: ${errorMessage(error)}`, {
          cause: error,
        });
  }

  function drop(): void {
    droppedFragments += 1;
    lastDropAt = clock.monotonicMs();
  }

  return {
    append(fragment: Fragment): Promise<StoredFragment> {
      if (queuedBytes + fragment.bytes.length > maxQueuedBytes) {
        drop();
        return Promise.reject(
          new AppError('unavailable', 'storage_slow', 'the footage disk is too slow; a fragment was dropped'),
        );
      }
      queuedBytes += fragment.bytes.length;
      lastAppendAt = clock.monotonicMs();
      return enqueue(() => write(fragment))
        .catch((error: unknown) => {
          drop();
          throw refuse(error);
        })
        .finally(() => {
          queuedBytes -= fragment.bytes.length;
        });
    },
    close: (): Promise<void> => enqueue(closeFile),
    /** Flushes what was appended; does not wait for appends and does not hold them up. */
    async sync(): Promise<void> {
      const file = current;
      lastSyncAt = clock.monotonicMs();
      if (file === undefined || file.phase === 'closing' || !file.dirty || syncing !== undefined) return;
      syncing = syncFile(file)
        .catch((error: unknown) => {
          file.dirty = true;
          drop();
          logger.warn({ cameraId, reason: errorMessage(error) }, 'footage could not be flushed');
        })
        .finally(() => (syncing = undefined));
      await syncing;
    },
    /** Copies of what is in the file being written. */
    openFragments: (): readonly StoredFragment[] => current?.fragments ?? [],
    openFile(): FootageFile | undefined {
      const file = current;
      const first = file?.records[0];
      if (file === undefined || first === undefined) return undefined;
      const row = catalogueRow(file.header, file.records.slice(-1), file.path);
      const { spans: _spans, ...rest } = row;
      return { ...rest, path: absolutePath(directory, file.path), startAtMs: first.startAtMs, open: true };
    },
    openFileId: (): string | undefined => (current?.records.length ? current.header.fileId : undefined),
    openByteLength: (): number => current?.byteLength ?? 0,
    recent: (): readonly StoredFragment[] => recent,
    droppedFragments: (): number => droppedFragments,
    sinceDropMs: (): number => clock.monotonicMs() - lastDropAt,
    sinceSyncMs: (): number => clock.monotonicMs() - lastSyncAt,
    idleMs: (): number => clock.monotonicMs() - lastAppendAt,
    isDirty: (): boolean => current?.dirty === true,
    isOpen: (): boolean => current !== undefined,
  };
}

/** @throws ENOSPC also where the system wrote only a part and said nothing */
async function writeAll(file: FileHandle, buffers: Buffer[], position: number): Promise<void> {
  const wanted = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  const { bytesWritten } = await file.writev(buffers, position);
  if (bytesWritten !== wanted)
    throw Object.assign(new Error(`only ${bytesWritten} of ${wanted} bytes were written`), { code: 'ENOSPC' });
}
