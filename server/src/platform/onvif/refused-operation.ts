import { AppError } from '../../lib/errors.js';

/**
 * A device refused one operation, or answered it without sense: another may be tried, and what was learnt stays. A wrong
 * password or a dead network is none.
 */
export const isRefusedOperation = (error: unknown): boolean =>
  error instanceof AppError && (error.code === 'bad_answer' || error.code === 'forbidden');
