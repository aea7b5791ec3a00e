import { describe } from 'vitest';
import { emptyDatabase } from '../../../../test/harness/empty-database.js';
import { startTestConsole } from '../auth/auth.test-harness.js';
import { namesSuite } from './names.suite.js';

describe('on PostgreSQL', () => {
  namesSuite(async () => startTestConsole({ databaseUrl: await emptyDatabase() }));
});
