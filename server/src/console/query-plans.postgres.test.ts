import { afterAll, beforeAll } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../test/harness/postgres.js';
import { silentLogger } from '../lib/logger.js';
import { openDatabase } from '../platform/db/open-database.js';
import { consoleEntities, consoleMigrations } from './console.schema.js';
import { queryPlansSuite } from './query-plans.suite.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

queryPlansSuite('PostgreSQL', () =>
  openDatabase({
    url: server.url,
    entities: consoleEntities,
    migrations: consoleMigrations,
    logger: silentLogger,
  }),
);
