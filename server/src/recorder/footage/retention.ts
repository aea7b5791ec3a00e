// Deletes whole closed footage files: those older than their camera keeps, and the oldest of all when the disk runs
// short. Never one that a hold touches, and nothing at all before the holds are known.
import type { Clock } from '../../lib/clock.js';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { unhurried, type Hurry } from '../../lib/turn-pacer.js';
import type { CatalogueRow, RecordingOrder } from './catalogue-database.js';
import type { Catalogue } from './catalogue.js';
import type { ClockGuard } from './clock-guard.js';
import type { FootageChain } from './footage-chain.js';
import type { RetentionPolicy } from './footage-types.js';
import type { FootageWalk } from './footage-walk.js';
import type { Holds } from './holds.js';
import { removeFootage } from './recover-file.js';

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface Retention {
  setPolicy(policy: RetentionPolicy): void;
  policy(): RetentionPolicy;
  /** How long footage of a camera is kept; one that is no longer known, as long as the one that keeps it longest. */
  daysOf(cameraId: string): number | undefined;
  /** One round; rounds do not overlap. */
  run(): Promise<void>;
  /** A write met a full disk. */
  reportFull(): void;
  isFull(): boolean;
  /** Full, and would not be without what is held. */
  isFullOfHeld(): boolean;
}

const dayMs = 86_400_000;
const pageSize = 200;
/** Age is looked at once a minute and when the policy changes, headroom in every round. */
const ageIntervalMs = 60_000;
/** A disk that refused a write has no room, whatever it says of itself (quotas, thin volumes): so much is freed at least. */
const refusedBytes = 64 * 1024 * 1024;
/**
 * After a refusal with nothing to delete recording is tried again when so much more is free; and else after a while,
 * each time twice as long, as long as the disk refuses again within a minute.
 */
const gainedBytes = 256 * 1024;
const firstRetryMs = 2000;
const longestRetryMs = 32_000;
const refusedAgainMs = 60_000;
/** Recording goes on when there is this much more than the headroom, or it would pause again at once. */
const resumeShare = 0.1;
const resumeBytes = 1e9;
/** Where nothing may be deleted recording goes on until only this is free: room for the files around the footage. */
const lastFreeBytes = 64 * 1024 * 1024;
/** So often all files are looked at again, after none was found that may be deleted. */
const fullPassMs = 600_000;

/** A file that can be deleted, as far as it must be known for that. */
export type RemovableFile = Pick<
  CatalogueRow,
  'id' | 'cameraId' | 'path' | 'epoch' | 'startAtMs' | 'endAtMs' | 'byteLength'
>;

export function createRetention(options: {
  directory: string;
  clock: Clock;
  logger: Logger;
  catalogue: Pick<Catalogue, 'cameras' | 'expired' | 'oldest' | 'remove'>;
  holds: Pick<Holds, 'known' | 'revision' | 'isHeld' | 'deleteUnheld'>;
  /** The folder itself, while there is no catalogue that knows what lies in it. */
  walk: FootageWalk;
  /** The catalogue knows all closed files. */
  catalogueReady: () => boolean;
  guard: Pick<ClockGuard, 'condition' | 'shiftMs' | 'shiftedEpochs'>;
  /** A deletion is noted there before it is made. */
  chain?: Pick<FootageChain, 'tombstone'> | undefined;
  space: () => Promise<DiskSpace>;
  /** Around each deletion: many may be due at once, and each goes to the disk several times. */
  hurry?: Hurry;
  isRunning: () => boolean;
}): Retention {
  const { directory, clock, logger, catalogue, holds, guard, hurry = unhurried } = options;
  let policy: RetentionPolicy = { minFreeBytes: 0, daysOfCamera: new Map() };
  let full = false;
  let fullOfHeld = false;
  let diskRefused = false;
  /** The disk refused a write, and nothing could be deleted. */
  let refusal: { freeBytes: number; atMs: number; retryMs: number } | undefined;
  let lastRefusal: { atMs: number; retryMs: number } | undefined;
  let nextAgeAt = -Infinity;
  /** As `held.bytes`, of the last walk. */
  let heldFoundBytes = 0;
  let running: Promise<void> | undefined;
  /** Everything up to here must stay, as long as the holds are these; `bytes` of it are held. */
  let held: { upTo: RecordingOrder; bytes: number; revision: number; untilAt: number } | undefined;
  /** Rows of files that are gone, as long as the catalogue does not take that; it is told again in each round. */
  const untoldIds = new Set<string>();
  /** Files with a tombstone that the disk did not give up yet. */
  const buried = new Map<string, RemovableFile>();

  const warn = (error: unknown): void => logger.warn({ reason: errorMessage(error) }, 'retention failed');
  const isHeld = (row: CatalogueRow) => holds.isHeld(row.cameraId, row.startAtMs, row.endAtMs);
  const mayDelete = () => options.isRunning() && holds.known;

  function daysOf(cameraId: string): number | undefined {
    const days = policy.daysOfCamera;
    return days.get(cameraId) ?? (days.size === 0 ? undefined : Math.max(...days.values()));
  }

  /**
   * The file first: a row without a file is tried again, a file without a row would be lost to retention. False when its
   * bytes are not freed, which must not keep others from it. They are freed also while its row cannot be removed: who
   * did not count them would delete another file in its place, and another.
   */
  async function remove(row: RemovableFile, why: 'age' | 'headroom'): Promise<boolean> {
    if (untoldIds.has(row.id)) return false;
    const isGone = await holds.deleteUnheld(row, async () => {
      try {
        if (!buried.has(row.id)) await options.chain?.tombstone(row, why);
        buried.set(row.id, row);
        await removeFootage(directory, row.path);
        buried.delete(row.id);
        return true;
      } catch (error) {
        logger.warn({ path: row.path, why, reason: errorMessage(error) }, 'footage could not be deleted');
        return buried.has(row.id);
      }
    });
    if (!isGone || buried.has(row.id)) return false;
    logger.debug({ path: row.path, why }, 'footage deleted');
    const isTaking = untoldIds.size === 0; // or another had to wait in this round
    untoldIds.add(row.id);
    if (isTaking && options.catalogueReady()) await tellCatalogue().catch(warn);
    return true;
  }

  /** What the chain calls deleted is deleted, whatever kept the disk from it: a hold that came since was told so. */
  async function removeBuried(): Promise<void> {
    for (const [id, { path }] of buried) {
      try {
        await removeFootage(directory, path);
        buried.delete(id);
        untoldIds.add(id);
      } catch (error) {
        warn(error);
      }
    }
  }

  async function tellCatalogue(): Promise<void> {
    for (const id of untoldIds) {
      await catalogue.remove(id);
      untoldIds.delete(id);
    }
  }

  const isExpired = (row: CatalogueRow): boolean => {
    const days = daysOf(row.cameraId);
    return days !== undefined && row.endAtMs + guard.shiftMs(row.epoch) < clock.nowMs() - days * dayMs;
  };

  async function deleteExpired(): Promise<void> {
    if (guard.condition().ageDeletionSuspended || policy.daysOfCamera.size === 0) return;
    if (clock.monotonicMs() < nextAgeAt) return;
    nextAgeAt = clock.monotonicMs() + ageIntervalMs;
    for (const cameraId of await catalogue.cameras()) {
      const beforeMs = clock.nowMs() - (daysOf(cameraId) ?? Infinity) * dayMs;
      for (let fromMs = -1e15; ;) {
        const page = await catalogue.expired(cameraId, fromMs, beforeMs, pageSize);
        for (const row of page) if (mayGo() && isExpired(row) && !isHeld(row)) await hurry(() => remove(row, 'age'));
        const last = page.at(-1);
        if (last === undefined || page.length < pageSize || !mayGo()) break;
        fromMs = last.startAtMs + 0.001;
      }
    }
    for (const epoch of guard.shiftedEpochs()) await deleteExpiredOf(epoch);
  }

  /** Epochs whose clock was wrong: their files do not lie where their age would look for them. */
  async function deleteExpiredOf(epoch: number): Promise<void> {
    const keptMs = Math.min(...policy.daysOfCamera.values()) * dayMs;
    for (let after: RecordingOrder = { epoch, startAtMs: -1e15, id: '' }; ;) {
      const page = await catalogue.oldest(after, pageSize);
      for (const row of page) {
        if (row.epoch !== epoch || !mayGo()) return;
        if (row.startAtMs + guard.shiftMs(epoch) > clock.nowMs() - keptMs) return;
        if (isExpired(row) && !isHeld(row)) await hurry(() => remove(row, 'age'));
        after = row;
      }
      if (page.length < pageSize) return;
    }
  }

  const mayGo = (): boolean => mayDelete() && !guard.condition().ageDeletionSuspended;

  /** Deletes the oldest files that are not held until about `bytes` are free again. Returns how many are. */
  async function deleteOldest(bytes: number): Promise<number> {
    if (!options.catalogueReady()) return deleteOldestFound(bytes);
    let freed = 0;
    const known = held !== undefined && held.revision === holds.revision && clock.monotonicMs() < held.untilAt;
    if (!known) held = undefined;
    const untilAt = held?.untilAt ?? clock.monotonicMs() + fullPassMs;
    const revision = holds.revision;
    let after = held?.upTo;
    let heldBytes = held?.bytes ?? 0;
    while (freed < bytes && mayDelete()) {
      const page = await catalogue.oldest(after, pageSize);
      for (const row of page) {
        if (freed >= bytes || !mayDelete()) break;
        after = { epoch: row.epoch, startAtMs: row.startAtMs, id: row.id };
        const mustStay = isHeld(row);
        if (mustStay || !(await hurry(() => remove(row, 'headroom')))) {
          if (mustStay) heldBytes += row.byteLength;
          if (freed === 0) held = { upTo: after, bytes: heldBytes, revision, untilAt };
          continue;
        }
        freed += row.byteLength;
      }
      if (page.length < pageSize) break;
    }
    return freed;
  }

  /** The same without a catalogue, by the folder itself, oldest first by the times in the names. */
  async function deleteOldestFound(bytes: number): Promise<number> {
    let freed = 0;
    let heldBytes = 0;
    for await (const file of options.walk()) {
      if (freed >= bytes || !mayDelete() || options.catalogueReady()) break;
      if (holds.isHeld(file.cameraId, file.startAtMs, file.endAtMs)) heldBytes += file.byteLength;
      else if (await hurry(() => remove(file, 'headroom'))) freed += file.byteLength;
    }
    heldFoundBytes = heldBytes;
    return freed;
  }

  function noteRefusal(freeBytes: number): void {
    const atMs = clock.monotonicMs();
    const isAgain = lastRefusal !== undefined && atMs - lastRefusal.atMs < lastRefusal.retryMs + refusedAgainMs;
    const retryMs = isAgain ? Math.min(longestRetryMs, lastRefusal!.retryMs * 2) : firstRetryMs;
    refusal = { freeBytes, atMs, retryMs };
    lastRefusal = refusal;
  }

  function isRefused(freeBytes: number): boolean {
    if (refusal === undefined) return false;
    if (freeBytes < refusal.freeBytes + gainedBytes && clock.monotonicMs() - refusal.atMs < refusal.retryMs)
      return true;
    refusal = undefined;
    return false;
  }

  async function keepHeadroom(): Promise<void> {
    const { freeBytes } = await options.space();
    const { minFreeBytes } = policy;
    const refused = diskRefused;
    diskRefused = false;
    // While nothing may be deleted, recording goes on into what else stays free.
    const keptFreeBytes = mayDelete() ? minFreeBytes : Math.min(minFreeBytes, lastFreeBytes);
    const missing = keptFreeBytes + (full ? Math.min(keptFreeBytes * resumeShare, resumeBytes) : 0) - freeBytes;
    const wanted = refused ? Math.max(missing, refusedBytes) : missing;
    // Counted and not looked up again: some file systems free in the background, and all footage would go meanwhile.
    const freed = mayDelete() && wanted > 0 ? await deleteOldest(wanted) : 0;
    if (freed > 0) {
      refusal = undefined;
      diskRefused = false; // what was refused meanwhile was so before there was room
    } else if (refused) noteRefusal(freeBytes);
    // Short of the headroom, or refused by the disk whatever it says, recording waits.
    const hasRoom = freed >= missing && !isRefused(freeBytes);
    if (!hasRoom && !full) logger.error({ freeBytes, minFreeBytes }, 'no room for footage: recording pauses');
    if (hasRoom && full) logger.info('there is room for footage again');
    full = !hasRoom;
    if (hasRoom) fullOfHeld = false;
    else if (wanted > 0) fullOfHeld = mayDelete() && heldBytesSeen() >= wanted - freed;
  }

  const heldBytesSeen = (): number => (options.catalogueReady() ? (held?.bytes ?? 0) : heldFoundBytes);

  async function round(): Promise<void> {
    // One after the other, and the one without regard to how the other went.
    if (mayDelete()) await removeBuried();
    if (mayDelete() && options.catalogueReady()) await tellCatalogue().catch(warn);
    await keepHeadroom().catch(warn);
    if (mayDelete() && options.catalogueReady()) await deleteExpired().catch(warn);
  }

  return {
    setPolicy(next) {
      policy = next;
      nextAgeAt = -Infinity;
    },
    policy: () => policy,
    daysOf,
    run() {
      running ??= round().finally(() => (running = undefined));
      return running;
    },
    reportFull() {
      diskRefused = true;
      full = true;
    },
    isFull: () => full,
    isFullOfHeld: () => full && fullOfHeld,
  };
}
