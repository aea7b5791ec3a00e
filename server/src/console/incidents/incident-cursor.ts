import { AppError } from '../../lib/errors.js';

export interface IncidentCursor {
  occurredAt: number;
  id: string;
}

/** Place in the list, newest first: opaque to browsers. */
export function writeCursor(cursor: IncidentCursor): string {
  return Buffer.from(`${cursor.occurredAt}:${cursor.id}`).toString('base64url');
}

/** @throws AppError invalid `bad_cursor`. */
export function readCursor(text: string): IncidentCursor {
  const match = /^(-?\d{1,15}):([0-9a-f-]{36})$/.exec(Buffer.from(text, 'base64url').toString('utf8'));
  if (match === null) throw new AppError('invalid', 'bad_cursor', 'not a cursor of this list');
  return { occurredAt: Number(match[1]), id: match[2] as string };
}
