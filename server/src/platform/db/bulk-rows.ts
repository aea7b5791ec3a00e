import type { Database } from './database.js';

type ColumnType = 'text' | 'bigint';

/**
 * Rows as one table expression with one parameter, so that a statement over thousands of them is one statement and never
 * meets a bound on parameters. Columns are named as the keys, quoted in SQL: `alias."cameraId"`. Its only parameter is the
 * statement's first. What is joined to it is joined by `join`: SQLite, which knows nothing of how many rows these are, else
 * goes through a table and reads the rows again for each of its own.
 */
export function bulkRows<T extends object>(
  kind: Database['kind'],
  alias: string,
  columns: Readonly<Record<keyof T & string, ColumnType>>,
  rows: readonly T[],
): { sql: string; parameters: [string]; join: string } {
  const names = Object.keys(columns) as (keyof T & string)[];
  const picked = rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name] ?? null])));
  const sql =
    kind === 'sqlite'
      ? `(SELECT ${names.map((name) => `json_extract(value, '$.${name}') AS "${name}"`).join(', ')} FROM json_each(?)) AS ${alias}`
      : `jsonb_to_recordset($1::jsonb) AS ${alias}(${names.map((name) => `"${name}" ${columns[name]}`).join(', ')})`;
  return { sql, parameters: [JSON.stringify(picked)], join: kind === 'sqlite' ? 'CROSS JOIN' : 'JOIN' };
}
