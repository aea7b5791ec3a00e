import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { silentLogger } from '../lib/logger.js';
import { openDatabase } from '../platform/db/open-database.js';
import { consoleEntities, consoleMigrations } from './console.schema.js';
import { queryPlansSuite } from './query-plans.suite.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-plans-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

queryPlansSuite('SQLite', () =>
  openDatabase({
    sqlitePath: join(folder, 'console.sqlite'),
    entities: consoleEntities,
    migrations: consoleMigrations,
    logger: silentLogger,
  }),
);
