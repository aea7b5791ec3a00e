import type { SetAsideCause } from '@choi-canh/shared/recorders';
import { In, type EntityManager } from 'typeorm';
import type { Database } from '../../platform/db/database.js';
import { setAsideEventEntity, type SetAsideEventRow } from './set-aside-event.entity.js';

export type SetAsideSummary = Omit<SetAsideEventRow, 'body'>;

const summaryKeys = {
  ...{ id: true, recorderId: true, sequence: true, type: true, cause: true, detail: true },
  ...{ at: true, setAsideAt: true, state: true },
} as const;

export class SetAsideEventsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.#db.write(work);
  }

  async add(row: SetAsideEventRow, manager: EntityManager): Promise<void> {
    await manager.insert(setAsideEventEntity, row);
  }

  /** How many wait, by recorder and cause, and since when. */
  async counts(
    recorderId?: string,
  ): Promise<{ recorderId: string; cause: SetAsideCause; count: number; firstAt: number }[]> {
    const query = this.#db.read
      .createQueryBuilder(setAsideEventEntity, 'aside')
      .select([
        'aside.recorder_id AS recorder',
        'aside.cause AS cause',
        'count(*) AS count',
        'min(aside.set_aside_at) AS first',
      ])
      .where(`aside.state = 'waiting'`)
      .groupBy('aside.recorder_id')
      .addGroupBy('aside.cause');
    if (recorderId !== undefined) query.andWhere('aside.recorder_id = :recorderId', { recorderId });
    const rows = await query.getRawMany<{ recorder: string; cause: SetAsideCause; count: unknown; first: unknown }>();
    return rows.map((row) => ({
      recorderId: row.recorder,
      cause: row.cause,
      count: Number(row.count),
      firstAt: Number(row.first),
    }));
  }

  /** Those that wait, newest first, without their bodies. */
  list(recorderId: string, limit: number): Promise<SetAsideSummary[]> {
    return this.#db.read.find(setAsideEventEntity, {
      select: summaryKeys,
      where: { recorderId, state: 'waiting' },
      order: { setAsideAt: 'DESC', sequence: 'DESC' },
      take: limit,
    });
  }

  /** Those that wait, oldest first, behind the id `after` of the same instant order. */
  waiting(
    recorderId: string,
    causes: readonly SetAsideCause[],
    skip: number,
    limit: number,
  ): Promise<SetAsideEventRow[]> {
    return this.#db.read.find(setAsideEventEntity, {
      where: { recorderId, state: 'waiting', cause: In(causes) },
      order: { setAsideAt: 'ASC', sequence: 'ASC' },
      skip,
      take: limit,
    });
  }

  byIds(
    recorderId: string,
    ids: readonly string[],
    manager: EntityManager = this.#db.read,
  ): Promise<SetAsideEventRow[]> {
    return manager.find(setAsideEventEntity, {
      where: { recorderId, id: In(ids), state: 'waiting' },
      order: { setAsideAt: 'ASC', sequence: 'ASC' },
    });
  }

  async close(ids: readonly string[], state: 'applied' | 'dismissed', manager: EntityManager): Promise<void> {
    await manager.update(setAsideEventEntity, { id: In(ids) }, { state });
  }

  async setDetail(id: string, detail: string, manager: EntityManager): Promise<void> {
    await manager.update(setAsideEventEntity, { id }, { detail });
  }

  /** Leaves at most `most` of a recorder: the oldest are given up. Returns how many. */
  async bound(recorderId: string, most: number, manager: EntityManager): Promise<number> {
    const over = (await manager.countBy(setAsideEventEntity, { recorderId, state: 'waiting' })) - most;
    if (over <= 0) return 0;
    const oldest = await manager.find(setAsideEventEntity, {
      select: { id: true },
      where: { recorderId, state: 'waiting' },
      order: { setAsideAt: 'ASC', sequence: 'ASC' },
      take: over,
    });
    await manager.delete(setAsideEventEntity, { id: In(oldest.map(({ id }) => id)) });
    return oldest.length;
  }
}
