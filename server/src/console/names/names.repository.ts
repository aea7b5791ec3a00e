import type { EntityManager } from 'typeorm';
import type { Database } from '../../platform/db/database.js';
import type { NameEntity, NameRow } from './name-row.entity.js';

/** Where rows of another feature bear a name's code. Constants of the product, never input. */
export interface NameUse {
  table: string;
  column: string;
}

/** One list of names, in its order. */
export class NamesRepository {
  readonly #database: Database;
  readonly #entity: NameEntity;
  readonly #use: NameUse | undefined;

  constructor(database: Database, entity: NameEntity, use?: NameUse) {
    this.#database = database;
    this.#entity = entity;
    this.#use = use;
  }

  async list(manager: EntityManager = this.#database.read): Promise<NameRow[]> {
    const rows = await manager.find(this.#entity, { order: { position: 'ASC', code: 'ASC' } });
    return rows.map((row) => ({ ...row, retired: Boolean(row.retired) }));
  }

  async has(manager: EntityManager, code: string): Promise<boolean> {
    return (await manager.countBy(this.#entity, { code })) > 0;
  }

  async insert(manager: EntityManager, row: NameRow): Promise<void> {
    await manager.insert(this.#entity, row);
  }

  async update(manager: EntityManager, { code, ...change }: NameRow): Promise<void> {
    await manager.update(this.#entity, { code }, change);
  }

  async delete(manager: EntityManager, code: string): Promise<void> {
    await manager.delete(this.#entity, { code });
  }

  /** How many rows bear the code. */
  async usesOf(manager: EntityManager, code: string): Promise<number> {
    if (this.#use === undefined) return 0;
    const row = await manager
      .createQueryBuilder()
      .select('COUNT(*)', 'count')
      .from(this.#use.table, 'bearer')
      .where(`bearer.${this.#use.column} = :code`, { code })
      .getRawOne<{ count: number | string }>();
    return Number(row?.count ?? 0);
  }
}
