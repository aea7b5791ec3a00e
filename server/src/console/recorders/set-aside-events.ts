import { instantFromMs } from '@choi-canh/shared/common';
import type { RecorderEvent } from '@choi-canh/shared/recorder-api';
import { rawEventPage, readEvent, type RawEvent } from '@choi-canh/shared/recorder-protocol';
import type { SetAsideCause, SetAsideEventResponse } from '@choi-canh/shared/recorders';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Logger } from '../../lib/logger.js';
import type { Transaction } from '../../platform/db/database.js';
import type { SetAsideEventRow } from './set-aside-event.entity.js';
import type { SetAsideEventsRepository } from './set-aside-events.repository.js';

export interface SetAsideEventsDeps {
  repository: SetAsideEventsRepository;
  /** Applies one event; what it returns runs after the commit. */
  applyEvents(recorderId: string, events: readonly RecorderEvent[], manager: Transaction): Promise<(() => void)[]>;
  clock: Clock;
  logger: Logger;
}

export interface SetAsideCounts {
  /** Not understood, or not whole. */
  unknown: number;
  /** Could not be applied. */
  failed: number;
  unknownSince: number | null;
  failedSince: number | null;
}

const none: SetAsideCounts = { unknown: 0, failed: 0, unknownSince: null, failedSince: null };
const listed = 200;
const detailLength = 500;
/** Of one recorder; beyond it the oldest are given up. */
const mostWaiting = 50_000;
const retriedAtOnce = 100;

/**
 * Events of recorders that this console did not understand or could not apply, as they came. Nothing of them is lost: what a
 * newer console understands it applies when it starts, and an administrator may have the rest tried again or dismiss it.
 */
export class SetAsideEvents {
  readonly #deps: SetAsideEventsDeps;
  readonly #counts = new Map<string, SetAsideCounts>();

  constructor(deps: SetAsideEventsDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    await this.#count(undefined);
  }

  counts(recorderId: string): SetAsideCounts {
    return this.#counts.get(recorderId) ?? none;
  }

  /** Another console on the same database may have changed them. */
  async refresh(recorderId: string): Promise<void> {
    await this.#count(recorderId);
  }

  /** In the transaction that moves on behind the event; what it returns runs after the commit. */
  async keep(
    recorderId: string,
    raw: RawEvent,
    cause: SetAsideCause,
    detail: string,
    manager: Transaction,
  ): Promise<() => void> {
    const { repository, clock, logger } = this.#deps;
    const at = Date.parse(typeof raw['at'] === 'string' ? raw['at'] : '');
    const setAsideAt = clock.nowMs();
    await repository.add(
      {
        ...{ id: newId(), recorderId, sequence: raw.sequence, type: raw.type, cause, setAsideAt },
        ...{ detail: detail.slice(0, detailLength), at: Number.isNaN(at) ? null : at },
        ...{ state: 'waiting', body: JSON.stringify(raw) },
      },
      manager,
    );
    const givenUp = await repository.bound(recorderId, mostWaiting, manager);
    return () => {
      const level = cause === 'failed' ? 'error' : 'warn';
      logger[level](
        { recorderId, sequence: raw.sequence, type: raw.type, cause, detail, givenUp },
        'an event of a recorder was set aside',
      );
      const known = this.counts(recorderId);
      this.#counts.set(
        recorderId,
        cause === 'failed'
          ? { ...known, failed: known.failed + 1, failedSince: known.failedSince ?? setAsideAt }
          : { ...known, unknown: known.unknown + 1, unknownSince: known.unknownSince ?? setAsideAt },
      );
    };
  }

  async list(recorderId: string): Promise<{ items: SetAsideEventResponse[]; waiting: number }> {
    await this.#count(recorderId);
    const { unknown, failed } = this.counts(recorderId);
    const rows = await this.#deps.repository.list(recorderId, listed);
    return {
      waiting: unknown + failed,
      items: rows.map(({ id, sequence, type, cause, detail, at, setAsideAt }) => ({
        ...{ id, sequence, type, cause, detail },
        at: at === null ? null : instantFromMs(at),
        setAsideAt: instantFromMs(setAsideAt),
      })),
    };
  }

  /** Applies what this version of the console understands by now. */
  async applyUnderstood(recorderId: string): Promise<void> {
    const { repository, logger } = this.#deps;
    let skip = 0;
    for (;;) {
      const rows = await repository.waiting(recorderId, ['unknown_event', 'unknown_value'], skip, retriedAtOnce);
      let applied = 0;
      for (const row of rows) {
        const { event, misfits } = readBody(row);
        if (event === undefined || misfits.length > 0) continue;
        try {
          await this.#apply(row, event);
          applied += 1;
        } catch (error) {
          if (isAppError(error, 'unavailable')) throw error;
          logger.error({ recorderId, sequence: row.sequence, err: errorMessage(error) }, 'an event fails still');
        }
      }
      if (applied > 0) logger.info({ recorderId, applied }, 'events that were set aside are understood now');
      if (rows.length < retriedAtOnce) break;
      skip += rows.length - applied;
    }
    await this.#count(recorderId);
  }

  /**
   * Tries these once more; `work` runs in the transaction of each that succeeds. Returns how many were applied.
   * @throws AppError conflict `event_fails_still` where one could not be; those before it are applied
   */
  async retry(
    recorderId: string,
    ids: readonly string[],
    work: (event: SetAsideEventRow, manager: Transaction) => Promise<void>,
  ): Promise<number> {
    const { repository } = this.#deps;
    let applied = 0;
    let failure: unknown;
    for (const row of await repository.byIds(recorderId, ids)) {
      const { event, misfits } = readBody(row);
      try {
        if (event === undefined || misfits.length > 0) {
          throw new AppError('conflict', 'event_fails_still', 'this version does not understand it');
        }
        await this.#apply(row, event, (manager) => work(row, manager));
        applied += 1;
      } catch (error) {
        if (isAppError(error, 'unavailable')) throw error;
        failure = error;
        const detail = errorMessage(error).slice(0, detailLength);
        await repository.write((manager) => repository.setDetail(row.id, detail, manager));
      }
    }
    await this.#count(recorderId);
    if (failure === undefined) return applied;
    throw new AppError('conflict', 'event_fails_still', `not applied: ${errorMessage(failure)}`, {
      cause: failure,
      details: { applied },
    });
  }

  /** Gives these up for good; they stay in the database. `work` runs in the same transaction. */
  async dismiss(
    recorderId: string,
    ids: readonly string[],
    work: (events: readonly SetAsideEventRow[], manager: Transaction) => Promise<void>,
  ): Promise<number> {
    const { repository } = this.#deps;
    const count = await repository.write(async (manager) => {
      const rows = await repository.byIds(recorderId, ids, manager);
      if (rows.length === 0) return 0;
      await repository.close(
        rows.map(({ id }) => id),
        'dismissed',
        manager,
      );
      await work(rows, manager);
      return rows.length;
    });
    await this.#count(recorderId);
    return count;
  }

  async #apply(
    row: SetAsideEventRow,
    event: RecorderEvent,
    work: (manager: Transaction) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const { repository, applyEvents } = this.#deps;
    const then = await repository.write(async (manager) => {
      const [waiting] = await repository.byIds(row.recorderId, [row.id], manager);
      if (waiting === undefined) return []; // by another console meanwhile
      const applied = await applyEvents(row.recorderId, [event], manager);
      await repository.close([row.id], 'applied', manager);
      await work(manager);
      return applied;
    });
    for (const one of then) one();
  }

  async #count(recorderId: string | undefined): Promise<void> {
    const found = await this.#deps.repository.counts(recorderId);
    const next = new Map<string, SetAsideCounts>(recorderId === undefined ? [] : [[recorderId, none]]);
    for (const { recorderId: id, cause, count, firstAt } of found) {
      const known = next.get(id) ?? none;
      const since = known.unknownSince === null ? firstAt : Math.min(known.unknownSince, firstAt);
      next.set(
        id,
        cause === 'failed'
          ? { ...known, failed: count, failedSince: firstAt }
          : { ...known, unknown: known.unknown + count, unknownSince: since },
      );
    }
    for (const [id, counts] of next) this.#counts.set(id, counts);
  }
}

function readBody(row: SetAsideEventRow): ReturnType<typeof readEvent> {
  const page = rawEventPage.safeParse({ events: [JSON.parse(row.body)], sequence: row.sequence });
  const raw = page.success ? page.data.events[0] : undefined;
  return raw === undefined ? { event: undefined, misfits: [] } : readEvent(raw);
}
