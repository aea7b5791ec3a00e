import { afterAll, beforeAll, describe } from 'vitest';
import { Client } from 'pg';
import { startPostgres, type TestPostgres } from '../../../../test/harness/postgres.js';
import { authSuite } from './auth.suite.js';
import { startTestConsole } from './auth.test-harness.js';

describe('access, on PostgreSQL', () => {
  let postgres: TestPostgres;
  let count = 0;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres?.stop());

  authSuite(async () => {
    const name = `console_${++count}`;
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return startTestConsole({ databaseUrl: postgres.url.replace(/postgres$/, name) });
  });
});
