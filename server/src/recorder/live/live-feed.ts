// Keeps one stream's window filled while somebody watches: begins with the tail of the footage being written, where
// there is one, and goes on with fragments (and for low latency their parts) as ingest makes them.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import type { Fragment, FragmentPart } from '../../lib/fragment.js';
import { beginsAtRecoveryPoints, parseInitSegment } from '../../lib/isobmff/init-segment.js';
import type { Logger } from '../../lib/logger.js';
import { headOf, memoryFragment, splitChunks, storedFragment } from './live-fragments.js';
import type { LiveFootage, LiveSource, TailFragment } from './live-sources.js';
import { LiveWindow, type LiveFragment } from './live-window.js';
import type { LiveChunk } from './part-assembler.js';
import { SegmentLog } from './segment-log.js';
import { videoTrack, wholeTracks, type VideoTrack } from './video-only.js';

const usualTailMs = 14_000;
/** A smart codec sends one keyframe a minute. */
const longTailMs = 72_000;
const rememberedInits = 4;
/** What was handed to footage just before the feed began is looked for in it so long. */
const joinMs = 2000;
const joinStepMs = 100;
/** Parts end so long after the last viewer asked for them. */
const partsLingerMs = 15_000;
const mostQueued = 256;

export interface FeedOptions {
  readonly cameraId: string;
  readonly source: LiveSource;
  /** Sound beside the picture, where there is any; then there are no parts. */
  readonly withSound: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly firstSequence: number;
  readonly firstDiscontinuity: number;
}

export interface LiveFeed {
  /** Undefined before anything was seen. */
  readonly window: LiveWindow | undefined;
  /** The same media in short segments, for viewers who get them pushed. */
  readonly log: SegmentLog;
  /** Monotonic ms of the newest fragment's arrival here; undefined before the first. */
  readonly grownAtMs: number | undefined;
  /** RFC 6381 of the newest init segment. */
  readonly codec: string | undefined;
  /** Decoding begins at recovery points of the newest init segment, at which browsers do not begin. */
  readonly beginsAtRecoveryPoints: boolean;
  /** Resolves when what lies in footage was read; without it the stream begins with what comes. Never rejects. */
  seeded(): Promise<void>;
  /** Parts are made from now on, and as long as this is called again. Resolves when those of the tail are there. */
  wantParts(): Promise<void>;
  track(initId: string): VideoTrack | undefined;
  /** Resolves at the next fragment or part, or after `ms`; rejects with the signal's reason. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void>;
  close(): void;
}

/** Wakes whoever waits for the next fragment. */
function createBell(clock: Clock) {
  const newBell = () => {
    const made = new AbortController();
    setMaxListeners(0, made.signal); // one for each who waits
    return made;
  };
  let bell = newBell();
  return {
    ring() {
      bell.abort();
      bell = newBell();
    },
    async wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
      signal?.throwIfAborted();
      const rung = bell.signal;
      try {
        await clock.sleep(ms, signal === undefined ? rung : AbortSignal.any([rung, signal]));
      } catch (error) {
        signal?.throwIfAborted();
        if (!rung.aborted) throw error;
      }
    },
  };
}

/** Lengths of the groups of pictures in a tail, ms; the newest may be unfinished. */
function groupLengths(tail: readonly TailFragment[]): number[] {
  const lengths: number[] = [];
  for (const fragment of tail) {
    if (fragment.independent) lengths.push(0);
    if (lengths.length > 0) lengths.push((lengths.pop() ?? 0) + fragment.durationMs);
  }
  return lengths;
}

export function createLiveFeed(options: FeedOptions): LiveFeed {
  const { cameraId, source, clock, logger } = options;
  const { footage } = source;
  const trackOf = options.withSound ? wholeTracks : videoTrack;
  const tracks = new Map<string, VideoTrack>();
  const bell = createBell(clock);
  const queue: ({ fragment: Fragment } | { part: FragmentPart })[] = [];
  const log = new SegmentLog(options.firstSequence);
  let window: LiveWindow | undefined;
  let codec: string | undefined;
  let grownAtMs: number | undefined;
  let draining = false;
  let closed = false;
  let joined = footage === undefined;
  let endParts: (() => void) | undefined;
  let partsAskedAtMs = -Infinity;
  let describedId: string | undefined;
  let recoveryPoints = false;

  function describe(init: Fragment['init']): void {
    if (codec === init.codec && describedId === init.id) return;
    codec = init.codec;
    describedId = init.id;
    recoveryPoints = beginsAtRecoveryPoints(init.bytes);
  }

  function remember(id: string, track: VideoTrack): VideoTrack {
    tracks.delete(id);
    tracks.set(id, track);
    for (const oldest of tracks.keys()) {
      if (tracks.size <= rememberedInits) break;
      tracks.delete(oldest);
    }
    return track;
  }

  async function storedTrack(from: LiveFootage, fragment: TailFragment): Promise<VideoTrack> {
    const known = tracks.get(fragment.initId);
    if (known !== undefined) return known;
    const file = await from.file(fragment.fileId);
    if (file === undefined) throw new AppError('not_found', 'footage_gone', `footage file ${fragment.fileId} is gone`);
    const init = parseInitSegment(Buffer.from(await from.read(fragment.fileId, 0, file.initByteLength)));
    describe(init);
    return remember(fragment.initId, trackOf(init));
  }

  function memoryTrack(init: Fragment['init']): VideoTrack {
    return tracks.get(init.id) ?? remember(init.id, trackOf(init));
  }

  function ensureWindow(targetDurationSeconds: number): LiveWindow {
    return (window ??= new LiveWindow(options.firstSequence, targetDurationSeconds, options.firstDiscontinuity));
  }

  /** Returns whether it was new. */
  function append(target: LiveWindow, fragment: LiveFragment): boolean {
    const follows = target.isFollowedBy(fragment);
    if (!target.push(fragment)) return false;
    log.push(fragment, follows);
    return true;
  }

  function grown(): void {
    grownAtMs = clock.monotonicMs();
    bell.ring();
  }

  async function readTail(from: LiveFootage): Promise<void> {
    let tail = await from.tail(cameraId, usualTailMs);
    if (window === undefined && tail[0] !== undefined && !tail[0].independent)
      tail = await from.tail(cameraId, longTailMs);
    if (tail.length === 0) return;
    const target = ensureWindow(LiveWindow.targetDurationFor(groupLengths(tail)));
    for (const fragment of tail) {
      if (target.has(`${fragment.run}/${fragment.baseMediaDecodeTime}`)) continue;
      const live = await storedFragment(from, fragment, await storedTrack(from, fragment));
      if (append(target, live)) grownAtMs = clock.monotonicMs();
    }
    target.showBeginning();
    bell.ring();
  }

  const withoutTail = (error: unknown): void =>
    logger.warn({ cameraId, error: errorMessage(error) }, 'live begins without the end of the footage');

  /** Between the tail that was read and the first fragment from ingest there may be one that is being written. */
  async function join(from: LiveFootage, live: LiveFragment): Promise<void> {
    const deadline = clock.monotonicMs() + joinMs;
    while (!closed && window !== undefined && !window.has(live.key) && !window.isFollowedBy(live)) {
      if (clock.monotonicMs() >= deadline) return;
      await clock.sleep(joinStepMs);
      await readTail(from);
    }
  }

  function chunksOf(track: VideoTrack): (bytes: Buffer) => readonly LiveChunk[] | undefined {
    return (bytes) => (endParts === undefined ? undefined : splitChunks(track, bytes));
  }

  async function take(fragment: Fragment): Promise<void> {
    const track = memoryTrack(fragment.init);
    describe(fragment.init);
    const live = memoryFragment(fragment, track, chunksOf(track));
    if (!joined && footage !== undefined) await join(footage, live).catch(withoutTail);
    joined = true;
    // Keyframes of a stream that is only now pulled are not known; two seconds is what sub-streams mostly have.
    const target = ensureWindow(2);
    if (append(target, live)) grown();
    target.showBeginning();
    if (endParts !== undefined && clock.monotonicMs() - partsAskedAtMs > partsLingerMs) stopParts();
  }

  function takePart(part: FragmentPart): void {
    if (window === undefined) return; // its fragment comes whole
    const track = memoryTrack(part.init);
    const head = headOf(part, track);
    joined ||= part.isFirst && window.isFollowedBy(head);
    if (!joined) return;
    const { bytes, durationMs, independent, sampleCount } = part;
    if (window.pushChunk(head, { bytes, durationMs, independent, sampleCount }, part.isFirst)) grown();
  }

  async function drain(): Promise<void> {
    if (draining) return;
    draining = true;
    try {
      await seeding;
      for (let next = queue.shift(); next !== undefined && !closed; next = queue.shift()) {
        try {
          if ('part' in next) takePart(next.part);
          else await take(next.fragment);
        } catch (error) {
          logger.warn({ cameraId, error: errorMessage(error) }, 'a live fragment could not be read');
        }
      }
    } finally {
      draining = false;
    }
  }

  function enqueue(item: (typeof queue)[number]): void {
    // Somebody who cannot follow begins anew rather than filling the memory.
    if (queue.length >= mostQueued) queue.length = 0;
    queue.push(item);
    void drain();
  }

  function stopParts(): void {
    endParts?.();
    endParts = undefined;
  }

  async function splitTail(): Promise<void> {
    const missing = window?.withoutParts() ?? [];
    const chunks = new Map<string, readonly LiveChunk[]>();
    for (const fragment of missing) {
      const track = tracks.get(fragment.initId);
      if (track !== undefined) chunks.set(fragment.key, splitChunks(track, await fragment.load()));
    }
    window?.addChunks(chunks);
  }

  const end = source.open((fragment) => enqueue({ fragment }));
  const seeding = footage === undefined ? Promise.resolve() : readTail(footage).catch(withoutTail);
  let splitting: Promise<void> | undefined;

  return {
    get window() {
      return window;
    },
    log,
    get grownAtMs() {
      return grownAtMs;
    },
    get codec() {
      return codec;
    },
    get beginsAtRecoveryPoints() {
      return recoveryPoints;
    },
    seeded: () => seeding,
    async wantParts() {
      partsAskedAtMs = clock.monotonicMs();
      if (endParts === undefined) {
        endParts = source.openParts?.((part) => enqueue({ part })) ?? (() => undefined);
        splitting = seeding.then(splitTail).catch((error: unknown) => {
          logger.debug({ cameraId, error: errorMessage(error) }, 'the tail was not cut into parts');
        });
      }
      await splitting;
    },
    track: (initId) => tracks.get(initId),
    wait: bell.wait,
    close() {
      closed = true;
      end();
      stopParts();
      bell.ring();
    },
  };
}
