import type { DataSource, QueryRunner } from 'typeorm';
import { AppError } from '../../lib/errors.js';

const table = 'migrations';

/** Names of the migrations that a database has had, oldest first; empty for a new one. */
export async function executedMigrations(runner: QueryRunner): Promise<string[]> {
  if (!(await runner.hasTable(table))) return [];
  const rows = (await runner.query(`SELECT name FROM ${table} ORDER BY id`)) as { name: string }[];
  return rows.map(({ name }) => name);
}

/** Names of the migrations that this version knows, in order. */
export function knownMigrations(source: DataSource): string[] {
  return source.migrations.map((migration) => migration.name ?? migration.constructor.name);
}

/**
 * An older version would write into tables that it knows only in part.
 * @throws AppError precondition `database_newer`, naming what this version does not know.
 */
export function refuseNewer(executed: readonly string[], known: readonly string[]): void {
  const unknown = executed.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new AppError(
    'precondition',
    'database_newer',
    `the database was written by a newer version of Chòi Canh; this version does not know: ${unknown.join(', ')}. ` +
      'Nothing was changed. Start the newer version, or restore a backup that this version made',
    { details: { unknown } },
  );
}
