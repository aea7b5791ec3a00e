import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import { emptyDatabase } from '../../../../test/harness/empty-database.js';
import { silentLogger } from '../../lib/logger.js';
import { ContractNote1763769600000, databaseContract, noteEntity } from './database.contract.js';
import { Core1763769600001 } from './migrations/0001-core.js';
import { openDatabase } from './open-database.js';

describe('Database on PostgreSQL', () => {
  let url: string;
  beforeAll(async () => {
    url = await emptyDatabase();
  });

  const open = () =>
    openDatabase({
      url,
      entities: [noteEntity],
      migrations: [ContractNote1763769600000, Core1763769600001],
      logger: silentLogger,
      writeWaitMs: 10_000,
    });
  const onServer = async (sql: string) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return await client.query<Record<string, unknown>>(sql);
    } finally {
      await client.end();
    }
  };
  beforeEach(async () => {
    await onServer(
      'DROP TABLE IF EXISTS contract_note; DELETE FROM migrations WHERE name LIKE $$ContractNote%$$',
    ).catch(
      () => undefined, // the first time there is nothing yet
    );
  });

  for (const check of databaseContract(open)) it(check.name, check.run);

  it('is migrated once by two consoles that start together, and they write in turn', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : two).write(async (manager) => {
          const next = (await manager.count(noteEntity)) + 1;
          await manager.insert(noteEntity, { id: `number ${next}`, at: next, flag: false, body: null });
        }),
      ),
    );
    expect(await one.read.count(noteEntity)).toBe(20);
    await Promise.all([one.close(), two.close()]);
    const { rows } = await onServer('SELECT name FROM migrations');
    expect(new Set(rows.map((row) => row['name'])).size).toBe(rows.length);
  });

  it('says that a database cannot be reached', async () => {
    const database = openDatabase({
      url: 'postgres://nobody:wrong@127.0.0.1:1/nowhere',
      entities: [],
      migrations: [],
      logger: silentLogger,
    });
    await expect(database).rejects.toMatchObject({ kind: 'unavailable', code: 'database_unavailable' });
    await expect(database).rejects.not.toThrow(/wrong/);
  });
});
