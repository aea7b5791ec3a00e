import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../lib/logger.js';
import { startWorker } from '../../lib/start-worker.js';
import type { SqliteReaderData } from './sqlite-reader.worker.js';
import { SqliteReaders, type SqliteReadersOptions } from './sqlite-readers.js';

const folder = mkdtempSync(join(tmpdir(), 'choi-canh-readers-'));
const path = join(folder, 'x.sqlite');
let writer: Sqlite.Database;
beforeAll(() => {
  writer = new Sqlite(path);
  writer.pragma('journal_mode = WAL');
  writer.exec('CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)');
});
afterAll(() => {
  writer.close();
  rmSync(folder, { recursive: true, force: true });
});

const opened: SqliteReaders[] = [];
afterEach(async () => {
  for (const readers of opened.splice(0)) await readers.close();
});
function open(more: Partial<SqliteReadersOptions> = {}): SqliteReaders {
  const readers = new SqliteReaders({ path, logger: silentLogger, ...more });
  opened.push(readers);
  return readers;
}
/** Keeps a thread for a second or so. */
const long =
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT COUNT(*) AS n FROM n';

describe('SqliteReaders', () => {
  it('sees what was committed before it was asked, every time', async () => {
    const readers = open();
    for (let index = 1; index <= 30; index += 1) {
      writer.prepare('INSERT INTO note (id, text) VALUES (?, ?)').run(index, `Chợ ${index}`);
      expect(await readers.query('SELECT COUNT(*) AS n, MAX(text) AS t FROM note WHERE id = ?', [index])).toEqual([
        { n: 1, t: `Chợ ${index}` },
      ]);
    }
  });

  it('leaves this thread free while a statement takes long', async () => {
    const readers = open();
    await readers.query('SELECT 1', []);
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await readers.query(long, []);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  });

  it('refuses to write, and says what is wrong with a statement', async () => {
    const readers = open();
    await expect(readers.query(`DELETE FROM note RETURNING id`, [])).rejects.toMatchObject({ code: 'SQLITE_READONLY' });
    await expect(readers.query('SELECT * FROM no_note', [])).rejects.toThrow('no such table');
    expect(await readers.query('SELECT 1 AS one', [])).toEqual([{ one: 1 }]);
  });

  it('asks once more where a thread died, gives up at the second, and goes on with a new one', async () => {
    const workers: Worker[] = [];
    const start = (workerData: SqliteReaderData) => {
      const worker = startWorker('./sqlite-reader.worker', import.meta.url, { workerData });
      workers.push(worker);
      return worker;
    };
    const readers = open({ threads: 1, start });
    await readers.query('SELECT 1', []);
    const answered = readers.query(long, []);
    await workers[0]?.terminate();
    expect(await answered).toEqual([{ n: 3_000_000 }]);
    expect(workers).toHaveLength(2);

    const lost = readers.query(long, []);
    const refused = expect(lost).rejects.toMatchObject({ kind: 'unavailable', code: 'database_unavailable' });
    await workers[1]?.terminate();
    await workers[2]?.terminate();
    await refused;
    expect(await readers.query('SELECT 2 AS two', [])).toEqual([{ two: 2 }]);
  });

  it('drops what still waits when its client left, when it waits too long, and when too many wait', async () => {
    const readers = open({ threads: 1, maxWaiting: 2, waitMs: 200 });
    await readers.query('SELECT 1', []);
    const running = readers.query(long, []);
    const left = new AbortController();
    const dropped = readers.query('SELECT 2', [], left.signal);
    const waiting = readers.query(long, []);
    const busy = expect(waiting).rejects.toMatchObject({ kind: 'unavailable', code: 'database_busy' });
    await expect(readers.query('SELECT 4', [])).rejects.toMatchObject({ code: 'database_busy' });
    left.abort(new Error('the client left'));
    await expect(dropped).rejects.toThrow('the client left');
    await busy;
    await running;
    expect(await readers.query('SELECT 5 AS five', [])).toEqual([{ five: 5 }]);
  });

  it('says that there is nothing to open, and works when there is', async () => {
    const late = join(folder, 'late.sqlite');
    const readers = open({ path: late });
    await expect(readers.query('SELECT 1', [])).rejects.toMatchObject({ kind: 'unavailable' });
    new Sqlite(late).exec('CREATE TABLE t (a)').close();
    expect(await readers.query('SELECT COUNT(*) AS n FROM t', [])).toEqual([{ n: 0 }]);
  });

  it('answers what runs when it is closed, and nothing after', async () => {
    const readers = open({ threads: 1 });
    await readers.query('SELECT 1', []);
    const running = readers.query(long, []);
    const waiting = readers.query('SELECT 2', []);
    const refused = expect(waiting).rejects.toMatchObject({ code: 'database_unavailable' });
    await readers.close();
    expect(await running).toEqual([{ n: 3_000_000 }]);
    await refused;
    await expect(readers.query('SELECT 1', [])).rejects.toMatchObject({ code: 'database_unavailable' });
  });
});
