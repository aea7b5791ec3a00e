import { IsNull, Not, type EntityManager } from 'typeorm';
import { AppError } from '../../lib/errors.js';
import type { Database } from '../../platform/db/database.js';
import { recorderEntity, type RecorderRow } from './recorder.entity.js';

const maxDroppedNames = 5000;

export class RecordersRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): Promise<RecorderRow[]> {
    return this.#db.read.find(recorderEntity, {
      where: { deletedAt: IsNull() },
      order: { createdAt: 'ASC', id: 'ASC' },
    });
  }

  find(id: string, manager: EntityManager = this.#db.read): Promise<RecorderRow | null> {
    return manager.findOneBy(recorderEntity, { id, deletedAt: IsNull() });
  }

  /** Also one that was removed. */
  findEver(id: string): Promise<RecorderRow | null> {
    return this.#db.read.findOneBy(recorderEntity, { id });
  }

  /** Whether another recorder than `id` has this address. */
  hasOtherAt(url: string, id: string, manager: EntityManager = this.#db.read): Promise<boolean> {
    return manager.existsBy(recorderEntity, { url, id: Not(id), deletedAt: IsNull() });
  }

  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.#db.write(work);
  }

  async insert(manager: EntityManager, row: RecorderRow): Promise<void> {
    await manager.insert(recorderEntity, row);
  }

  async update(manager: EntityManager, id: string, changes: Partial<RecorderRow>): Promise<void> {
    await manager.update(recorderEntity, { id }, changes);
  }

  /** Recorders that consoles on this database start beside themselves. */
  embedded(): Promise<RecorderRow[]> {
    return this.#db.read.find(recorderEntity, { where: { embedded: true }, order: { createdAt: 'ASC' } });
  }

  /**
   * The recorder that this console starts itself: the row `knownId`, or a new one. Its address may change each time; its name
   * is given only with the new row: people may have given it another since.
   */
  saveEmbedded(
    given: Omit<
      RecorderRow,
      'lastSequence' | 'desiredRevision' | 'droppedCameras' | 'lastSeenAt' | 'deletedAt' | 'keyPin'
    >,
    knownId: string | undefined,
  ): Promise<RecorderRow> {
    return this.#db.write(async (manager) => {
      const known = knownId === undefined ? null : await manager.findOneBy(recorderEntity, { id: knownId });
      const row: RecorderRow =
        known === null
          ? {
              ...given,
              lastSequence: 0,
              desiredRevision: 0,
              droppedCameras: [],
              lastSeenAt: null,
              deletedAt: null,
              keyPin: null,
            }
          : { ...known, url: given.url };
      await manager.save(recorderEntity, row);
      return row;
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

  async addDropped(id: string, names: readonly string[]): Promise<void> {
    await this.#db.write(async (manager) => {
      const row = await manager.findOneBy(recorderEntity, { id });
      const droppedCameras = [...new Set([...(row?.droppedCameras ?? []), ...names])].slice(0, maxDroppedNames);
      await manager.update(recorderEntity, { id }, { droppedCameras });
    });
  }

  /** The id of this console's database; recorders know it by that. */
  async consoleId(): Promise<string> {
    const row = await this.#db.read
      .createQueryBuilder()
      .select('identity.id', 'id')
      .from('console_identity', 'identity')
      .getRawOne<{ id: string }>();
    if (row === undefined) throw new AppError('internal', 'no_console_id', 'the database has no id');
    return row.id;
  }

  /** Number of the newest event that was applied; undefined where the recorder was removed. */
  async sequenceOf(id: string): Promise<number | undefined> {
    const row = await this.#db.read.findOne(recorderEntity, {
      select: { id: true, lastSequence: true },
      where: { id },
    });
    return row?.lastSequence;
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
