import { instantFromMs, msFromInstant } from '@choi-canh/shared/common';
import type {
  DesiredHold,
  HoldChanges,
  HoldChangesAnswer,
  HoldPage,
  HoldSummary,
} from '@choi-canh/shared/recorder-api';
import type { FootageHolds, Hold } from './footage/footage-types.js';

/**
 * Two hands keep footage from retention: the console's holds, and the extractions that still need their range. Neither
 * touches what the other holds, and no list releases what it does not name.
 */
export class HoldKeeper {
  readonly #holds: FootageHolds;

  constructor(holds: FootageHolds) {
    this.#holds = holds;
  }

  /** Durable when it resolves. New holds come before releases, so that a range in both stays held all the time. */
  async change({ put, release }: Pick<HoldChanges, 'put' | 'release'>): Promise<HoldChangesAnswer> {
    const gone = await this.#holds.put(put.map(holdFromWire));
    await this.#holds.release(release);
    return { ...this.#holds.summary, gone };
  }

  page(after: string, limit: number): HoldPage {
    return { ...this.#holds.summary, holds: this.#holds.page(after, limit).map(holdOnWire) };
  }

  summary(): HoldSummary {
    return this.#holds.summary;
  }

  /** What is held is all that there is, if it is what the console means. */
  async confirm({ count, digest }: HoldSummary): Promise<boolean> {
    const here = this.#holds.summary;
    if (here.count !== count || here.digest !== digest) return false;
    await this.#holds.confirm();
    return true;
  }

  /** For an extraction. Durable when it resolves. */
  async protect(id: string, cameraId: string, fromMs: number, toMs: number): Promise<void> {
    await this.#holds.put([{ id, cameraId, fromMs, toMs, job: true }]);
  }

  unprotect(id: string): Promise<void> {
    return this.#holds.release([id]);
  }

  /** Extractions with other ids are over. */
  async protectOnly(ids: readonly string[]): Promise<void> {
    const running = new Set(ids);
    await this.#holds.release(this.#holds.jobIds().filter((id) => !running.has(id)));
  }
}

const holdFromWire = ({ id, cameraId, from, to, incident }: DesiredHold): Hold => ({
  ...{ id, cameraId, fromMs: msFromInstant(from), toMs: msFromInstant(to) },
  ...(incident === null ? {} : { incident }),
});

const holdOnWire = ({ id, cameraId, fromMs, toMs, incident }: Hold): DesiredHold => ({
  ...{ id, cameraId, from: instantFromMs(fromMs), to: instantFromMs(toMs) },
  incident: incident ?? null,
});
