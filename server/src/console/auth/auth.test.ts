import { describe } from 'vitest';
import { authSuite } from './auth.suite.js';
import { startTestConsole } from './auth.test-harness.js';

describe('access, on SQLite', () => authSuite(() => startTestConsole()));
