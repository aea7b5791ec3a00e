import { describe } from 'vitest';
import { emptyDatabase } from '../../../../test/harness/empty-database.js';
import { authSuite } from './auth.suite.js';
import { startTestConsole } from './auth.test-harness.js';

describe('access, on PostgreSQL', () => {
  authSuite(async () => startTestConsole({ databaseUrl: await emptyDatabase() }));
});
