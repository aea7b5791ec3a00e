import { AppError } from '../../lib/errors.js';

/** Position in the list, newest first, by its order key: opaque to browsers. */
export function writeCursor(orderKey: number): string {
  return Buffer.from(`k${orderKey}`).toString('base64url');
}

/** @throws AppError invalid `bad_cursor`. */
export function readCursor(text: string): number {
  const match = /^k(-?\d{1,16})$/.exec(Buffer.from(text, 'base64url').toString('utf8'));
  if (match === null) throw new AppError('invalid', 'bad_cursor', 'not a cursor of this list');
  return Number(match[1]);
}
