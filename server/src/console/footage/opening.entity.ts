import { EntitySchema } from 'typeorm';
import { idColumn, instantColumn, textColumn } from '../../platform/db/columns.js';

/** Leave to see the footage of some cameras in one range, given to one session for some hours. */
export interface OpeningRow {
  id: string;
  accountId: string;
  sessionId: string;
  incidentId: string | null;
  purpose: string;
  fromAt: number;
  toAt: number;
  createdAt: number;
  expiresAt: number;
}

export const openingEntity = new EntitySchema<OpeningRow>({
  name: 'opening',
  tableName: 'opening',
  columns: {
    id: idColumn('id', { primary: true }),
    accountId: idColumn('account_id'),
    sessionId: textColumn('session_id'),
    incidentId: idColumn('incident_id', { nullable: true }),
    purpose: textColumn('purpose'),
    fromAt: instantColumn('from_at'),
    toAt: instantColumn('to_at'),
    createdAt: instantColumn('created_at'),
    expiresAt: instantColumn('expires_at'),
  },
});
