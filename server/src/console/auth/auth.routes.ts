import {
  mePatchRequest,
  meResponse,
  setupRequest,
  setupStateResponse,
  signInRequest,
  type MeResponse,
} from '@choi-canh/shared/accounts';
import { instantFromMs } from '@choi-canh/shared/common';
import { permissionsOfRole } from '@choi-canh/shared/permissions';
import type { Request } from 'express';
import type { Clock } from '../../lib/clock.js';
import type { Actor } from '../../lib/actor.js';
import { requestPeer } from '../../platform/http/request-peer.js';
import type { TrustedProxies } from '../../platform/http/trusted-proxies.js';
import { defineRoute, type Route } from '../../platform/http/route.js';
import type { AccountRow } from './account.entity.js';
import { accountToResponse } from './account-response.js';
import type { AccountsService } from './accounts.service.js';
import type { AuthCookie } from './auth-cookie.js';
import type { SessionClient } from './sessions.js';
import type { Setup } from './setup.js';
import type { SignIn } from './sign-in.js';

const feature = 'session';

export function authRoutes(deps: {
  signIn: SignIn;
  setup: Setup;
  accounts: AccountsService;
  cookie: AuthCookie;
  /** By which a browser is known again. */
  deviceCookie: AuthCookie;
  proxies: TrustedProxies;
  clock: Clock;
}): Route[] {
  const { signIn, setup, accounts, cookie, deviceCookie, clock } = deps;

  const clientOf = (request: Request): SessionClient => ({
    address: requestPeer(request, deps.proxies).address,
    userAgent: request.headers['user-agent'] ?? '',
    deviceToken: deviceCookie.read(request),
  });
  const me = async (account: AccountRow): Promise<MeResponse> => ({
    account: accountToResponse(account),
    areaName: await accounts.areaName(account.areaId),
    permissions: [...permissionsOfRole[account.role]],
    serverNow: instantFromMs(clock.nowMs()),
  });
  /** Whoever signs in anew leaves the former session of this browser. */
  const leave = async (actor: Actor | undefined) => {
    if (actor !== undefined) await signIn.signOut(actor);
  };

  return [
    defineRoute({
      method: 'get',
      path: '/api/setup',
      access: 'public',
      summary: 'Whether the first administrator is still to be created',
      feature: 'setup',
      response: setupStateResponse,
      handler: async () => ({ needed: await setup.needed() }),
    }),
    defineRoute({
      method: 'post',
      path: '/api/setup',
      access: 'public',
      summary: 'Creates the first administrator by the one-time link and signs in',
      feature: 'setup',
      body: setupRequest,
      response: meResponse,
      status: 201,
      handler: async ({ body, request, response }) => {
        const client = clientOf(request);
        const account = await setup.complete(body, client.address);
        const signedIn = await signIn.open(account, account.username, client);
        cookie.set(request, response, signedIn.token);
        deviceCookie.set(request, response, signedIn.deviceToken);
        return me(signedIn.account);
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/session',
      access: 'public',
      summary: 'Signs in; the session is a cookie',
      feature,
      body: signInRequest,
      response: meResponse,
      status: 201,
      handler: async ({ body, actor, request, response }) => {
        const signedIn = await signIn.signIn(body, clientOf(request));
        await leave(actor);
        cookie.set(request, response, signedIn.token);
        deviceCookie.set(request, response, signedIn.deviceToken);
        return me(signedIn.account);
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api/session',
      access: 'public',
      summary: 'Signs out; ends the sockets and streams of the session',
      feature,
      handler: async ({ actor, request, response }) => {
        cookie.clear(request, response);
        await leave(actor);
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/me',
      access: 'public',
      summary: 'The own account and what it may do; null where nobody is signed in, which is no error at a first visit',
      feature,
      response: meResponse.nullable(),
      handler: async ({ actor }) => (actor === undefined ? null : me(await accounts.own(actor))),
    }),
    defineRoute({
      method: 'patch',
      path: '/api/me',
      access: 'signed_in',
      summary: 'Changes the own language or password; a new password ends the other sessions',
      feature,
      body: mePatchRequest,
      response: meResponse,
      handler: async ({ actor, body }) => me(await accounts.updateOwn(actor, body)),
    }),
  ];
}
