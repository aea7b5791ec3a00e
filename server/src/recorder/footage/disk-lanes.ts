// Who may use the disk at the same time. Node's file calls share one small pool of threads: without this, twenty readers
// or a hundred flushes take every thread and an append waits behind them. Appends take a thread at once; flushes and
// reads pass through lanes of their own, and reads give way to appends.

import { systemClock, type Clock } from '../../lib/clock.js';

/** Runs at most so many at once, in order of the calls. */
export interface Lane {
  run<T>(work: () => Promise<T>): Promise<T>;
  readonly waiting: number;
}

/** `width` may change; it counts when one begins or ends. */
export function createLane(width: number | (() => number)): Lane {
  const widthNow = typeof width === 'number' ? () => width : width;
  const queue: (() => void)[] = [];
  let running = 0;
  return {
    async run(work) {
      if (running < widthNow()) running += 1;
      else await new Promise<void>((resolve) => queue.push(resolve)); // its place is taken for it
      try {
        return await work();
      } finally {
        running -= 1;
        while (queue.length > 0 && running < widthNow()) {
          running += 1;
          queue.shift()!();
        }
      }
    },
    get waiting() {
      return queue.length;
    },
  };
}

export interface DiskLanes {
  /** Flushes; at least two, so that one that hangs does not hold up the others. */
  readonly flush: Lane;
  /**
   * Reads of footage: each piece waits until no append is under way, but not longer than `longestWaitMs`; and while there
   * is recording, pieces of `byteLength` pass no faster than `readBytesPerSecond` in all.
   */
  read<T>(work: () => Promise<T>, byteLength?: number): Promise<T>;
  /** How much is best read at once: little while there is recording, that no append waits for it. */
  readonly pieceBytes: number;
  /** Counts as an append under way until it settles. */
  append<T>(work: () => Promise<T>): Promise<T>;
}

/** A read is put off no longer, or constant writing would starve it. */
const longestWaitMs = 50;

/**
 * 192 Mbit/s, sixteen cameras of 1.5 Mbit/s watched at eight times their speed. Memory that is read into must be
 * collected again, and collecting stops everything for some milliseconds: so the rate has a bound while there is
 * recording.
 */
const readBytesPerSecond = 24e6;
/** Passes at once, so that a seek is not slowed down. */
const readBurstBytes = 2e6;
/** So long after an append there is recording. */
const recordingMs = 2000;
/** Small enough that an append waits for hardly anything, large enough that reading costs little. */
export const smallPieceBytes = 256 * 1024;
const largePieceBytes = 1024 * 1024;

/** Threads of the pool that file calls run on; libuv's default is 4. */
export function poolThreads(environment: NodeJS.ProcessEnv = process.env): number {
  const threads = Number(environment.UV_THREADPOOL_SIZE);
  return Number.isInteger(threads) && threads >= 1 ? Math.min(threads, 1024) : 4;
}

export function createDiskLanes(threads = poolThreads(), clock: Pick<Clock, 'monotonicMs'> = systemClock): DiskLanes {
  const flush = createLane(Math.max(2, Math.floor((threads * 3) / 4)));
  // Where nothing is recorded nobody has to be given way.
  const reads = createLane(() => Math.max(1, Math.floor(threads / (isRecording() ? 8 : 2))));
  let appending = 0;
  let appendedAt = -Infinity;
  let quiet: (() => void)[] = [];
  /** When what was read so far would have been read at the bounded rate. */
  let readUntilAt = -Infinity;

  function isRecording(): boolean {
    return appending > 0 || clock.monotonicMs() - appendedAt <= recordingMs;
  }

  function whenQuiet(): Promise<void> | undefined {
    if (appending === 0) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, longestWaitMs);
      quiet.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  function whenItsTurn(byteLength: number): Promise<void> | undefined {
    if (!isRecording()) return undefined;
    const nowMs = clock.monotonicMs();
    const perMs = readBytesPerSecond / 1000;
    readUntilAt = Math.max(readUntilAt, nowMs - readBurstBytes / perMs) + byteLength / perMs;
    const waitMs = readUntilAt - nowMs;
    return waitMs < 1 ? undefined : new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  return {
    flush,
    read: (work, byteLength = 0) =>
      reads.run(async () => {
        await whenItsTurn(byteLength);
        await whenQuiet();
        return work();
      }),
    get pieceBytes() {
      return isRecording() ? smallPieceBytes : largePieceBytes;
    },
    async append(work) {
      appending += 1;
      try {
        return await work();
      } finally {
        appendedAt = clock.monotonicMs();
        appending -= 1;
        if (appending === 0) {
          const waiting = quiet;
          quiet = [];
          for (const resolve of waiting) resolve();
        }
      }
    },
  };
}
