import type { EntityManager } from 'typeorm';
import type { Database } from '../../platform/db/database.js';
import { recorderEntity, type RecorderRow } from './recorder.entity.js';

export class RecordersRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): Promise<RecorderRow[]> {
    return this.#db.read.find(recorderEntity, { order: { createdAt: 'ASC', id: 'ASC' } });
  }

  /** The one recorder that this console starts itself; made on first use, its address and token may change each time. */
  saveEmbedded(given: Omit<RecorderRow, 'lastSequence' | 'desiredRevision' | 'lastSeenAt'>): Promise<RecorderRow> {
    return this.#db.write(async (manager) => {
      const known = await manager.findOneBy(recorderEntity, { embedded: true });
      const row: RecorderRow =
        known === null
          ? { ...given, lastSequence: 0, desiredRevision: 0, lastSeenAt: null }
          : { ...known, url: given.url };
      await manager.save(recorderEntity, row);
      return row;
    });
  }

  /** Takes a recorder in and does `work` with it, both or neither; false where there is one at this address. */
  add(row: RecorderRow, work: (manager: EntityManager) => Promise<void>): Promise<boolean> {
    return this.#db.write(async (manager) => {
      if ((await manager.findOneBy(recorderEntity, { url: row.url })) !== null) return false;
      await manager.insert(recorderEntity, row);
      await work(manager);
      return true;
    });
  }

  async setToken(id: string, tokenBox: string): Promise<void> {
    await this.#db.write((manager) => manager.update(recorderEntity, { id }, { tokenBox }));
  }

  async setLastSeen(id: string, lastSeenAt: number): Promise<void> {
    await this.#db.write((manager) => manager.update(recorderEntity, { id }, { lastSeenAt }));
  }

  async setRevision(id: string, desiredRevision: number): Promise<void> {
    await this.#db.write((manager) => manager.update(recorderEntity, { id }, { desiredRevision }));
  }

  async setSequence(id: string, lastSequence: number): Promise<void> {
    await this.#db.write((manager) => manager.update(recorderEntity, { id }, { lastSequence }));
  }

  /** Runs `work` and moves the sequence on, both or neither; false where the sequence was not `from` any more. */
  advance(id: string, from: number, to: number, work: (manager: EntityManager) => Promise<void>): Promise<boolean> {
    return this.#db.write(async (manager) => {
      const moved = await manager.update(recorderEntity, { id, lastSequence: from }, { lastSequence: to });
      if (moved.affected !== 1) return false;
      await work(manager);
      return true;
    });
  }
}
