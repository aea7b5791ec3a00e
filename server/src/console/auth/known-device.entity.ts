import { EntitySchema } from 'typeorm';
import { idColumn, instantColumn, textColumn } from '../../platform/db/columns.js';

/** An account signed in from the browser that holds this token. A browser of several people has a row for each. */
export interface KnownDeviceRow {
  /** SHA-256 of the cookie's token, hex. */
  tokenHash: string;
  accountId: string;
  lastUsedAt: number;
}

export const knownDeviceEntity = new EntitySchema<KnownDeviceRow>({
  name: 'known_device',
  columns: {
    tokenHash: textColumn('token_hash', { primary: true }),
    accountId: idColumn('account_id', { primary: true }),
    lastUsedAt: instantColumn('last_used_at'),
  },
});
