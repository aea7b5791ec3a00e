import { LessThan, type EntityManager, type QueryDeepPartialEntity } from 'typeorm';
import type { Clock } from '../../lib/clock.js';
import { newSecret } from '../../lib/ids.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import { knownDeviceEntity, type KnownDeviceRow } from './known-device.entity.js';
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
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(deps: { database: Database; clock: Clock }) {
    this.#database = deps.database;
    this.#clock = deps.clock;
  }

  /** Whether the account signed in from the browser that holds this token, within half a year. */
  async isKnown(token: string | undefined, accountId: string | undefined): Promise<boolean> {
    if (token === undefined || accountId === undefined) return false;
    const row = await this.#database.read.findOneBy(knownDeviceEntity, { tokenHash: secretHash(token), accountId });
    return row !== null && row.lastUsedAt > this.#clock.nowMs() - knownForMs;
  }

  /** After a sign-in: the browser's next token. What it was known for, it stays known for. */
  async remember(manager: Transaction, accountId: string, former: string | undefined): Promise<string> {
    const token = newSecret();
    const tokenHash = secretHash(token);
    if (former !== undefined) await manager.update(knownDeviceEntity, { tokenHash: secretHash(former) }, { tokenHash });
    const row: KnownDeviceRow = { tokenHash, accountId, lastUsedAt: this.#clock.nowMs() };
    await manager.upsert(knownDeviceEntity, row as QueryDeepPartialEntity<KnownDeviceRow>, ['tokenHash', 'accountId']);
    await this.#forgetSurplus(manager, accountId);
    return token;
  }

  /** A new password by an administrator, or a closed account: its browsers are strangers again. */
  async forgetAccount(manager: Transaction, accountId: string): Promise<void> {
    await manager.delete(knownDeviceEntity, { accountId });
  }

  async forgetOld(): Promise<void> {
    const before = this.#clock.nowMs() - knownForMs;
    await this.#database.write((manager) => manager.delete(knownDeviceEntity, { lastUsedAt: LessThan(before) }));
  }

  async #forgetSurplus(manager: EntityManager, accountId: string): Promise<void> {
    const surplus = await manager.find(knownDeviceEntity, {
      where: { accountId },
      order: { lastUsedAt: 'DESC' },
      skip: maxPerAccount,
      take: 100,
    });
    for (const { tokenHash } of surplus) await manager.delete(knownDeviceEntity, { tokenHash, accountId });
  }
}
