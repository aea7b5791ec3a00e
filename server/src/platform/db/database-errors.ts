import { QueryFailedError } from 'typeorm';
import { AppError } from '../../lib/errors.js';

/** What keeps the database from working, whatever is asked of it. Each is the code of an `AppError unavailable`. */
export type DatabaseTrouble =
  | 'database_unavailable' // not reachable, or its file cannot be read or written
  | 'database_full' // its disk, or what it may take of it, is full
  | 'database_locked' // another program keeps it locked
  | 'database_damaged'; // its file is not what it was written as

const sqliteTroubles: [prefix: string, trouble: DatabaseTrouble][] = [
  ['SQLITE_FULL', 'database_full'],
  ['SQLITE_IOERR_SHMSIZE', 'database_full'], // the index of the write-ahead log finds no room
  ['SQLITE_BUSY', 'database_locked'],
  ['SQLITE_LOCKED', 'database_locked'],
  ['SQLITE_CORRUPT', 'database_damaged'],
  ['SQLITE_NOTADB', 'database_damaged'],
  ['SQLITE_CANTOPEN', 'database_unavailable'],
  ['SQLITE_IOERR', 'database_unavailable'],
  ['SQLITE_READONLY_', 'database_unavailable'],
  ['SQLITE_PROTOCOL', 'database_locked'],
];

/** PostgreSQL, appendix A: SQLSTATE codes, by prefix. */
const postgresTroubles: [prefix: string, trouble: DatabaseTrouble][] = [
  ['53100', 'database_full'],
  ['53', 'database_unavailable'], // out of memory, too many connections
  ['08', 'database_unavailable'], // connection exception
  ['57P', 'database_unavailable'], // shutdown, starting up, database dropped
  ['55P03', 'database_locked'],
  ['25006', 'database_unavailable'], // a standby: it takes no writes
  ['58', 'database_unavailable'], // system error of the server: its files
  ['XX001', 'database_damaged'],
  ['XX002', 'database_damaged'],
  ['28', 'database_unavailable'], // wrong password, not allowed
  ['3D000', 'database_unavailable'], // no such database
];

const systemCodes: Record<string, DatabaseTrouble> = {
  ENOSPC: 'database_full',
  EDQUOT: 'database_full',
  ECONNREFUSED: 'database_unavailable',
  ECONNRESET: 'database_unavailable',
  EPIPE: 'database_unavailable',
  ETIMEDOUT: 'database_unavailable',
  EHOSTUNREACH: 'database_unavailable',
  ENETUNREACH: 'database_unavailable',
  ENOTFOUND: 'database_unavailable',
  EAI_AGAIN: 'database_unavailable',
  EIO: 'database_unavailable',
  EROFS: 'database_unavailable',
};

/** pg gives no code to these. */
const lostConnection =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (has encountered a connection error|was closed)|Cannot use a pool after)/i;

const sentences: Record<DatabaseTrouble, string> = {
  database_unavailable: 'the database cannot be reached',
  database_full: 'the database has no room left',
  database_locked: 'another program keeps the database locked',
  database_damaged: 'the database is damaged',
};

/** What an error of a driver says about the whole database; undefined where it is about one statement only. */
export function troubleOf(error: unknown): DatabaseTrouble | undefined {
  if (error instanceof AppError) return error.code in sentences ? (error.code as DatabaseTrouble) : undefined;
  const driverError: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (!(driverError instanceof Error)) return undefined;
  const { code } = driverError as { code?: unknown };
  if (typeof code !== 'string') return lostConnection.test(driverError.message) ? 'database_unavailable' : undefined;
  if (systemCodes[code] !== undefined) return systemCodes[code];
  const table = code.startsWith('SQLITE_') ? sqliteTroubles : code.length === 5 ? postgresTroubles : [];
  return table.find(([prefix]) => code.startsWith(prefix))?.[1];
}

/** The one map from errors of the drivers to those of the product: what is about the whole database is `unavailable`. */
export function asDatabaseError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const trouble = troubleOf(error);
  return trouble === undefined ? error : troubleError(trouble, error);
}

export function troubleError(trouble: DatabaseTrouble, cause: unknown): AppError {
  const said =
    cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code ?? '') : String(cause);
  return new AppError('unavailable', trouble, `${sentences[trouble]}: ${said}`, { cause });
}
