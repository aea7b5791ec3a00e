import { EntitySchema } from 'typeorm';
import { idColumn, instantColumn, textColumn } from '../../platform/db/columns.js';

export interface SessionRow {
  id: string;
  /** SHA-256 of the cookie's token, hex. The token itself is nowhere but in the browser. */
  tokenHash: string;
  accountId: string;
  createdAt: number;
  expiresAt: number;
  address: string;
  userAgent: string;
}

export const sessionEntity = new EntitySchema<SessionRow>({
  name: 'session',
  columns: {
    id: idColumn('id', { primary: true }),
    tokenHash: textColumn('token_hash'),
    accountId: idColumn('account_id'),
    createdAt: instantColumn('created_at'),
    expiresAt: instantColumn('expires_at'),
    address: textColumn('address'),
    userAgent: textColumn('user_agent'),
  },
});
