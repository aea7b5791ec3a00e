import type { Database } from './database.js';

type ColumnType = 'text' | 'bigint';

/**
 * Rows as one table expression with one parameter, so that a statement over thousands of them is one statement and never
 * meets a bound on parameters. Columns are named as the keys, quoted in SQL: `alias."cameraId"`. Its only parameter is the
 * statement's first.
 */
export function bulkRows<T extends object>(
  kind: Database['kind'],
  alias: string,
  columns: Readonly<Record<keyof T & string, ColumnType>>,
  rows: readonly T[],
): { sql: string; parameters: [string] } {
  const names = Object.keys(columns) as (keyof T & string)[];
  const picked = rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name] ?? null])));
  const sql =
    kind === 'sqlite'
      ? `(SELECT ${names.map((name) => `json_extract(value, '$.${name}') AS "${name}"`).join(', ')} FROM json_each(?)) AS ${alias}`
      : `jsonb_to_recordset($1::jsonb) AS ${alias}(${names.map((name) => `"${name}" ${columns[name]}`).join(', ')})`;
  return { sql, parameters: [JSON.stringify(picked)] };
}
