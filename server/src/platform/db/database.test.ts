import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAppError } from '../../lib/errors.js';
import { silentLogger } from '../../lib/logger.js';
import { ContractNote1763769600000, databaseContract, noteEntity } from './database.contract.js';
import type { Database } from './database.js';
import { Core1763769600001 } from './migrations/0001-core.js';
import { openDatabase } from './open-database.js';
import { WriteQueue } from './write-queue.js';

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-db-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const newPath = () => join(folder, `${++count}.sqlite`);
const open = (sqlitePath = newPath(), writeWaitMs = 10_000) =>
  openDatabase({
    sqlitePath,
    entities: [noteEntity],
    migrations: [ContractNote1763769600000, Core1763769600001],
    logger: silentLogger,
    writeWaitMs,
  });

describe('Database on SQLite', () => {
  for (const check of databaseContract(() => open())) it(check.name, check.run);

  it('keeps what was committed when it is opened again, and migrates once', async () => {
    const path = newPath();
    const first = await open(path);
    await first.write((manager) => manager.insert(noteEntity, { id: 'a', at: 1, flag: true, body: null }));
    await first.close();
    const second = await open(path);
    expect(await second.read.count(noteEntity)).toBe(1);
    await second.close();
  });

  it('refuses a write whose turn does not come in time, and then goes on', async () => {
    const database = await open(newPath(), 30);
    let finish = () => {};
    const holding = database.write(() => new Promise<void>((resolve) => (finish = resolve)));
    await expect(database.write(() => Promise.resolve())).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'database_busy',
    });
    finish();
    await holding;
    await expect(database.write(() => Promise.resolve('next'))).resolves.toBe('next');
    await database.close();
  });

  it('says that a database cannot be opened', async () => {
    const file = newPath();
    await writeFile(file, '');
    await expect(open(join(file, 'x.sqlite'))).rejects.toSatisfy((error) => isAppError(error, 'unavailable'));
  });

  it('enforces foreign keys', async () => {
    const database = await open();
    await expect(
      database.write((manager) =>
        manager.query(
          `INSERT INTO session(id, token_hash, account_id, created_at, expires_at, address, user_agent) VALUES ('s','h','nobody',1,1,'','')`,
        ),
      ),
    ).rejects.toThrow(/FOREIGN KEY/);
    await database.close();
  });
});

describe('the contract', () => {
  /** TypeORM as it comes: one shared query runner, nothing in between. */
  async function naive(): Promise<Database> {
    const source = await new DataSource({
      type: 'better-sqlite3',
      database: newPath(),
      entities: [noteEntity],
      migrations: [ContractNote1763769600000],
      migrationsRun: true,
      enableWAL: true,
    }).initialize();
    return {
      kind: 'sqlite',
      read: source.manager,
      longRead: source.manager,
      write: (work) => source.transaction(work),
      channel: undefined,
      close: () => source.destroy(),
    };
  }

  it('catches the shared query runner of TypeORM on SQLite', async () => {
    const [interleaved] = databaseContract(naive);
    await expect(interleaved?.run()).rejects.toThrow();
  });
});

describe('WriteQueue', () => {
  it('is first come, first served', async () => {
    const queue = new WriteQueue({ waitMs: 1000, maxWaiting: 100 });
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        queue.run(async () => {
          order.push(index);
          await Promise.resolve();
        }),
      ),
    );
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it('refuses at once when the queue is full', async () => {
    const queue = new WriteQueue({ waitMs: 1000, maxWaiting: 1 });
    let finish = () => {};
    const running = queue.run(() => new Promise<void>((resolve) => (finish = resolve)));
    const waiting = queue.run(() => Promise.resolve());
    await expect(queue.run(() => Promise.resolve())).rejects.toMatchObject({ code: 'database_busy' });
    finish();
    await Promise.all([running, waiting]);
    expect(queue.length).toBe(0);
  });
});
