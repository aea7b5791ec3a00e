import type { RecorderEvent } from '@choi-canh/shared/recorder-api';
import { readEvent, type RawEvent } from '@choi-canh/shared/recorder-protocol';
import type { SetAsideCause } from '@choi-canh/shared/recorders';
import type { Clock } from '../../lib/clock.js';
import { errorMessage, isAppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { Transaction } from '../../platform/db/database.js';
import type { RecordersRepository } from './recorders.repository.js';

export interface RecorderEventsOptions {
  recorderId: string;
  /** Number of the newest event that was applied. */
  sequence: number;
  repository: Pick<RecordersRepository, 'advance' | 'sequenceOf'>;
  /** In their order; what it returns runs after the commit. */
  applyEvents(recorderId: string, events: readonly RecorderEvent[], manager: Transaction): Promise<(() => void)[]>;
  /** Keeps an event that was not applied, or not whole; what it returns runs after the commit. */
  setAside(
    recorderId: string,
    raw: RawEvent,
    cause: SetAsideCause,
    detail: string,
    manager: Transaction,
  ): Promise<() => void>;
  clock: Clock;
  logger: Logger;
  /** First pause before an event that failed is tried again; it doubles. */
  retryMs: number;
}

type AfterCommit = (() => void)[];
/** How often an event is tried before it is set aside. */
const triesOfOne = 3;

/**
 * Applies a recorder's events once and in order, in the transaction that moves the number of the newest. The database has
 * that number; after anything that went otherwise than expected it is read again, so that neither an answer that was lost
 * at COMMIT nor another console stops it.
 */
export class RecorderEvents {
  readonly #options: RecorderEventsOptions;
  #sequence: number;

  constructor(options: RecorderEventsOptions) {
    this.#options = options;
    this.#sequence = options.sequence;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** What the database has. @throws AppError unavailable */
  async reread(): Promise<number> {
    this.#sequence = (await this.#options.repository.sequenceOf(this.#options.recorderId)) ?? this.#sequence;
    return this.#sequence;
  }

  /** The recorder begins to count again. */
  startFrom(sequence: number): void {
    this.#sequence = sequence;
  }

  /** Applies what is new of these; false where nothing is. @throws AppError unavailable while the database is away */
  async apply(given: readonly RawEvent[], signal: AbortSignal): Promise<boolean> {
    const events = given
      .filter((event) => event.sequence > this.#sequence)
      .sort((one, other) => one.sequence - other.sequence);
    if (events.length === 0) return false;
    try {
      await this.#applyTogether(events);
    } catch (error) {
      if (isAppError(error, 'unavailable') || signal.aborted) throw error;
      this.#options.logger.warn({ err: errorMessage(error) }, 'a page of events is applied one by one');
      for (const event of events) await this.#applyAlone(event, signal);
    }
    return true;
  }

  /**
   * Does `work` while `from` is the number of the newest event, and makes it `to`; what it returns runs after the commit.
   * False where it is another number: that is read then.
   */
  async advance(from: number, to: number, work: (manager: Transaction) => Promise<AfterCommit>): Promise<boolean> {
    const { recorderId, repository } = this.#options;
    let afterCommit: AfterCommit = [];
    let advanced: boolean;
    try {
      advanced = await repository.advance(recorderId, from, to, async (manager) => {
        afterCommit = await work(manager);
      });
    } catch (error) {
      // The connection may have been lost with the answer to COMMIT: the number says whether it was done.
      if ((await this.reread()) !== to || to === from) throw error;
      advanced = true;
    }
    if (!advanced) {
      await this.reread();
      return false;
    }
    if (this.#sequence === from) this.#sequence = to;
    for (const then of afterCommit) then();
    return true;
  }

  async #applyTogether(events: readonly RawEvent[]): Promise<void> {
    const from = this.#sequence;
    const applied = await this.advance(from, events.at(-1)?.sequence ?? from, async (manager) => {
      const afterCommit: AfterCommit = [];
      const understood: RecorderEvent[] = [];
      for (const raw of events) {
        const { event, then } = await this.#read(raw, manager);
        if (event !== undefined) understood.push(event);
        afterCommit.push(...then);
      }
      return [...afterCommit, ...(await this.#options.applyEvents(this.#options.recorderId, understood, manager))];
    });
    if (!applied)
      this.#options.logger.info({ from, now: this.#sequence }, 'its events were applied by another console');
  }

  /** What is not understood, whole or in part, is set aside. */
  async #read(raw: RawEvent, manager: Transaction): Promise<{ event: RecorderEvent | undefined; then: AfterCommit }> {
    const { event, misfits } = readEvent(raw);
    if (misfits.length === 0) return { event, then: [] };
    const detail = misfits.map(({ path, value }) => `${path}: ${value}`).join('; ');
    const cause = event === undefined ? 'unknown_event' : 'unknown_value';
    return { event, then: [await this.#options.setAside(this.#options.recorderId, raw, cause, detail, manager)] };
  }

  /** Tries a few times, then sets it aside and goes on: one event must not hold up those behind it for ever. */
  async #applyAlone(event: RawEvent, signal: AbortSignal): Promise<void> {
    const { clock, recorderId, retryMs, setAside } = this.#options;
    let failure: unknown;
    for (let tries = 0; tries < triesOfOne; tries += 1) {
      if (event.sequence <= this.#sequence) return;
      if (tries > 0) await clock.sleep(retryMs * 2 ** (tries - 1), signal);
      try {
        await this.#applyTogether([event]);
        return;
      } catch (error) {
        if (isAppError(error, 'unavailable') || signal.aborted) throw error;
        failure = error;
      }
    }
    await this.advance(this.#sequence, event.sequence, async (manager) => [
      await setAside(recorderId, event, 'failed', errorMessage(failure), manager),
    ]);
  }
}
