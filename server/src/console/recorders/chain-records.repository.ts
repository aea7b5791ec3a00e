import { LessThan, MoreThan, type EntityManager } from 'typeorm';
import type { Database } from '../../platform/db/database.js';
import { chainPinEntity, chainRecordEntity, type ChainPinRow, type ChainRecordRow } from './chain-record.entity.js';

const withoutLine = {
  ...{ id: true, recorderId: true, generation: true, sequence: true, hash: true, at: true, receivedAt: true },
  ...{ kind: true, keyId: true, cameras: true, state: true, trouble: true },
} as const;
export type ChainRecordSummary = Omit<ChainRecordRow, 'line'>;

/** The console's copy of recorders' signed records. */
export class ChainRecordsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.#db.write(work);
  }

  pins(): Promise<ChainPinRow[]> {
    return this.#db.read.find(chainPinEntity);
  }

  pin(recorderId: string, manager: EntityManager = this.#db.read): Promise<ChainPinRow | null> {
    return manager.findOneBy(chainPinEntity, { recorderId });
  }

  async savePin(pin: ChainPinRow, manager: EntityManager): Promise<void> {
    await manager.save(chainPinEntity, pin);
  }

  byHash(recorderId: string, hash: string, manager: EntityManager): Promise<ChainRecordRow | null> {
    return manager.findOneBy(chainRecordEntity, { recorderId, hash });
  }

  async add(row: ChainRecordRow, manager: EntityManager): Promise<void> {
    await manager.insert(chainRecordEntity, row);
  }

  async judge(
    row: Pick<ChainRecordRow, 'id' | 'state' | 'trouble' | 'generation'>,
    manager: EntityManager,
  ): Promise<void> {
    const { id, state, trouble, generation } = row;
    await manager.update(chainRecordEntity, { id }, { state, trouble, generation });
  }

  /** Of those that wait for others, the first in order. */
  nextWaiting(recorderId: string, manager: EntityManager): Promise<ChainRecordRow | null> {
    return manager.findOne(chainRecordEntity, {
      where: { recorderId, state: 'waiting' },
      order: { sequence: 'ASC', receivedAt: 'ASC' },
    });
  }

  /** Refused ones since the record that is held to, newest first; at most 10 000. */
  refused(recorderId: string, generation: number, manager: EntityManager): Promise<ChainRecordSummary[]> {
    return manager.find(chainRecordEntity, {
      select: withoutLine,
      where: { recorderId, state: 'refused', generation },
      order: { receivedAt: 'DESC', sequence: 'DESC' },
      take: 10_000,
    });
  }

  async summary(recorderId: string): Promise<{ records: number; firstAt: number | null; lastAt: number | null }> {
    const of = (order: 'ASC' | 'DESC') =>
      this.#db.read.findOne(chainRecordEntity, {
        select: { id: true, at: true },
        where: { recorderId },
        order: { at: order },
      });
    const [records, first, last] = [
      await this.#db.read.countBy(chainRecordEntity, { recorderId }),
      await of('ASC'),
      await of('DESC'),
    ];
    return { records, firstAt: first?.at ?? null, lastAt: last?.at ?? null };
  }

  /** Newest first. */
  list(recorderId: string, before: number | undefined, limit: number): Promise<ChainRecordSummary[]> {
    return this.#db.read.find(chainRecordEntity, {
      select: withoutLine,
      where: { recorderId, ...(before === undefined ? {} : { sequence: LessThan(before) }) },
      order: { sequence: 'DESC', receivedAt: 'DESC' },
      take: limit,
    });
  }

  /** Accepted ones of a generation behind `after`, in order. */
  accepted(
    recorderId: string,
    generation: number,
    after: number,
    limit: number,
  ): Promise<Pick<ChainRecordRow, 'sequence' | 'line'>[]> {
    return this.#db.read.find(chainRecordEntity, {
      select: { id: true, sequence: true, line: true },
      where: { recorderId, generation, state: 'accepted', sequence: MoreThan(after) },
      order: { sequence: 'ASC' },
      take: limit,
    });
  }
}
