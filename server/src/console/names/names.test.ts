import { startTestConsole } from '../auth/auth.test-harness.js';
import { namesSuite } from './names.suite.js';

namesSuite(() => startTestConsole());
