// The recorder's own SQLite files: which errors mean damage, and what becomes of a damaged file.
import { renameSync } from 'node:fs';
import Database from 'better-sqlite3';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';

const damageCodes = ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_FORMAT'];
const unreadableCodes = ['SQLITE_IOERR_READ', 'SQLITE_IOERR_SHORT_READ', 'SQLITE_IOERR_CORRUPTFS'];

function hasCode(error: unknown, codes: readonly string[]): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && codes.some((known) => code.startsWith(known));
}

/** Whether the file is damaged, and not only locked, full or out of reach: only then it is made anew. */
export const isDamage = (error: unknown): boolean => hasCode(error, damageCodes);

/** Keeps a damaged database beside, as `*.damaged`, in the place of an earlier one. */
export function setAside(path: string): void {
  for (const suffix of ['', '-wal', '-shm'])
    try {
      renameSync(path + suffix, `${path}.damaged${suffix}`);
    } catch {
      // there may be none; what cannot be renamed is found damaged again
    }
}

/**
 * Opens a database that the recorder can do without: damaged, or with parts that the disk does not give back, it is set
 * aside and begun anew. Synchronous and beside ingest, hence it waits for no lock. `prepare` makes the tables.
 * @throws what SQLite throws when the disk is full, or another process holds the file
 */
export function openReplaceable(
  path: string,
  logger: Logger,
  prepare: (database: Database.Database) => void,
): Database.Database {
  for (let isNew = false; ; isNew = true) {
    let database: Database.Database | undefined;
    try {
      database = new Database(path, { timeout: 0 });
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      prepare(database);
      return database;
    } catch (error) {
      database?.close();
      if (isNew || !(isDamage(error) || hasCode(error, unreadableCodes))) throw error;
      logger.error({ path, error: errorMessage(error) }, 'a database is damaged: it is set aside and begun anew');
      setAside(path);
    }
  }
}
