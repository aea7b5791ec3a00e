import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../test/harness/postgres.js';
import { silentLogger } from '../../lib/logger.js';
import { ContractNote1763769600000, noteEntity } from './database.contract.js';
import type { Database } from './database.js';
import { openDatabase } from './open-database.js';

let postgres: TestPostgres;
let database: Database | undefined;
let heard: string[];
beforeAll(async () => {
  postgres = await startPostgres();
});
afterEach(async () => {
  await database?.close();
  database = undefined;
});
afterAll(() => postgres?.stop());

const open = async (writeWaitMs = 10_000) => {
  heard = [];
  database = await openDatabase({
    url: postgres.url,
    entities: [noteEntity],
    migrations: [ContractNote1763769600000],
    logger: silentLogger,
    writeWaitMs,
    observer: {
      worked: (way) => void (heard.at(-1) !== `${way} worked` && heard.push(`${way} worked`)),
      failed: (way, trouble) => void heard.push(`${way} ${trouble}`),
    },
  });
  await database.write((manager) => manager.query('DELETE FROM contract_note'));
};
const insert = (id: string) =>
  database!.write((manager) => manager.insert(noteEntity, { id, at: 1, flag: true, body: null }));
const ids = async () => (await database!.read.find(noteEntity, { order: { id: 'ASC' } })).map(({ id }) => id);
const lost = { kind: 'unavailable', code: 'database_unavailable' };

it('a server that is stopped is said of reads and writes, and both go on by themselves, five times over', async () => {
  await open();
  for (let round = 0; round < 5; round += 1) {
    await insert(`before ${round}`);
    await postgres.stopServer(round % 2 === 0 ? 'SIGINT' : 'SIGQUIT');
    await expect(insert('lost')).rejects.toMatchObject(lost);
    await expect(ids()).rejects.toMatchObject(lost);
    expect(heard).toContain('read database_unavailable');
    expect(heard).toContain('write database_unavailable');
    await postgres.startServer();
    await insert(`after ${round}`);
    expect(await ids()).toHaveLength(2 * (round + 1));
    expect(heard.slice(-2)).toEqual(['write worked', 'read worked']);
  }
  expect(await ids()).not.toContain('lost');
});

it('a change that is under way when the server ends fails clearly and leaves nothing', async () => {
  await open();
  const between = database!.write(async (manager) => {
    await manager.insert(noteEntity, { id: 'torn', at: 1, flag: true, body: null });
    await postgres.stopServer('SIGQUIT');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await manager.insert(noteEntity, { id: 'torn too', at: 1, flag: true, body: null });
  });
  await expect(between).rejects.toMatchObject(lost);
  await postgres.startServer();
  const atCommit = database!.write(async (manager) => {
    await manager.insert(noteEntity, { id: 'torn', at: 1, flag: true, body: null });
    await postgres.stopServer();
  });
  const error = await atCommit.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind: 'unavailable' });
  await postgres.startServer();
  expect(await ids()).toEqual([]);
});

it('a lock that another console keeps is said, and heals by itself', async () => {
  await open(300);
  const other = new Client({ connectionString: postgres.url });
  await other.connect();
  await other.query('BEGIN; SELECT pg_advisory_xact_lock(1128812361)');
  await expect(insert('a')).rejects.toMatchObject({ kind: 'unavailable', code: 'database_busy' });
  await other.query('ROLLBACK');
  await other.end();
  await insert('b');
  expect(await ids()).toEqual(['b']);
});
