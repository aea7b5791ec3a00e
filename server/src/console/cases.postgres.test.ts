import { emptyDatabase } from '../../../test/harness/empty-database.js';
import { silentLogger } from '../lib/logger.js';
import { openDatabase } from '../platform/db/open-database.js';
import { consoleSuites } from './cases.suite.js';
import { consoleEntities, consoleMigrations } from './console.schema.js';

consoleSuites('PostgreSQL', async () =>
  openDatabase({
    url: await emptyDatabase(),
    entities: consoleEntities,
    migrations: consoleMigrations,
    logger: silentLogger,
  }),
);
