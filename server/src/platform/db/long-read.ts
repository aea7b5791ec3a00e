import { QueryFailedError, QueryResult, type DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { requestSignal } from '../../lib/request-signal.js';
import { guardRunner, type GuardOptions } from './guarded-queries.js';
import { SqliteReadError, type SqliteReaders } from './sqlite-readers.js';

/** A manager over `source` whose statements run in the readers' threads; for reading only. */
export function longReadManager(
  source: DataSource,
  readers: SqliteReaders,
  guard: Omit<GuardOptions, 'way'>,
): EntityManager {
  const driver = source.driver as DataSource['driver'] & { queryRunner?: QueryRunner | undefined };
  // The driver hands out one runner for ever; this one is for this manager alone.
  const usual = driver.queryRunner;
  driver.queryRunner = undefined;
  const runner = driver.createQueryRunner('master');
  driver.queryRunner = usual;
  const query = async (sql: string, parameters: unknown[] = [], structured = false): Promise<unknown> => {
    const plain = parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value));
    const rows = await readers.query(sql, plain, requestSignal()).catch((error: unknown) => {
      throw error instanceof SqliteReadError ? new QueryFailedError(sql, plain, error) : error;
    });
    if (!structured) return rows;
    return Object.assign(new QueryResult(), { raw: rows, records: rows });
  };
  Object.assign(runner, { query });
  guardRunner(runner, { way: 'read', ...guard });
  return source.createEntityManager(runner);
}
