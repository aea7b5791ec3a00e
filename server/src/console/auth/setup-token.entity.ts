import { EntitySchema } from 'typeorm';
import { instantColumn, textColumn } from '../../platform/db/columns.js';

export interface SetupTokenRow {
  /** SHA-256 of the token in the one-time link, hex. */
  tokenHash: string;
  createdAt: number;
}

export const setupTokenEntity = new EntitySchema<SetupTokenRow>({
  name: 'setup_token',
  columns: { tokenHash: textColumn('token_hash', { primary: true }), createdAt: instantColumn('created_at') },
});
