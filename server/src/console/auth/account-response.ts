import type { AccountResponse } from '@choi-canh/shared/accounts';
import { instantFromMs } from '@choi-canh/shared/common';
import type { AccountRow } from './account.entity.js';

export function accountToResponse(row: AccountRow): AccountResponse {
  const { id, username, displayName, role, areaId, locale, enabled, createdAt, lastSignInAt } = row;
  return {
    id,
    username,
    displayName,
    role,
    areaId,
    locale,
    enabled,
    createdAt: instantFromMs(createdAt),
    lastSignInAt: lastSignInAt === null ? null : instantFromMs(lastSignInAt),
  };
}
