// Owns the extraction jobs of a recorder: takes requests, keeps their footage from retention, cuts one or two at a
// time and keeps the files until they are fetched. How a clip is cut is clip-cutter.ts; pictures are never decoded.
import type { ExtractionStatus } from '@choi-canh/shared/recorder-api';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { unhurried, type Hurry } from '../../lib/turn-pacer.js';
import { clipPath, cutClip } from './clip-cutter.js';
import type { SoundConverter } from './converted-sound.js';
import { ExtractionQueue, type ExtractionRow } from './extraction-queue.js';
import type { FootageProtection, FootageSource } from './footage-source.js';

const maxRangeMs = 6 * 3600_000;
/** How long a job waits for footage that is being recorded just now. */
const newestFootageWaitMs = 10_000;
const progressIntervalMs = 250;
/** Between two tries where the queue cannot be used. */
const resumeMs = 2000;
const idPattern = /^[0-9a-f-]{36}$/i;

export interface ExtractionOptions {
  readonly footage: FootageSource;
  readonly protection: FootageProtection;
  /** Folder of its own: the queue and one folder an extraction. */
  readonly dir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Makes AAC of G.711; absent: clips have the G.711 alone. */
  readonly ffmpeg?: SoundConverter;
  /** Around the cutting of a clip. */
  readonly hurry?: Hurry;
  /** Jobs at once; default 1. */
  readonly concurrency?: 1 | 2;
}

export interface Extraction {
  /** Never rejects: a queue that cannot be opened now, as on a full disk, is tried again; until then all is unavailable. */
  start(): Promise<void>;
  /** Running jobs are given back to the queue and begin again at the next start. */
  stop(): Promise<void>;
  /** Idempotent by id. @throws AppError invalid for a bad range, conflict when the id belongs to another request. */
  request(id: string, job: { cameraId: string; fromMs: number; toMs: number }): Promise<ExtractionStatus>;
  /** @throws AppError not_found no_extraction */
  status(id: string): ExtractionStatus;
  /** @throws AppError not_found no_extraction */
  file(id: string, index: number): { path: string; bytes: number; fileName: string; sha256: string };
  /** Forgets a job and its files, also while it runs. An unknown id is no error. */
  remove(id: string): Promise<void>;
  /** Called at each change of state, and of progress at most four times a second. Returns the way to stop listening. */
  onChange(listener: (status: ExtractionStatus) => void): () => void;
  /** Jobs that run now. */
  running(): ExtractionStatus[];
}

interface RunningJob {
  readonly abort: AbortController;
  readonly done: Promise<void>;
  progress: number;
}

const unknown = (id: string) => new AppError('not_found', 'no_extraction', `no extraction ${id}`);

function errorCodeOf(error: unknown): string {
  if (isAppError(error, 'not_found') && (error.code === 'no_footage' || error.code === 'footage_gone'))
    return error.code;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'disk_full' : 'internal';
}

export function createExtraction(options: ExtractionOptions): Extraction {
  const { footage, protection, dir, clock, logger, ffmpeg, hurry = unhurried, concurrency = 1 } = options;
  const jobs = new Map<string, RunningJob>();
  const listeners = new Set<(status: ExtractionStatus) => void>();
  const removals = new Map<string, Promise<void>>();
  let queue: ExtractionQueue | undefined;
  let ending = new AbortController();
  let resuming: Promise<void> | undefined;
  let failing = false;

  function openQueue(): ExtractionQueue {
    if (queue === undefined) throw new AppError('unavailable', 'extraction_queue_unavailable', 'the queue is not open');
    return queue;
  }

  function folderOf(id: string): string {
    if (!idPattern.test(id)) throw unknown(id);
    return join(dir, id);
  }

  function statusOf(row: ExtractionRow): ExtractionStatus {
    return {
      id: row.id,
      cameraId: row.cameraId,
      from: new Date(row.fromMs).toISOString(),
      to: new Date(row.toMs).toISOString(),
      state: row.state,
      progress: row.state === 'done' ? 1 : (jobs.get(row.id)?.progress ?? 0),
      errorCode: row.errorCode,
      files: row.files,
    };
  }

  function announce(id: string): void {
    try {
      const row = queue?.get(id);
      if (row === undefined) return;
      const status = statusOf(row);
      for (const listener of listeners) listener(status);
    } catch (error) {
      logger.warn({ id, error: errorMessage(error) }, 'a change of an extraction could not be told');
    }
  }

  /** The newest seconds may not be on the disk yet when somebody marks "now". */
  async function waitForFootage(row: ExtractionRow, signal: AbortSignal): Promise<void> {
    const deadline = clock.monotonicMs() + newestFootageWaitMs;
    while (clock.nowMs() < row.toMs + newestFootageWaitMs && clock.monotonicMs() < deadline) {
      const bounds = await footage.bounds(row.cameraId);
      if (bounds === undefined || bounds.newestAtMs >= row.toMs) return;
      await clock.sleep(progressIntervalMs, signal);
    }
  }

  async function run(row: ExtractionRow, signal: AbortSignal): Promise<void> {
    const { id, cameraId, fromMs, toMs } = row;
    const folder = folderOf(id);
    let announcedAtMs = -Infinity;
    try {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await waitForFootage(row, signal);
      const onProgress = (progress: number): void => {
        const job = jobs.get(id);
        if (job === undefined) return;
        job.progress = Math.min(0.999, Math.max(job.progress, progress));
        if (clock.monotonicMs() - announcedAtMs < progressIntervalMs) return;
        announcedAtMs = clock.monotonicMs();
        announce(id);
      };
      const files = await hurry(() =>
        cutClip(footage, { cameraId, fromMs, toMs, folder, ffmpeg, logger, signal, onProgress }),
      );
      signal.throwIfAborted();
      openQueue().finish(id, { files });
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (signal.aborted) {
        openQueue().release(id);
        return;
      }
      const errorCode = errorCodeOf(error);
      const record = { id, cameraId, errorCode, error: errorMessage(error) };
      if (errorCode === 'internal' || errorCode === 'disk_full') logger.error(record, 'extraction failed');
      else logger.info(record, 'extraction failed');
      openQueue().finish(id, { errorCode });
    }
    await protection.unprotect(id);
  }

  function pump(): void {
    try {
      claimAll();
    } catch (error) {
      cannotBeUsed(error);
    }
  }

  function claimAll(): void {
    while (!ending.signal.aborted && queue !== undefined && jobs.size < concurrency) {
      const row = queue.claim();
      if (row === undefined) return;
      const abort = new AbortController();
      const done = Promise.resolve()
        .then(() => {
          announce(row.id);
          return run(row, abort.signal);
        })
        .catch((error: unknown) => {
          logger.error({ id: row.id, error: errorMessage(error) }, 'extraction job broke');
          resumeLater();
        })
        .finally(() => {
          jobs.delete(row.id);
          announce(row.id);
          if (resuming === undefined) pump();
        });
      jobs.set(row.id, { abort, done, progress: 0 });
    }
  }

  function cannotBeUsed(error: unknown): void {
    if (!failing) logger.error({ error: errorMessage(error) }, 'extractions wait');
    failing = true;
    resumeLater();
  }

  function resumeLater(): void {
    resuming ??= (async () => {
      do await clock.sleep(resumeMs, ending.signal);
      while (!(await resume()));
    })()
      .catch(() => undefined) // told to stop
      .finally(() => (resuming = undefined));
  }

  /** Opens the queue, where it is not open, and works on all that nobody works on. */
  async function resume(): Promise<boolean> {
    try {
      queue ??= await openedQueue();
      queue.requeueExcept([...jobs.keys()]);
      claimAll();
      failing = false;
      return true;
    } catch (error) {
      cannotBeUsed(error);
      return false;
    }
  }

  async function openedQueue(): Promise<ExtractionQueue> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const opened = new ExtractionQueue(join(dir, 'extractions.sqlite'), logger);
    try {
      await sweep(new Set(opened.ids()));
      const unfinished = opened.unfinished();
      for (const row of unfinished) await protection.protect(row.id, row.cameraId, row.fromMs, row.toMs);
      await protection.protectOnly(unfinished.map(({ id }) => id));
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  /** Folders that no job knows: left by a removal that the end of the process cut short. */
  async function sweep(known: ReadonlySet<string>): Promise<void> {
    for (const entry of await readdir(dir, { withFileTypes: true }))
      if (entry.isDirectory() && idPattern.test(entry.name) && !known.has(entry.name))
        await rm(join(dir, entry.name), { recursive: true, force: true });
  }

  return {
    async start() {
      ending = new AbortController();
      await resume();
    },

    async stop() {
      const reason = new AppError('unavailable', 'recorder_stopping', 'recorder stops');
      ending.abort(reason);
      const running = [...jobs.values()];
      for (const job of running) job.abort.abort(reason);
      await Promise.all(running.map((job) => job.done));
      await resuming;
      queue?.close();
      queue = undefined;
    },

    async request(id, { cameraId, fromMs, toMs }) {
      if (!idPattern.test(id)) throw new AppError('invalid', 'bad_id', 'extraction id is no UUID');
      if (!(toMs > fromMs) || toMs - fromMs > maxRangeMs)
        throw new AppError('invalid', 'bad_range', 'range must be of at most 6 hours and end after it begins');
      await removals.get(id);
      const known = openQueue().get(id);
      if (known !== undefined) {
        if (known.cameraId !== cameraId || known.fromMs !== fromMs || known.toMs !== toMs)
          throw new AppError('conflict', 'extraction_differs', `extraction ${id} was requested with another range`);
        return statusOf(known);
      }
      await protection.protect(id, cameraId, fromMs, toMs);
      try {
        openQueue().add({ id, cameraId, fromMs, toMs, requestedAtMs: clock.nowMs() });
      } catch (error) {
        await protection.unprotect(id);
        throw error;
      }
      pump();
      return this.status(id);
    },

    status(id) {
      const row = openQueue().get(id);
      if (row === undefined) throw unknown(id);
      return statusOf(row);
    },

    file(id, index) {
      const file = openQueue()
        .get(id)
        ?.files.find((candidate) => candidate.index === index);
      if (file === undefined) throw unknown(id);
      const { bytes, fileName, sha256 } = file;
      return { path: clipPath(folderOf(id), index), bytes, fileName, sha256 };
    },

    async remove(id) {
      const folder = folderOf(id);
      const removal = (async () => {
        const job = jobs.get(id);
        openQueue().remove(id);
        job?.abort.abort(new AppError('conflict', 'extraction_removed', 'extraction was removed'));
        await job?.done;
        await protection.unprotect(id);
        await rm(folder, { recursive: true, force: true });
      })().finally(() => removals.delete(id));
      removals.set(id, removal);
      await removal;
    },

    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    running: () =>
      [...jobs.keys()].flatMap((id) => {
        const row = queue?.get(id);
        return row === undefined ? [] : [statusOf(row)];
      }),
  };
}
