import type { Clock } from '../../lib/clock.js';

interface Download {
  recorded: Promise<void>;
  /** Answers under way. */
  answers: number;
  lastAtMs: number;
}

/**
 * One audit record a download, whatever the ranges in which a browser fetches it: requests of one session for one file with
 * pauses of at most a while are one download. The record is durable before the first byte leaves.
 */
export class DownloadRecords {
  readonly #clock: Clock;
  readonly #pauseMs: number;
  readonly #downloads = new Map<string, Download>();

  constructor(clock: Clock, pauseMs = 10 * 60_000) {
    this.#clock = clock;
    this.#pauseMs = pauseMs;
  }

  /**
   * Resolves when the download `key` is recorded, by `record` unless it was already. What it returns says that the answer has
   * ended. Rejects where it cannot be recorded: then no byte may leave.
   */
  async begin(key: string, record: () => Promise<void>): Promise<() => void> {
    const nowMs = this.#clock.monotonicMs();
    for (const [known, { answers, lastAtMs }] of this.#downloads) {
      if (answers === 0 && nowMs - lastAtMs > this.#pauseMs) this.#downloads.delete(known);
    }
    let download = this.#downloads.get(key);
    if (download === undefined) {
      download = { recorded: record(), answers: 0, lastAtMs: nowMs };
      this.#downloads.set(key, download);
    }
    const mine = download;
    mine.answers += 1;
    try {
      await mine.recorded;
    } catch (error) {
      if (this.#downloads.get(key) === mine) this.#downloads.delete(key);
      throw error;
    }
    return () => {
      mine.answers -= 1;
      mine.lastAtMs = this.#clock.monotonicMs();
    };
  }
}
