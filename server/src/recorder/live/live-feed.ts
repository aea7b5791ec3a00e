// Keeps one stream's window filled while somebody watches: the main stream from the tail of the footage being
// written, the sub-stream from ingest, which pulls it only as long as this feed holds it.
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import type { StreamName } from '../../lib/fragment.js';
import type { Logger } from '../../lib/logger.js';
import { memoryFragment, storedFragment, type LiveInit } from './live-fragments.js';
import type { LiveFootage, LiveIngest, TailFragment } from './live-sources.js';
import { LiveWindow } from './live-window.js';

const usualTailMs = 14_000;
/** A smart codec sends one keyframe a minute. */
const longTailMs = 72_000;
const refreshMs = 200;
const rememberedInits = 4;

export interface FeedOptions {
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly footage: LiveFootage;
  readonly ingest: LiveIngest;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly firstSequence: number;
  readonly firstDiscontinuity: number;
}

export interface LiveFeed {
  /** Undefined before anything was seen. */
  readonly window: LiveWindow | undefined;
  /** Monotonic ms of the newest fragment's arrival here; undefined before the first. */
  readonly grownAtMs: number | undefined;
  /** Brings the window up to date. */
  refresh(): Promise<void>;
  init(initId: string): LiveInit | undefined;
  /** Resolves at the next fragment or after `ms`; rejects with the signal's reason. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void>;
  close(): void;
}

function rememberInit(inits: Map<string, LiveInit>, id: string, init: LiveInit): void {
  inits.delete(id);
  inits.set(id, init);
  for (const oldest of inits.keys()) {
    if (inits.size <= rememberedInits) break;
    inits.delete(oldest);
  }
}

/** Wakes whoever waits for the next fragment. */
function createBell(clock: Clock) {
  let bell = new AbortController();
  return {
    ring() {
      bell.abort();
      bell = new AbortController();
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

/** The sub-stream: held at ingest until `close`. */
export function createSubFeed(options: FeedOptions): LiveFeed {
  const { cameraId, ingest, clock, logger } = options;
  const inits = new Map<string, LiveInit>();
  const bell = createBell(clock);
  // Its keyframes are not known before they come; two seconds is what sub-streams mostly have.
  const window = new LiveWindow(options.firstSequence, 2, options.firstDiscontinuity);
  let grownAtMs: number | undefined;
  const unsubscribe = ingest.subscribe(cameraId, 'sub', (fragment) => {
    const { init } = fragment;
    if (!inits.has(init.id)) rememberInit(inits, init.id, init);
    try {
      if (window.push(memoryFragment(fragment))) grownAtMs = clock.monotonicMs();
    } catch (error) {
      logger.warn({ cameraId, error: errorMessage(error) }, 'a live fragment could not be read');
    }
    bell.ring();
  });
  const release = ingest.acquire(cameraId, 'sub');
  return {
    window,
    get grownAtMs() {
      return grownAtMs;
    },
    refresh: () => Promise.resolve(),
    init: (initId) => inits.get(initId),
    wait: bell.wait,
    close() {
      unsubscribe();
      release();
      bell.ring();
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

/** The main stream, which is recorded anyway. */
export function createMainFeed(options: FeedOptions): LiveFeed {
  const { cameraId, footage, clock } = options;
  const inits = new Map<string, LiveInit>();
  const bell = createBell(clock);
  let window: LiveWindow | undefined;
  let grownAtMs: number | undefined;
  let refreshedAtMs = -Infinity;
  let refreshing: Promise<void> | undefined;

  async function initOf(fragment: TailFragment): Promise<LiveInit> {
    const known = inits.get(fragment.initId);
    if (known !== undefined) return known;
    const file = await footage.file(fragment.fileId);
    if (file === undefined) throw new AppError('not_found', 'footage_gone', `footage file ${fragment.fileId} is gone`);
    const bytes = Buffer.from(await footage.read(fragment.fileId, 0, file.initByteLength));
    const init = { bytes, trackId: file.trackId, timescale: file.timescale };
    rememberInit(inits, fragment.initId, init);
    return init;
  }

  async function tailWithKeyframe(): Promise<readonly TailFragment[]> {
    const tail = await footage.tail(cameraId, usualTailMs);
    if (window !== undefined || tail[0] === undefined || tail[0].independent) return tail;
    return footage.tail(cameraId, longTailMs);
  }

  const seen = new Set<string>();
  async function readTail(): Promise<void> {
    const tail = await tailWithKeyframe();
    if (tail.length === 0) return;
    window ??= new LiveWindow(
      options.firstSequence,
      LiveWindow.targetDurationFor(groupLengths(tail)),
      options.firstDiscontinuity,
    );
    for (const fragment of tail) {
      const key = `${fragment.fileId}/${fragment.offset}`;
      if (seen.has(key)) continue;
      const live = await storedFragment(footage, fragment, await initOf(fragment));
      seen.add(key);
      if (window.push(live)) grownAtMs = clock.monotonicMs();
    }
    // Only what a later tail can hold again must be remembered.
    const current = new Set(tail.map((fragment) => `${fragment.fileId}/${fragment.offset}`));
    for (const key of seen) if (!current.has(key) && seen.size > 256) seen.delete(key);
  }

  return {
    get window() {
      return window;
    },
    get grownAtMs() {
      return grownAtMs;
    },
    async refresh() {
      if (refreshing === undefined) {
        if (clock.monotonicMs() - refreshedAtMs < refreshMs) return;
        refreshing = readTail().finally(() => {
          refreshing = undefined;
          refreshedAtMs = clock.monotonicMs();
        });
      }
      await refreshing;
    },
    init: (initId) => inits.get(initId),
    wait: (ms, signal) => bell.wait(Math.min(ms, 2 * refreshMs), signal),
    close: () => bell.ring(),
  };
}
