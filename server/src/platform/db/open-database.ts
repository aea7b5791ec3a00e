import { AppError, errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { EntityManager, EntitySchema, MigrationInterface, QueryRunner } from 'typeorm';
import { DataSource } from 'typeorm';
import { asDatabaseError, troubleError, troubleOf } from './database-errors.js';
import type { Database } from './database.js';
import { guardQueries, type DatabaseObserver } from './guarded-queries.js';
import { executedMigrations, knownMigrations, refuseNewer } from './schema-version.js';
import { longReadManager } from './long-read.js';
import { PostgresChannel } from './postgres-channel.js';
import { SqliteReaders } from './sqlite-readers.js';
import { busyError, WriteQueue } from './write-queue.js';

/** Entities of any shape in one list. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- EntitySchema is invariant in its entity
export type AnyEntity = EntitySchema<any>;
export type Migration = new () => MigrationInterface;

export interface OpenDatabaseOptions {
  /** `postgres://…`; without it SQLite at `sqlitePath`. */
  url?: string | undefined;
  /** File of the SQLite database; its folder is made. */
  sqlitePath?: string | undefined;
  entities: AnyEntity[];
  migrations: Migration[];
  logger: Logger;
  /** Longest wait for one's turn to write, and for another program's lock, default 10 s. */
  writeWaitMs?: number;
  /** Hears whether the database works. */
  observer?: DatabaseObserver | undefined;
  /** Before the schema of a database that is in use is changed; what it throws keeps it as it is. */
  beforeMigrating?: ((facts: SchemaChange) => Promise<void>) | undefined;
}

export interface SchemaChange {
  /** Names of the migrations that it has had, oldest first; never empty. */
  executed: readonly string[];
  /** Of those that it will have now. */
  pending: readonly string[];
}

/** Key of the advisory lock under which every write and every migration runs on PostgreSQL. */
const WRITE_LOCK = 0x43484f49;
const SLOW_WRITE_MS = 2000;
const usualWaitMs = 10_000;

/**
 * Opens the console's database, brings its schema up to date and gives the two ways into it. Both databases get the
 * same promises: writes run one at a time (so a check and the insert that relies on it cannot be torn apart), and
 * `read` is a connection of its own that sees committed data only and refuses to write. What keeps the database from
 * working is an AppError unavailable with a `DatabaseTrouble` as its code, here and in every later call, and passes by
 * itself: nothing has to be opened again.
 * @throws AppError unavailable (see `DatabaseTrouble`), precondition `database_newer`, or what `beforeMigrating` throws.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const kind = options.url === undefined ? 'sqlite' : 'postgres';
  const waitMs = options.writeWaitMs ?? usualWaitMs;
  const sourceOf = options.url === undefined ? sqliteSource : postgresSource;
  const sources: DataSource[] = [];
  const opened = async (way: Way) => {
    const source = sourceOf(options, way);
    const { observer } = options;
    guardQueries(source, { way: way === 'read' ? 'read' : 'write', lockWaitMs: waitMs, observer });
    sources.push(source);
    await initialize(source, waitMs);
    return source;
  };
  try {
    const migrating = await opened('migrate');
    await migrate(migrating, kind, options.beforeMigrating);
    await migrating.destroy();
    const writer = await opened('write');
    const reader = await opened('read');
    const { sqlitePath, logger, observer } = options;
    const readers =
      kind === 'sqlite' && sqlitePath !== undefined ? new SqliteReaders({ path: sqlitePath, logger }) : undefined;
    const channel = options.url === undefined ? undefined : new PostgresChannel({ url: options.url, logger });
    const queue = new WriteQueue({ waitMs, maxWaiting: 1000 });
    return {
      kind,
      read: reader.manager,
      longRead:
        readers === undefined ? reader.manager : longReadManager(reader, readers, { lockWaitMs: waitMs, observer }),
      write: (work) => queue.run(() => inTransaction(writer, kind, work, options)),
      channel,
      close: async () => {
        await channel?.stop();
        await readers?.close();
        await reader.destroy();
        await writer.destroy();
      },
    };
  } catch (error) {
    for (const source of sources.reverse()) if (source.isInitialized) await source.destroy().catch(() => undefined);
    if (error instanceof AppError) throw error;
    throw troubleError(troubleOf(error) ?? 'database_unavailable', error);
  }
}

type Way = 'migrate' | 'write' | 'read';

/** Another program may hold the file for a moment when it is opened. */
async function initialize(source: DataSource, waitMs: number): Promise<void> {
  const endsAtMs = performance.now() + waitMs;
  for (;;) {
    try {
      await source.initialize();
      return;
    } catch (error) {
      if (troubleOf(error) !== 'database_locked' || performance.now() >= endsAtMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function sqliteSource(options: OpenDatabaseOptions, way: Way): DataSource {
  if (options.sqlitePath === undefined) throw new AppError('internal', 'no_database', 'neither url nor sqlitePath');
  return new DataSource({
    type: 'better-sqlite3',
    database: options.sqlitePath,
    entities: options.entities,
    migrations: options.migrations,
    synchronize: false,
    enableWAL: way !== 'read',
    // A lock is waited for without blocking the thread: see guardQueries.
    timeout: 0,
    prepareDatabase: (connection: { pragma(text: string): unknown }) => {
      // FULL: an audit record that was confirmed outlives a power cut.
      connection.pragma('synchronous = FULL');
      if (way === 'read') connection.pragma('query_only = ON');
    },
  });
}

function postgresSource(options: OpenDatabaseOptions, way: Way): DataSource {
  return new DataSource({
    type: 'postgres',
    url: options.url as string,
    entities: options.entities,
    migrations: options.migrations,
    synchronize: false,
    parseInt8: true,
    poolSize: way === 'read' ? 8 : 2,
    poolErrorHandler: (error: unknown) =>
      options.logger.warn({ err: errorMessage(error) }, 'an idle database connection was lost'),
    extra: {
      connectionTimeoutMillis: 10_000,
      // A server that says nothing any more is lost; a migration may take as long as it needs.
      ...(way === 'migrate' ? {} : { query_timeout: 60_000 }),
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      ...(way === 'read' ? { options: '-c default_transaction_read_only=on' } : {}),
    },
  });
}

async function migrate(
  source: DataSource,
  kind: Database['kind'],
  beforeMigrating: OpenDatabaseOptions['beforeMigrating'],
): Promise<void> {
  const bringUpToDate = async () => {
    const runner = source.createQueryRunner();
    try {
      const executed = await executedMigrations(runner);
      const known = knownMigrations(source);
      refuseNewer(executed, known);
      const pending = known.filter((name) => !executed.includes(name));
      if (executed.length > 0 && pending.length > 0) await beforeMigrating?.({ executed, pending });
    } finally {
      await runner.release();
    }
    await source.runMigrations({ transaction: 'each' });
  };
  if (kind === 'sqlite') return bringUpToDate();
  // Two consoles that start together on one PostgreSQL must not migrate it both at once.
  const guard = source.createQueryRunner();
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [WRITE_LOCK]);
    await bringUpToDate();
    await guard.query('SELECT pg_advisory_unlock($1)', [WRITE_LOCK]);
  } finally {
    // Closed with its source, which gives the lock free where that was not said.
    await guard.release();
  }
}

async function inTransaction<T>(
  writer: DataSource,
  kind: Database['kind'],
  work: (manager: EntityManager) => Promise<T>,
  { logger, observer, writeWaitMs = usualWaitMs }: Pick<OpenDatabaseOptions, 'logger' | 'observer' | 'writeWaitMs'>,
): Promise<T> {
  const runner = freshQueryRunner(writer, kind);
  const startedAtMs = performance.now();
  try {
    await runner.startTransaction();
    try {
      if (kind === 'postgres') await takeWriteLock(runner, writeWaitMs);
      const result = await work(runner.manager);
      await commit(runner, kind);
      observer?.worked('write');
      return result;
    } catch (error) {
      // The connection was lost between two statements: TypeORM released the runner, and says only that it did.
      const wasLost = kind === 'postgres' && runner.isReleased && troubleOf(error) === undefined;
      if (wasLost) observer?.failed('write', 'database_unavailable');
      else await rollBack(writer, runner, kind, logger);
      throw wasLost ? troubleError('database_unavailable', error) : asDatabaseError(error);
    }
  } finally {
    await runner.release();
    // TypeORM leaves a SQLite runner usable after release. A statement that somebody forgot to await would then run
    // in the next one's transaction; marked released, it fails instead.
    if (kind === 'sqlite') (runner as { isReleased: boolean }).isReleased = true;
    const tookMs = performance.now() - startedAtMs;
    if (tookMs > SLOW_WRITE_MS) logger.warn({ tookMs: Math.round(tookMs) }, 'a write held the database for long');
  }
}

/** @throws AppError unavailable `commit_uncertain` where the connection was lost before the answer came. */
async function commit(runner: QueryRunner, kind: Database['kind']): Promise<void> {
  try {
    await runner.commitTransaction();
  } catch (error) {
    if (kind === 'sqlite' || troubleOf(error) !== 'database_unavailable') throw error;
    throw new AppError(
      'unavailable',
      'commit_uncertain',
      'the database was lost while it saved: look before repeating',
      {
        cause: error,
      },
    );
  }
}

async function rollBack(
  writer: DataSource,
  runner: QueryRunner,
  kind: Database['kind'],
  logger: Logger,
): Promise<void> {
  // A full disk, for one, makes SQLite roll back by itself.
  const { databaseConnection } = writer.driver as unknown as { databaseConnection: { inTransaction?: boolean } };
  if (kind === 'sqlite' && databaseConnection.inTransaction === false) return;
  await runner.rollbackTransaction().catch((error: unknown) => {
    // A connection that was lost takes its transaction with it.
    const level = kind === 'postgres' && troubleOf(error) !== undefined ? 'warn' : 'error';
    logger[level]({ err: errorMessage(error) }, 'a transaction could not be rolled back');
  });
}

/** On SQLite TypeORM hands out one shared runner for ever; each transaction gets its own, so that it can be revoked. */
function freshQueryRunner(writer: DataSource, kind: Database['kind']): QueryRunner {
  if (kind === 'sqlite') (writer.driver as { queryRunner?: QueryRunner | undefined }).queryRunner = undefined;
  return writer.createQueryRunner('master');
}

/** Other consoles on the same PostgreSQL write in turn too. Released by the end of the transaction. */
async function takeWriteLock(runner: QueryRunner, waitMs: number): Promise<void> {
  try {
    await runner.query(`SET LOCAL lock_timeout = ${Math.round(waitMs)}`);
    await runner.query('SELECT pg_advisory_xact_lock($1)', [WRITE_LOCK]);
  } catch (error) {
    if (troubleOf(error) === 'database_locked') throw busyError('another console holds the write lock', error);
    throw error;
  }
}
