import type { accountCreateRequest, accountPatchRequest, mePatchRequest } from '@choi-canh/shared/accounts';
import type { z } from 'zod';
import type { Actor, AreaScope } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { newId } from '../../lib/ids.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import type { AccountRow } from './account.entity.js';
import type { AccountsRepository } from './accounts.repository.js';
import type { AuthAudit } from './auth-audit.js';
import { checkNewPassword } from './new-password.js';
import type { KnownDevices } from './known-devices.js';
import type { Passwords } from './passwords.js';
import type { Sessions } from './sessions.js';
import type { SignInThrottle } from './sign-in-throttle.js';

/** What auth needs of areas. */
export interface AreaLookup {
  find(scope: AreaScope, areaId: string, manager?: Transaction): Promise<{ name: string } | null>;
}

export interface AccountsDeps {
  database: Database;
  accounts: AccountsRepository;
  areas: AreaLookup;
  sessions: Sessions;
  devices: KnownDevices;
  passwords: Passwords;
  throttle: SignInThrottle;
  audit: AuthAudit;
  clock: Clock;
}

type Patch = z.output<typeof accountPatchRequest>;

/**
 * Accounts and who may touch them: an administrator with an area only those inside it, nobody their own role, area or
 * state, and there is always one administrator left who can do everything.
 */
export class AccountsService {
  constructor(private readonly deps: AccountsDeps) {}

  list(scope: AreaScope): Promise<AccountRow[]> {
    return this.deps.accounts.list(scope);
  }

  async create(actor: Actor, request: z.output<typeof accountCreateRequest>): Promise<AccountRow> {
    const { database, accounts, passwords, audit, clock } = this.deps;
    const { password, ...given } = request;
    checkNewPassword(password, request, 'password');
    const passwordHash = await passwords.hash(password);
    return database.write(async (manager) => {
      await this.checkArea(manager, actor, request.areaId);
      if ((await accounts.findByUsername(request.username, manager)) !== null) {
        throw new AppError('conflict', 'username_taken', 'there is such an account already');
      }
      const account: AccountRow = {
        ...given,
        id: newId(),
        enabled: true,
        passwordHash,
        createdAt: clock.nowMs(),
        lastSignInAt: null,
      };
      await accounts.insert(manager, account);
      await audit.record(actor, entry('account.create', account, { after: facts(account) }), manager);
      return account;
    });
  }

  /** A changed role, area, state or password ends the account's sessions. */
  async update(actor: Actor, id: string, patch: Patch): Promise<AccountRow> {
    const { database, accounts, sessions, devices, passwords, audit } = this.deps;
    const { password, ...given } = patch;
    const passwordHash = password === undefined ? undefined : await passwords.hash(password);
    const { account, ended } = await database.write(async (manager) => {
      const before = await accounts.findInScope(manager, actor.scope, id);
      if (before === null) throw new AppError('not_found', 'account_not_found', `no account ${id}`);
      if (password !== undefined) {
        checkNewPassword(password, { ...before, displayName: given.displayName ?? before.displayName }, 'password');
      }
      const changes = changesOf(before, { ...given, ...(passwordHash === undefined ? {} : { passwordHash }) });
      const after: AccountRow = { ...before, ...changes };
      const changesAccess = ['role', 'areaId', 'enabled', 'passwordHash'].some((key) => key in changes);
      if (changesAccess && id === actor.accountId) {
        throw new AppError('conflict', 'own_account', 'ask another administrator to change your own access');
      }
      if ('areaId' in changes) await this.checkArea(manager, actor, after.areaId);
      if (Object.keys(changes).length > 0) await accounts.update(manager, id, changes);
      if (isChief(before) && !isChief(after) && (await accounts.countChiefs(manager)) === 0) {
        throw new AppError('conflict', 'last_administrator', 'somebody must remain who can do everything');
      }
      const gone = changesAccess ? await sessions.deleteOfAccount(manager, id) : [];
      if ('passwordHash' in changes || 'enabled' in changes) await devices.forgetAccount(manager, id);
      if (Object.keys(changes).length > 0) {
        await audit.record(
          actor,
          entry('account.update', after, {
            before: facts(before),
            after: facts(after),
            ...(passwordHash === undefined ? {} : { newPassword: true }),
            sessionsEnded: gone.length,
          }),
          manager,
        );
      }
      return { account: after, ended: gone };
    });
    sessions.announceEnd(ended);
    return account;
  }

  async own(actor: Actor): Promise<AccountRow> {
    const account = await this.deps.accounts.find(actor.accountId);
    if (account === null) throw new AppError('unauthenticated', 'not_signed_in', 'the account is gone');
    return account;
  }

  async areaName(areaId: string | null): Promise<string | null> {
    if (areaId === null) return null;
    return (await this.deps.areas.find({ areaId: null, path: null }, areaId))?.name ?? null;
  }

  /** A new password needs the current one and ends the account's other sessions. */
  async updateOwn(actor: Actor, patch: z.output<typeof mePatchRequest>): Promise<AccountRow> {
    const { database, accounts, sessions, audit } = this.deps;
    const known = await this.own(actor);
    const passwordHash = await this.newOwnPassword(known, patch);
    const { account, ended } = await database.write(async (manager) => {
      const before = await accounts.find(actor.accountId, manager);
      if (before === null || before.passwordHash !== known.passwordHash) {
        throw new AppError('conflict', 'account_changed', 'the account was changed meanwhile');
      }
      const changes = changesOf(before, {
        ...(patch.locale === undefined ? {} : { locale: patch.locale }),
        ...(passwordHash === undefined ? {} : { passwordHash }),
      });
      if (Object.keys(changes).length === 0) return { account: before, ended: [] };
      await accounts.update(manager, before.id, changes);
      const gone =
        passwordHash === undefined ? [] : await sessions.deleteOfAccount(manager, before.id, actor.sessionId);
      const after = { ...before, ...changes };
      const details = { before: facts(before), after: facts(after), newPassword: passwordHash !== undefined };
      await audit.record(actor, entry('account.update', after, details), manager);
      return { account: after, ended: gone };
    });
    sessions.announceEnd(ended);
    return account;
  }

  private async newOwnPassword(
    account: AccountRow,
    patch: z.output<typeof mePatchRequest>,
  ): Promise<string | undefined> {
    if (patch.newPassword === undefined) return undefined;
    const { passwords, throttle, database } = this.deps;
    // A stolen session must not become a stolen account by guessing at leisure.
    await throttle.beginOwn(account.id);
    if (!(await passwords.verify(account.passwordHash, patch.currentPassword ?? ''))) {
      throw new AppError('invalid', 'wrong_password', 'the current password is wrong', {
        details: { fields: [{ path: 'currentPassword', message: 'wrong' }] },
      });
    }
    await database.write((manager) => throttle.succeededOwn(account.id, manager));
    checkNewPassword(patch.newPassword, account, 'newPassword');
    return passwords.hash(patch.newPassword);
  }

  private async checkArea(manager: Transaction, actor: Actor, areaId: string | null): Promise<void> {
    if (areaId === null) {
      if (actor.scope.areaId === null) return;
      throw new AppError('forbidden', 'outside_area', 'an account of everything needs an administrator of everything');
    }
    if ((await this.deps.areas.find(actor.scope, areaId, manager)) === null) {
      throw new AppError('not_found', 'area_not_found', `no area ${areaId}`);
    }
  }
}

function isChief(account: AccountRow): boolean {
  return account.role === 'administrator' && account.enabled && account.areaId === null;
}

function changesOf(before: AccountRow, wanted: Partial<{ [K in keyof AccountRow]: AccountRow[K] | undefined }>) {
  return Object.fromEntries(
    Object.entries(wanted).filter(([key, value]) => value !== undefined && value !== before[key as keyof AccountRow]),
  ) as Partial<AccountRow>;
}

function facts({ username, displayName, role, areaId, locale, enabled }: AccountRow): Record<string, unknown> {
  return { username, displayName, role, areaId, locale, enabled };
}

function entry(action: 'account.create' | 'account.update', account: AccountRow, details: Record<string, unknown>) {
  return {
    action,
    subjectType: 'account',
    subjectId: account.id,
    subjectName: account.username,
    areaId: account.areaId,
    details,
  };
}
