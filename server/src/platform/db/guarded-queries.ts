import type { DataSource, QueryRunner } from 'typeorm';
import { asDatabaseError, troubleOf, type DatabaseTrouble } from './database-errors.js';

/** Hears of every statement whether the database worked. It must not throw. */
export interface DatabaseObserver {
  /** A transaction was committed, or something was read. */
  worked(way: 'read' | 'write'): void;
  failed(way: 'read' | 'write', trouble: DatabaseTrouble): void;
}

export interface GuardOptions {
  way: 'read' | 'write';
  /** Longest wait for the lock of another program. */
  lockWaitMs: number;
  observer?: DatabaseObserver | undefined;
}

const retryMs = 20;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Every statement of a data source passes here, so that there is one place where errors of drivers become those of the
 * product, where a transaction of SQLite begins as a writer at once, and where a lock of another program is waited for.
 * The wait does not block: SQLite's own busy handler would stop the thread that forwards video.
 */
export function guardQueries(source: DataSource, options: GuardOptions): void {
  const create = source.createQueryRunner.bind(source);
  const guarded = new WeakSet<QueryRunner>();
  source.createQueryRunner = (mode) => {
    const runner = create(mode);
    if (!guarded.has(runner)) {
      guarded.add(runner);
      guardRunner(runner, options);
    }
    return runner;
  };
}

/** The same for one runner. */
export function guardRunner(runner: QueryRunner, { way, lockWaitMs, observer }: GuardOptions): void {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the overloads of TypeORM's query
  const query = runner.query.bind(runner) as (...args: any[]) => Promise<any>;
  const guardedQuery = async (statement: string, ...rest: unknown[]): Promise<unknown> => {
    // A deferred transaction that first reads and then writes is refused at once while another program writes.
    const isBegin = statement === 'BEGIN TRANSACTION';
    const asked = isBegin ? 'BEGIN IMMEDIATE' : statement;
    const endsAtMs = performance.now() + lockWaitMs;
    for (;;) {
      try {
        const result: unknown = await query(asked, ...rest);
        if (way === 'read') observer?.worked('read');
        return result;
      } catch (error) {
        const trouble = troubleOf(error);
        const mayRepeat = isBegin || (way === 'read' && isBusy(error));
        if (trouble === 'database_locked' && mayRepeat && performance.now() < endsAtMs) {
          await pause(retryMs);
          continue;
        }
        if (trouble !== undefined) observer?.failed(way, trouble);
        dropLostConnection(runner, error);
        throw asDatabaseError(error);
      }
    }
  };
  runner.query = guardedQuery as typeof runner.query;
}

const isBusy = (error: unknown): boolean => {
  const code = ((error as { driverError?: { code?: unknown } }).driverError ?? (error as { code?: unknown })).code;
  return typeof code === 'string' && code.startsWith('SQLITE_BUSY');
};

/** After a read timeout the answer may still come: the connection must not be used again, by whoever gets it next. */
function dropLostConnection(runner: QueryRunner, error: unknown): void {
  if (!(error instanceof Error) || !/Query read timeout/.test(error.message)) return;
  const { databaseConnection } = runner as unknown as {
    databaseConnection?: { connection?: { stream?: { destroy(): void } } };
  };
  databaseConnection?.connection?.stream?.destroy();
}
