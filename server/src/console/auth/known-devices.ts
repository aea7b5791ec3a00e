import type { Clock } from '../../lib/clock.js';
import { newSecret } from '../../lib/ids.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import { KnownDevicesRepository } from './known-devices.repository.js';
import { secretHash } from './secret-hash.js';

export const knownDeviceDays = 180;
const knownForMs = knownDeviceDays * 24 * 3600_000;
/** Browsers of one account; the one used least recently is forgotten. */
const maxPerAccount = 20;

/**
 * Which browsers an account signed in from before (OWASP: device cookies). Such a browser is let in while strangers are
 * held. Its token gives no access: it only has its own count of failures, and it changes at each sign-in.
 */
export class KnownDevices {
  readonly #repository = new KnownDevicesRepository();
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(deps: { database: Database; clock: Clock }) {
    this.#database = deps.database;
    this.#clock = deps.clock;
  }

  /** Whether the account signed in from the browser that holds this token, within half a year. */
  async isKnown(token: string | undefined, accountId: string | undefined): Promise<boolean> {
    if (token === undefined || accountId === undefined) return false;
    const row = await this.#repository.find(this.#database.read, secretHash(token), accountId);
    return row !== null && row.lastUsedAt > this.#clock.nowMs() - knownForMs;
  }

  /** After a sign-in: the browser's next token. For whom it was known, it stays known. */
  async remember(manager: Transaction, accountId: string, former: string | undefined): Promise<string> {
    const token = newSecret();
    const tokenHash = secretHash(token);
    if (former !== undefined) await this.#repository.changeToken(manager, secretHash(former), tokenHash);
    await this.#repository.save(manager, { tokenHash, accountId, lastUsedAt: this.#clock.nowMs() });
    await this.#repository.deleteSurplus(manager, accountId, maxPerAccount);
    return token;
  }

  /** After a new password by an administrator, or a closed account: its browsers are strangers again. */
  forgetAccount(manager: Transaction, accountId: string): Promise<void> {
    return this.#repository.deleteOfAccount(manager, accountId);
  }

  forgetOld(): Promise<void> {
    const before = this.#clock.nowMs() - knownForMs;
    return this.#database.write((manager) => this.#repository.deleteUsedBefore(manager, before));
  }
}
