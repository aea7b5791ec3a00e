import { AppError } from '../../lib/errors.js';
import type { Actor } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import type { Database } from '../../platform/db/database.js';
import type { AccountRow } from './account.entity.js';
import type { AccountsRepository } from './accounts.repository.js';
import type { AuthAudit } from './auth-audit.js';
import type { KnownDevices } from './known-devices.js';
import type { Passwords } from './passwords.js';
import type { Sessions, SessionClient } from './sessions.js';
import type { SignInThrottle } from './sign-in-throttle.js';

export interface SignInDeps {
  database: Database;
  accounts: AccountsRepository;
  sessions: Sessions;
  devices: KnownDevices;
  passwords: Passwords;
  throttle: SignInThrottle;
  audit: AuthAudit;
  clock: Clock;
}

export interface SignedIn {
  account: AccountRow;
  /** For the cookie. */
  token: string;
  /** For the cookie by which this browser is known from now on. */
  deviceToken: string;
}

/** Signing in and out. */
export class SignIn {
  constructor(private readonly deps: SignInDeps) {}

  /**
   * Wrong name, wrong password and disabled account give the same answer after the same time.
   * @throws AppError unauthenticated `wrong_credentials`, too_many `too_many_sign_ins`.
   */
  async signIn(given: { username: string; password: string }, client: SessionClient): Promise<SignedIn> {
    const { accounts, devices, passwords, throttle } = this.deps;
    const username = given.username.trim().toLowerCase();
    const account = await accounts.findByUsername(username);
    const isKnown = await devices.isKnown(client.deviceToken, account?.id);
    await throttle.begin(username, client.address, isKnown ? client.deviceToken : undefined);
    const usable = account?.enabled ? account : undefined;
    if (!(await passwords.verify(usable?.passwordHash, given.password)) || usable === undefined) {
      throw await this.refuse(username, account, client.address);
    }
    return this.open(usable, username, client, isKnown);
  }

  /** After set-up: the new administrator need not type the password again. */
  open(known: AccountRow, username: string, client: SessionClient, isKnownDevice = false): Promise<SignedIn> {
    const { database, accounts, sessions, devices, throttle, audit, clock } = this.deps;
    return database
      .write(async (manager) => {
        // Looked at again: it may have been disabled, or its password changed, while the hash was computed.
        const account = await accounts.find(known.id, manager);
        if (!account?.enabled || account.passwordHash !== known.passwordHash) throw wrongCredentials();
        const session = await sessions.create(manager, account.id, client);
        const nowMs = clock.nowMs();
        await accounts.update(manager, account.id, { lastSignInAt: nowMs });
        await throttle.succeeded(username, client.address, manager, isKnownDevice ? client.deviceToken : undefined);
        const deviceToken = await devices.remember(manager, account.id, client.deviceToken);
        const actor: Actor = {
          accountId: account.id,
          name: account.displayName,
          role: account.role,
          scope: { areaId: account.areaId, path: null },
          sessionId: session.sessionId,
          address: client.address,
        };
        await audit.record(actor, entry('session.sign_in', account), manager);
        const signedIn = { account: { ...account, lastSignInAt: nowMs }, token: session.token, deviceToken };
        return { signedIn, session };
      })
      .then(({ signedIn, session }) => {
        sessions.announceEnd(session.ended);
        return signedIn;
      });
  }

  async signOut(actor: Actor): Promise<void> {
    const { database, accounts, sessions, audit } = this.deps;
    await database.write(async (manager) => {
      await sessions.delete(manager, actor.sessionId);
      const account = await accounts.find(actor.accountId, manager);
      if (account !== null) await audit.record(actor, entry('session.sign_out', account), manager);
    });
    sessions.announceEnd([actor.sessionId]);
  }

  private async refuse(username: string, account: AccountRow | null, address: string): Promise<AppError> {
    await this.deps.audit.recordNobody(
      { name: username, address },
      {
        action: 'session.sign_in_failed',
        subjectType: 'account',
        subjectId: account?.id ?? null,
        subjectName: username,
        areaId: account?.areaId ?? null,
      },
    );
    return wrongCredentials();
  }
}

function wrongCredentials(): AppError {
  return new AppError('unauthenticated', 'wrong_credentials', 'wrong name or password');
}

function entry(action: 'session.sign_in' | 'session.sign_out', account: AccountRow) {
  return {
    action,
    subjectType: 'account',
    subjectId: account.id,
    subjectName: account.username,
    areaId: account.areaId,
  };
}
