import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { silentLogger } from '../lib/logger.js';
import { openDatabase } from '../platform/db/open-database.js';
import { consoleSuites } from './cases.suite.js';
import { consoleEntities, consoleMigrations } from './console.schema.js';

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-suites-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

consoleSuites('SQLite', () =>
  openDatabase({
    sqlitePath: join(folder, `${++count}.sqlite`),
    entities: consoleEntities,
    migrations: consoleMigrations,
    logger: silentLogger,
  }),
);
