// Deletes whole closed footage files: those older than their camera keeps, and the oldest of all when the disk runs
// short. Never one that a hold touches, and nothing at all before the holds are known.
import type { Clock } from '../../lib/clock.js';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { CatalogueRow } from './catalogue-database.js';
import type { Catalogue } from './catalogue.js';
import type { FootageChain } from './footage-chain.js';
import type { RetentionPolicy } from './footage-types.js';
import type { Holds } from './holds.js';
import { removeFootage } from './recover-file.js';

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface Retention {
  setPolicy(policy: RetentionPolicy): void;
  /** One round; rounds do not overlap. */
  run(): Promise<void>;
  /** A write met a full disk. */
  reportFull(): void;
  isFull(): boolean;
  /** The host's clock stepped: what "older than" means is uncertain. */
  suspendAge(): void;
}

const dayMs = 86_400_000;
const pageSize = 200;
/** Age is looked at once a minute and when the policy changes, headroom in every round. */
const ageIntervalMs = 60_000;

export function createRetention(options: {
  directory: string;
  clock: Clock;
  logger: Logger;
  catalogue: Catalogue;
  holds: Holds;
  space: () => Promise<DiskSpace>;
  /** A deletion is noted there before it is made. */
  chain?: FootageChain | undefined;
  mayDelete: () => boolean;
}): Retention {
  const { directory, clock, logger, catalogue, holds } = options;
  let policy: RetentionPolicy = { minFreeBytes: 0, daysOfCamera: new Map() };
  let full = false;
  let diskRefused = false;
  let ageSuspended = false;
  let nextAgeAt = -Infinity;
  let running: Promise<void> | undefined;

  const isHeld = (row: CatalogueRow) => holds.isHeld(row.cameraId, row.startAtMs, row.endAtMs);

  /** The file first: a row without a file is tried again, a file without a row would be lost to retention. */
  async function remove(row: CatalogueRow, why: 'age' | 'headroom'): Promise<void> {
    await options.chain?.tombstone(row, why);
    await removeFootage(directory, row.path);
    await catalogue.remove(row.id);
    logger.debug({ path: row.path, why }, 'footage deleted');
  }

  async function deleteExpired(): Promise<void> {
    const days = [...policy.daysOfCamera.values()];
    if (ageSuspended || days.length === 0 || clock.monotonicMs() < nextAgeAt) return;
    nextAgeAt = clock.monotonicMs() + ageIntervalMs;
    const longest = Math.max(...days);
    for (const cameraId of await catalogue.cameras()) {
      // A camera that is no longer known keeps its footage as long as the one that keeps it longest.
      const beforeMs = clock.nowMs() - (policy.daysOfCamera.get(cameraId) ?? longest) * dayMs;
      let fromMs = -Infinity;
      for (;;) {
        const page = await catalogue.expired(cameraId, fromMs, beforeMs, pageSize);
        for (const row of page) if (row.endAtMs < beforeMs && !isHeld(row)) await remove(row, 'age');
        const last = page.at(-1);
        if (last === undefined || page.length < pageSize) break;
        fromMs = last.startAtMs + 0.001;
      }
    }
  }

  /** Deletes the oldest files that are not held until about `bytes` are free again. Returns how many were deleted. */
  async function deleteOldest(bytes: number): Promise<number> {
    let freed = 0;
    let files = 0;
    let after = { ms: -Infinity, id: '' };
    while (freed < bytes) {
      const page = await catalogue.oldest(after.ms, after.id, pageSize);
      for (const row of page) {
        if (freed >= bytes) break;
        after = { ms: row.startAtMs, id: row.id };
        if (isHeld(row)) continue;
        await remove(row, 'headroom');
        freed += row.byteLength;
        files += 1;
      }
      if (page.length < pageSize) break;
    }
    return files;
  }

  async function keepHeadroom(): Promise<void> {
    for (;;) {
      const { freeBytes } = await options.space();
      // A disk that refused a write has no room, whatever it says of itself: free at least one camera's ten minutes.
      const missing = policy.minFreeBytes - freeBytes || 0;
      const wanted = diskRefused ? Math.max(missing, 64 * 1024 * 1024) : missing;
      if (wanted <= 0) break;
      const deleted = options.mayDelete() ? await deleteOldest(wanted) : 0;
      diskRefused = false;
      if (deleted > 0) continue;
      if (missing <= 0) break;
      if (!full)
        logger.error({ freeBytes, minFreeBytes: policy.minFreeBytes }, 'no room for footage: recording pauses');
      full = true;
      return;
    }
    if (full) logger.info('there is room for footage again');
    full = false;
  }

  async function round(): Promise<void> {
    try {
      if (options.mayDelete()) await deleteExpired();
      await keepHeadroom();
    } catch (error) {
      logger.warn({ reason: errorMessage(error) }, 'retention failed');
    }
  }

  return {
    setPolicy(next) {
      policy = next;
      nextAgeAt = -Infinity;
    },
    run() {
      running ??= round().finally(() => (running = undefined));
      return running;
    },
    reportFull() {
      diskRefused = true;
      full = true;
    },
    isFull: () => full,
    suspendAge() {
      ageSuspended = true;
    },
  };
}
