import type { setupRequest } from '@choi-canh/shared/accounts';
import type { z } from 'zod';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { newId, newSecret } from '../../lib/ids.js';
import type { Database } from '../../platform/db/database.js';
import type { AccountRow } from './account.entity.js';
import type { AccountsRepository } from './accounts.repository.js';
import type { AuthAudit } from './auth-audit.js';
import { checkNewPassword } from './new-password.js';
import type { Passwords } from './passwords.js';
import { secretHash } from './secret-hash.js';
import type { SetupTokenRepository } from './setup-token.repository.js';

export interface SetupDeps {
  database: Database;
  accounts: AccountsRepository;
  tokens: SetupTokenRepository;
  passwords: Passwords;
  audit: AuthAudit;
  clock: Clock;
}

/** The first administrator comes in by a one-time link that only whoever starts the product sees. There is no default password. */
export class Setup {
  constructor(private readonly deps: SetupDeps) {}

  async needed(): Promise<boolean> {
    return (await this.deps.accounts.countChiefs()) === 0;
  }

  /** The token for the link, when set-up is needed; a link from an earlier start stops working. */
  async prepare(): Promise<string | undefined> {
    const { database, accounts, tokens, clock } = this.deps;
    if (!(await this.needed())) return undefined;
    const token = newSecret();
    return database.write(async (manager) => {
      if ((await accounts.countChiefs(manager)) > 0) return undefined;
      await tokens.replace(manager, secretHash(token), clock.nowMs());
      return token;
    });
  }

  /** @throws AppError forbidden `bad_setup_token`, conflict `setup_done`, `username_taken`. */
  async complete(request: z.output<typeof setupRequest>, address: string): Promise<AccountRow> {
    const { database, accounts, tokens, passwords, audit, clock } = this.deps;
    const tokenHash = secretHash(request.token);
    if (!(await tokens.exists(database.read, tokenHash))) throw await this.refusal();
    checkNewPassword(request.password, request, 'password');
    const passwordHash = await passwords.hash(request.password);
    return database.write(async (manager) => {
      // Looked at again: two people may have opened the link at once.
      if (!(await tokens.exists(manager, tokenHash))) throw await this.refusal();
      if ((await accounts.findByUsername(request.username, manager)) !== null) {
        throw new AppError('conflict', 'username_taken', 'there is such an account already');
      }
      const account: AccountRow = {
        id: newId(),
        username: request.username,
        displayName: request.displayName,
        role: 'administrator',
        areaId: null,
        locale: 'vi',
        enabled: true,
        passwordHash,
        createdAt: clock.nowMs(),
        lastSignInAt: null,
      };
      await accounts.insert(manager, account);
      await tokens.clear(manager);
      await audit.recordNobody(
        { name: account.displayName, address },
        {
          action: 'setup.complete',
          subjectType: 'account',
          subjectId: account.id,
          subjectName: account.username,
          areaId: null,
        },
        manager,
      );
      return account;
    });
  }

  private async refusal(): Promise<AppError> {
    return (await this.needed())
      ? new AppError('forbidden', 'bad_setup_token', 'the link is not the newest one')
      : new AppError('conflict', 'setup_done', 'there is an administrator already');
  }
}
