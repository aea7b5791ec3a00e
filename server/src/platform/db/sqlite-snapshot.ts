import { open, rm } from 'node:fs/promises';
import Database from 'better-sqlite3';
import { AppError } from '../../lib/errors.js';
import { troubleError, troubleOf } from './database-errors.js';

/** Pages copied at once: 1 MB with the usual page of 4 kB, then others have their turn. */
const pagesAtOnce = 256;
const lockWaitMs = 10_000;

/**
 * Copies a database that others may be writing to, as it is at one moment: one read transaction spans the whole copy,
 * so that neither torn pages nor a new beginning with each change can occur. Meanwhile its write-ahead log grows.
 * The copy is one file, whole, checked and on the disk.
 * @throws AppError unavailable (see `DatabaseTrouble`), also where the copy finds no room (`database_full`)
 */
export async function snapshotSqlite(from: string, to: string): Promise<void> {
  try {
    const source = new Database(from, { readonly: true, fileMustExist: true, timeout: 0 });
    try {
      await beginReading(source);
      await source.backup(to, { progress: () => pagesAtOnce });
    } finally {
      source.close();
    }
    checkWhole(to);
    const file = await open(to, 'r+');
    await file.sync().finally(() => file.close());
  } catch (error) {
    await rm(to, { force: true });
    throw error instanceof AppError ? error : troubleError(troubleOf(error) ?? 'database_unavailable', error);
  }
}

async function beginReading(source: Database.Database): Promise<void> {
  const endsAtMs = performance.now() + lockWaitMs;
  source.exec('BEGIN');
  for (;;) {
    try {
      source.prepare('SELECT count(*) FROM sqlite_master').get();
      return;
    } catch (error) {
      if (troubleOf(error) !== 'database_locked' || performance.now() >= endsAtMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Also turns the copy into one file that needs no other beside it. */
function checkWhole(path: string): void {
  const copy = new Database(path, { fileMustExist: true });
  try {
    copy.pragma('journal_mode = DELETE');
    const found: unknown = copy.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok')
      throw new AppError('unavailable', 'database_damaged', `the database is damaged: ${String(found)}`);
  } finally {
    copy.close();
  }
}

/** Reads from a database that nobody else writes to, e.g. a snapshot. @throws what SQLite throws */
export async function readSqliteFile<T>(
  path: string,
  read: (query: (sql: string) => Promise<unknown[]>) => Promise<T>,
): Promise<T> {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  try {
    return await read((sql) => Promise.resolve(database.prepare(sql).all()));
  } finally {
    database.close();
  }
}
