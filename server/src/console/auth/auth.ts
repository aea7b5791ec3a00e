import type { IncomingMessage } from 'node:http';
import type { Actor } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import type { Database } from '../../platform/db/database.js';
import { requestPeer } from '../../platform/http/request-peer.js';
import type { TrustedProxies } from '../../platform/http/trusted-proxies.js';
import type { Route } from '../../platform/http/route.js';
import { AccountsRepository } from './accounts.repository.js';
import { accountsRoutes } from './accounts.routes.js';
import { AccountsService, type AreaLookup } from './accounts.service.js';
import type { AuthAudit } from './auth-audit.js';
import { authRoutes } from './auth.routes.js';
import { createPasswords, type Passwords } from './passwords.js';
import { AuthCookie } from './auth-cookie.js';
import { knownDeviceDays, KnownDevices } from './known-devices.js';
import { Sessions } from './sessions.js';
import { Setup } from './setup.js';
import { SetupTokenRepository } from './setup-token.repository.js';
import { SignIn } from './sign-in.js';
import { createSignInThrottle } from './sign-in-throttle.js';

export interface AuthFeature {
  readonly routes: Route[];
  readonly sessions: Sessions;
  readonly setup: Setup;
  /** Whose session cookie a request carries; also for socket handshakes. */
  authenticate(request: IncomingMessage): Promise<Actor | undefined>;
  /** Deletes what has expired. */
  clean(): Promise<void>;
}

export function createAuth(deps: {
  database: Database;
  audit: AuthAudit;
  areas: AreaLookup;
  clock: Clock;
  /** A session ends this long after sign-in. */
  sessionLifetimeMs: number;
  proxies: TrustedProxies;
  /** Cheaper ones in tests. */
  passwords?: Passwords;
}): AuthFeature {
  const { database, clock, proxies } = deps;
  const passwords = deps.passwords ?? createPasswords();
  const accounts = new AccountsRepository(database);
  const sessions = new Sessions({ database, clock, lifetimeMs: deps.sessionLifetimeMs });
  const throttle = createSignInThrottle({ database, clock });
  const devices = new KnownDevices({ database, clock });
  const cookie = new AuthCookie({ name: 'choi_canh_session', proxies, maxAgeMs: deps.sessionLifetimeMs });
  const deviceCookie = new AuthCookie({ name: 'choi_canh_device', proxies, maxAgeMs: knownDeviceDays * 24 * 3600_000 });
  const shared = { ...deps, accounts, sessions, devices, passwords, throttle };
  const setup = new Setup({ ...shared, tokens: new SetupTokenRepository() });
  const signIn = new SignIn(shared);
  const service = new AccountsService(shared);

  return {
    routes: [
      ...authRoutes({ signIn, setup, accounts: service, cookie, deviceCookie, proxies, clock }),
      ...accountsRoutes(service),
    ],
    sessions,
    setup,
    authenticate: async (request) => {
      const token = cookie.read(request);
      return token === undefined ? undefined : sessions.actorOf(token, requestPeer(request, proxies).address);
    },
    clean: async () => {
      await sessions.forgetExpired();
      await throttle.forgetOld();
      await devices.forgetOld();
    },
  };
}
