import { EntitySchema, type EntityManager } from 'typeorm';
import { instantColumn, textColumn } from '../../platform/db/columns.js';
import type { Database } from '../../platform/db/database.js';

/** The key by which recorders know this console; one row, shared by all consoles on one database. */
export interface ConsoleKeyRow {
  id: number;
  certificate: string;
  /** The private key, sealed. */
  keyBox: string;
  createdAt: number;
}

export const consoleKeyEntity = new EntitySchema<ConsoleKeyRow>({
  name: 'console_key',
  tableName: 'console_key',
  columns: {
    id: { type: 'integer', name: 'id', primary: true },
    certificate: textColumn('certificate'),
    keyBox: textColumn('key_box'),
    createdAt: instantColumn('created_at'),
  },
});

const only = 1;

export class ConsoleKeyRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  find(manager: EntityManager = this.#db.read): Promise<ConsoleKeyRow | null> {
    return manager.findOneBy(consoleKeyEntity, { id: only });
  }

  /** The row that there is, else this one; `replaced` gives way. */
  keep(row: Omit<ConsoleKeyRow, 'id'>, replaced: ConsoleKeyRow | null): Promise<ConsoleKeyRow> {
    return this.#db.write(async (manager) => {
      const found = await this.find(manager);
      if (found !== null && found.keyBox !== replaced?.keyBox) return found;
      await manager.save(consoleKeyEntity, { id: only, ...row });
      return { id: only, ...row };
    });
  }
}
