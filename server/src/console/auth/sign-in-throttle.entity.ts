import { EntitySchema } from 'typeorm';
import { instantColumn, integerColumn, textColumn } from '../../platform/db/columns.js';

/** Failed sign-ins that share a key: a username, an address, or both together. */
export interface SignInThrottleRow {
  key: string;
  failures: number;
  lastAttemptAt: number;
  blockedUntil: number;
  lastSuccessAt: number | null;
}

export const signInThrottleEntity = new EntitySchema<SignInThrottleRow>({
  name: 'sign_in_throttle',
  columns: {
    key: textColumn('key', { primary: true }),
    failures: integerColumn('failures'),
    lastAttemptAt: instantColumn('last_attempt_at'),
    blockedUntil: instantColumn('blocked_until'),
    lastSuccessAt: instantColumn('last_success_at', { nullable: true }),
  },
});
