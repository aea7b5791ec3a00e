import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueryFailedError } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { smallFileSystem, type SmallFileSystem } from '../../../../test/harness/small-file-system.js';
import { AppError } from '../../lib/errors.js';
import { silentLogger } from '../../lib/logger.js';
import { ContractNote1763769600000, noteEntity } from './database.contract.js';
import { asDatabaseError, troubleOf } from './database-errors.js';
import type { Database } from './database.js';
import type { DatabaseObserver } from './guarded-queries.js';
import { Core1763769600001 } from './migrations/0001-core.js';
import { openDatabase, type OpenDatabaseOptions } from './open-database.js';

let folder: string;
let path: string;
let small: SmallFileSystem | undefined;
let database: Database | undefined;
let heard: string[];
const observer: DatabaseObserver = {
  worked: (way) => void (heard.at(-1) !== `${way} worked` && heard.push(`${way} worked`)),
  failed: (way, trouble) => void heard.push(`${way} ${trouble}`),
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-troubles-'));
  path = join(folder, 'disk/console.sqlite');
  await mkdir(join(folder, 'disk'));
  heard = [];
});
afterEach(async () => {
  await database?.close();
  database = undefined;
  small?.unmount();
  small = undefined;
  await rm(folder, { recursive: true, force: true });
});

const open = async (more: Partial<OpenDatabaseOptions> = {}) => {
  database = await openDatabase({
    sqlitePath: path,
    entities: [noteEntity],
    migrations: [ContractNote1763769600000],
    logger: silentLogger,
    observer,
    ...more,
  });
  return database;
};
const insert = (id: string, text = '') =>
  database!.write((manager) => manager.insert(noteEntity, { id, at: 1, flag: true, body: { text } }));
const ids = async () => (await database!.read.find(noteEntity, { order: { id: 'ASC' } })).map(({ id }) => id);
const large = 'x'.repeat(200_000);

/** Another program that locks the file until it is stopped. */
async function lockFromOutside(): Promise<() => Promise<void>> {
  const script = `const D = require('better-sqlite3'); const d = new D(${JSON.stringify(path)}); d.exec('BEGIN IMMEDIATE');
    process.stdout.write('locked'); process.stdin.resume().on('end', () => process.exit());`;
  const other = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(other.stdout, 'data');
  return async () => {
    const exited = once(other, 'exit');
    other.stdin.end();
    await exited;
  };
}

describe('a full disk', () => {
  it('is said of each change, keeps what was saved and can be read, and heals by itself', async () => {
    small = smallFileSystem(join(folder, 'disk'), 3_000_000);
    await open();
    await insert('before');
    if (small === undefined) await database!.write((manager) => manager.query('PRAGMA max_page_count = 30'));
    else await small.fill();
    for (const id of ['a', 'b']) {
      await expect(insert(id, large)).rejects.toMatchObject({ kind: 'unavailable', code: 'database_full' });
    }
    expect(await ids()).toEqual(['before']);
    expect(heard).toContain('write database_full');

    if (small === undefined) await database!.write((manager) => manager.query('PRAGMA max_page_count = 100000'));
    else await small.release();
    await insert('after', large);
    expect(await ids()).toEqual(['after', 'before']);
    expect(heard.filter((one) => one.startsWith('write')).at(-1)).toBe('write worked');
  });

  it('undoes the whole change that found it full', async () => {
    small = smallFileSystem(join(folder, 'disk'), 3_000_000);
    await open();
    await database!.write((manager) => manager.query('PRAGMA cache_size = 5'));
    if (small === undefined) await database!.write((manager) => manager.query('PRAGMA max_page_count = 60'));
    const attempt = database!.write(async (manager) => {
      for (let index = 0; index < 40; index += 1) {
        await manager.insert(noteEntity, { id: `part ${index}`, at: 1, flag: true, body: { text: large } });
      }
    });
    await expect(attempt).rejects.toMatchObject({ code: 'database_full' });
    expect(await ids()).toEqual([]);
    await insert('small');
    expect(await ids()).toEqual(['small']);
  });

  it('is said when it is found at the start', async () => {
    small = smallFileSystem(join(folder, 'disk'), 3_000_000);
    if (small === undefined) return;
    await open();
    await database!.close();
    database = undefined;
    await small.fill();
    await expect(open()).rejects.toMatchObject({ kind: 'unavailable', code: 'database_full' });
    await small.release();
    await open();
    await insert('after');
  });
});

describe('a lock of another program', () => {
  it('is waited for without holding up anything else, also by a change that reads first', async () => {
    await open();
    const release = await lockFromOutside();
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 5);
    let isDone = false;
    const writing = database!
      .write(async (manager) => {
        const count = await manager.count(noteEntity);
        await manager.insert(noteEntity, { id: `number ${count}`, at: 1, flag: false, body: null });
      })
      .finally(() => (isDone = true));
    while (turns < 60) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isDone).toBe(false);
    expect(await ids()).toEqual([]);
    await release();
    await writing;
    clearInterval(timer);
    expect(await ids()).toEqual(['number 0']);
    expect(heard).not.toContain('write database_locked');
  });

  it('that does not end is said, and heals by itself', async () => {
    await open({ writeWaitMs: 200 });
    const release = await lockFromOutside();
    await expect(insert('a')).rejects.toMatchObject({ kind: 'unavailable', code: 'database_locked' });
    expect(heard).toContain('write database_locked');
    await release();
    await insert('b');
    expect(await ids()).toEqual(['b']);
  });
});

describe('a newer database', () => {
  const all = [ContractNote1763769600000, Core1763769600001];

  it('is refused by an older version, naming what it does not know, and is left as it is', async () => {
    await open({ migrations: all });
    await insert('a');
    await database!.close();
    database = undefined;
    const bytes = await readFile(path);
    const refused = open({ beforeMigrating: () => Promise.reject(new Error('must not be asked')) });
    await expect(refused).rejects.toMatchObject({ kind: 'precondition', code: 'database_newer' });
    await expect(refused).rejects.toThrow(/newer version.*Core1763769600001.*Nothing was changed/);
    expect((await readFile(path)).equals(bytes)).toBe(true);
    await open({ migrations: all });
    expect(await ids()).toEqual(['a']);
  });

  it('asks before an older database is changed, and not for one that is new or up to date', async () => {
    const asked: unknown[] = [];
    const beforeMigrating = (facts: unknown) => Promise.resolve(void asked.push(facts));
    await open({ beforeMigrating });
    await database!.close();
    await open({ beforeMigrating });
    await database!.close();
    expect(asked).toEqual([]);
    await copyFile(path, `${path}.old`);
    const refusal = new AppError('precondition', 'no_backup', 'no');
    await expect(open({ migrations: all, beforeMigrating: () => Promise.reject(refusal) })).rejects.toBe(refusal);
    expect((await readFile(path)).equals(await readFile(`${path}.old`))).toBe(true);
    await open({ migrations: all, beforeMigrating });
    expect(asked).toEqual([{ executed: ['ContractNote1763769600000'], pending: ['Core1763769600001'] }]);
  });
});

it('says that a file is damaged', async () => {
  await writeFile(path, 'this is no database, whatever it is called');
  await expect(open()).rejects.toMatchObject({ kind: 'unavailable', code: 'database_damaged' });
});

it.each([
  ['SQLITE_FULL', 'database_full'],
  ['SQLITE_BUSY_SNAPSHOT', 'database_locked'],
  ['SQLITE_IOERR_WRITE', 'database_unavailable'],
  ['SQLITE_READONLY', undefined],
  ['SQLITE_CONSTRAINT_UNIQUE', undefined],
  ['53100', 'database_full'],
  ['53300', 'database_unavailable'],
  ['57P01', 'database_unavailable'],
  ['08006', 'database_unavailable'],
  ['55P03', 'database_locked'],
  ['23505', undefined],
  ['42601', undefined],
  ['ECONNREFUSED', 'database_unavailable'],
  ['ERR_INVALID_ARG_TYPE', undefined],
])('%s is %s', (code, trouble) => {
  const plain = Object.assign(new Error('as the driver says it'), { code });
  const failed = new QueryFailedError('SELECT 1', [], plain);
  expect(troubleOf(plain)).toBe(trouble);
  expect(troubleOf(failed)).toBe(trouble);
  if (trouble === undefined) expect(asDatabaseError(failed)).toBe(failed);
  else expect(asDatabaseError(failed)).toMatchObject({ kind: 'unavailable', code: trouble, cause: failed });
});
