import { afterAll, beforeAll, describe } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../test/harness/postgres.js';
import { startTestConsole } from '../auth/auth.test-harness.js';
import { namesSuite } from './names.suite.js';

describe('on PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres?.stop());

  namesSuite(() => startTestConsole({ databaseUrl: postgres.url }));
});
