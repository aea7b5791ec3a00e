import {
  accountCreateRequest,
  accountListResponse,
  accountPatchRequest,
  accountResponse,
} from '@choi-canh/shared/accounts';
import { idSchema } from '@choi-canh/shared/common';
import { z } from 'zod';
import { defineRoute, type Route } from '../../platform/http/route.js';
import { accountToResponse } from './account-response.js';
import type { AccountsService } from './accounts.service.js';

const feature = 'accounts';

export function accountsRoutes(accounts: AccountsService): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/accounts',
      access: 'account.manage',
      summary: 'Accounts of the own area',
      feature,
      response: accountListResponse,
      handler: async ({ actor }) => ({ items: (await accounts.list(actor.scope)).map(accountToResponse) }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/accounts',
      access: 'account.manage',
      summary: 'Creates an account',
      feature,
      body: accountCreateRequest,
      response: accountResponse,
      status: 201,
      handler: async ({ actor, body }) => accountToResponse(await accounts.create(actor, body)),
    }),
    defineRoute({
      method: 'patch',
      path: '/api/accounts/:accountId',
      access: 'account.manage',
      summary: 'Changes an account; a changed role, area, state or password ends its sessions',
      feature,
      params: z.object({ accountId: idSchema }),
      body: accountPatchRequest,
      response: accountResponse,
      handler: async ({ actor, params, body }) =>
        accountToResponse(await accounts.update(actor, params.accountId, body)),
    }),
  ];
}
