import { Client } from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../test/harness/postgres.js';
import { silentLogger } from '../lib/logger.js';
import { openDatabase } from '../platform/db/open-database.js';
import { consoleSuites } from './cases.suite.js';
import { consoleEntities, consoleMigrations } from './console.schema.js';

let server: TestPostgres;
let count = 0;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

/** A database of its own for each suite, in one server. */
async function emptyDatabase(): Promise<string> {
  const name = `suite_${++count}`;
  const client = new Client({ connectionString: server.url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return url.href;
}

consoleSuites('PostgreSQL', async () =>
  openDatabase({
    url: await emptyDatabase(),
    entities: consoleEntities,
    migrations: consoleMigrations,
    logger: silentLogger,
  }),
);
