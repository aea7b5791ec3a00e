// A thread that answers reading statements on a connection of its own, which cannot write. Rows travel as JSON: a text is
// copied as it is, and parsing it costs the other side less than a structured clone.
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { errorMessage } from '../../lib/errors.js';

export interface SqliteReaderData {
  readonly path: string;
}
export interface SqliteReaderCall {
  readonly call: number;
  readonly sql: string;
  readonly parameters: readonly unknown[];
}
export type SqliteReaderAnswer =
  { call: number; rows: string } | { call: number; message: string; code: string | undefined };

const keptStatements = 100;
const port = parentPort!;
// Locks are waited for on the other side, which may give up.
const database = new Database((workerData as SqliteReaderData).path, { readonly: true, timeout: 0 });
const statements = new Map<string, Database.Statement>();

function prepared(sql: string): Database.Statement {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  const statement = database.prepare(sql);
  statements.set(sql, statement);
  for (const oldest of statements.keys()) {
    if (statements.size <= keptStatements) break;
    statements.delete(oldest);
  }
  return statement;
}

function answer({ call, sql, parameters }: SqliteReaderCall): SqliteReaderAnswer {
  try {
    return { call, rows: JSON.stringify(prepared(sql).all(...parameters)) };
  } catch (error) {
    return { call, message: errorMessage(error), code: (error as { code?: string }).code };
  }
}

port.on('message', (message: SqliteReaderCall | 'close') => {
  if (message !== 'close') {
    port.postMessage(answer(message));
    return;
  }
  database.close();
  port.close();
});
