import type { Locale } from '@choi-canh/shared/accounts';
import type { Role } from '@choi-canh/shared/permissions';
import { EntitySchema } from 'typeorm';
import { booleanColumn, idColumn, instantColumn, textColumn } from '../../platform/db/columns.js';

export interface AccountRow {
  id: string;
  /** Lower case, unique. */
  username: string;
  displayName: string;
  role: Role;
  /** Scope: this area and everything below it; null is everything. */
  areaId: string | null;
  locale: Locale;
  enabled: boolean;
  /** Argon2id in PHC string form. */
  passwordHash: string;
  createdAt: number;
  lastSignInAt: number | null;
}

export const accountEntity = new EntitySchema<AccountRow>({
  name: 'account',
  columns: {
    id: idColumn('id', { primary: true }),
    username: textColumn('username'),
    displayName: textColumn('display_name'),
    role: textColumn('role'),
    areaId: idColumn('area_id', { nullable: true }),
    locale: textColumn('locale'),
    enabled: booleanColumn('enabled'),
    passwordHash: textColumn('password_hash'),
    createdAt: instantColumn('created_at'),
    lastSignInAt: instantColumn('last_sign_in_at', { nullable: true }),
  },
});
