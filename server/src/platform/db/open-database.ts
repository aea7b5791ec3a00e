import { AppError, errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { EntityManager, EntitySchema, MigrationInterface, QueryRunner } from 'typeorm';
import { DataSource, QueryFailedError } from 'typeorm';
import type { Database } from './database.js';
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
  /** Longest wait for one's turn to write, default 10 s. */
  writeWaitMs?: number;
}

/** Key of the advisory lock under which every write and every migration runs on PostgreSQL. */
const WRITE_LOCK = 0x43484f49;
const SLOW_WRITE_MS = 2000;

/**
 * Opens the console's database, brings its schema up to date and gives the two ways into it. Both databases get the
 * same promises: writes run one at a time (so a check and the insert that relies on it cannot be torn apart), and
 * `read` is a connection of its own that sees committed data only and refuses to write.
 * @throws AppError unavailable `database_unavailable`.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const kind = options.url === undefined ? 'sqlite' : 'postgres';
  const writer = options.url === undefined ? sqliteSource(options, 'write') : postgresSource(options, 'write');
  const reader = options.url === undefined ? sqliteSource(options, 'read') : postgresSource(options, 'read');
  try {
    await writer.initialize();
    await migrate(writer, kind);
    await reader.initialize();
  } catch (error) {
    for (const source of [reader, writer]) if (source.isInitialized) await source.destroy();
    throw new AppError('unavailable', 'database_unavailable', `cannot open the database: ${errorMessage(error)}`, {
      cause: error,
    });
  }

  const queue = new WriteQueue({ waitMs: options.writeWaitMs ?? 10_000, maxWaiting: 1000 });
  return {
    kind,
    read: reader.manager,
    write: (work) => queue.run(() => inTransaction(writer, kind, work, options.logger)),
    close: async () => {
      await reader.destroy();
      await writer.destroy();
    },
  };
}

function sqliteSource(options: OpenDatabaseOptions, way: 'read' | 'write'): DataSource {
  if (options.sqlitePath === undefined) throw new AppError('internal', 'no_database', 'neither url nor sqlitePath');
  return new DataSource({
    type: 'better-sqlite3',
    database: options.sqlitePath,
    entities: options.entities,
    migrations: options.migrations,
    synchronize: false,
    enableWAL: way === 'write',
    timeout: 5000,
    prepareDatabase: (connection: { pragma(text: string): unknown }) => {
      // FULL: an audit record that was confirmed outlives a power cut.
      connection.pragma('synchronous = FULL');
      if (way === 'read') connection.pragma('query_only = ON');
    },
  });
}

function postgresSource(options: OpenDatabaseOptions, way: 'read' | 'write'): DataSource {
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
      ...(way === 'read' ? { options: '-c default_transaction_read_only=on' } : {}),
    },
  });
}

async function migrate(writer: DataSource, kind: Database['kind']): Promise<void> {
  if (kind === 'sqlite') {
    await writer.runMigrations({ transaction: 'each' });
    return;
  }
  // Two consoles that start together on one PostgreSQL must not migrate it both at once.
  const guard = writer.createQueryRunner();
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [WRITE_LOCK]);
    await writer.runMigrations({ transaction: 'each' });
  } finally {
    await guard.query('SELECT pg_advisory_unlock($1)', [WRITE_LOCK]);
    await guard.release();
  }
}

async function inTransaction<T>(
  writer: DataSource,
  kind: Database['kind'],
  work: (manager: EntityManager) => Promise<T>,
  logger: Logger,
): Promise<T> {
  const runner = freshQueryRunner(writer, kind);
  const startedAtMs = performance.now();
  try {
    await runner.startTransaction();
    try {
      if (kind === 'postgres') await takeWriteLock(runner);
      const result = await work(runner.manager);
      await runner.commitTransaction();
      return result;
    } catch (error) {
      await runner.rollbackTransaction().catch((rollbackError: unknown) => {
        logger.error({ err: errorMessage(rollbackError) }, 'a transaction could not be rolled back');
      });
      throw error;
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

/** On SQLite TypeORM hands out one shared runner for ever; each transaction gets its own, so that it can be revoked. */
function freshQueryRunner(writer: DataSource, kind: Database['kind']): QueryRunner {
  if (kind === 'sqlite') (writer.driver as { queryRunner?: QueryRunner | undefined }).queryRunner = undefined;
  return writer.createQueryRunner('master');
}

/** Other consoles on the same PostgreSQL write in turn too. Released by the end of the transaction. */
async function takeWriteLock(runner: QueryRunner): Promise<void> {
  try {
    await runner.query(`SET LOCAL lock_timeout = '10s'`);
    await runner.query('SELECT pg_advisory_xact_lock($1)', [WRITE_LOCK]);
  } catch (error) {
    const LOCK_NOT_AVAILABLE = '55P03';
    if (error instanceof QueryFailedError && (error.driverError as { code?: string }).code === LOCK_NOT_AVAILABLE) {
      throw busyError('another console holds the write lock', error);
    }
    throw error;
  }
}
