import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import { peerNetwork } from '../../platform/http/peer-network.js';
import { secretHash } from './secret-hash.js';
import type { SignInThrottleRow } from './sign-in-throttle.entity.js';
import { SignInThrottleRepository } from './sign-in-throttle.repository.js';

const HOUR_MS = 3600_000;
/** Failures are forgotten after this long without an attempt. */
const FORGET_AFTER_MS = HOUR_MS;
/** An address from which an account signed in so recently is known to be its owner's. */
const KNOWN_FOR_MS = 30 * 24 * HOUR_MS;

interface Rule {
  free: number;
  baseMs: number;
  maxMs: number;
}
/** One person at one address. */
const pairRule: Rule = { free: 5, baseMs: 2000, maxMs: 15 * 60_000 };
/** One account from anywhere: mild, and waived for addresses known to be its owner's, so that nobody is locked out by others. */
const accountRule: Rule = { free: 20, baseMs: 1000, maxMs: 60_000 };
/** One address against any account: an office shares one, so it has more room. */
const addressRule: Rule = { free: 30, baseMs: 2000, maxMs: 15 * 60_000 };

export interface SignInThrottle {
  /**
   * Counts an attempt before its password is looked at, so that many at once gain nothing. `deviceToken`: of a browser
   * that this account signed in from before. It has a count of its own, and failures of strangers do not hold it.
   * @throws AppError too_many `too_many_sign_ins` with `retryAfterSeconds`.
   */
  begin(username: string, address: string, deviceToken?: string): Promise<void>;
  /** Takes the attempt back, in the transaction of the sign-in. */
  succeeded(username: string, address: string, transaction: Transaction, deviceToken?: string): Promise<void>;
  /** The same for the current password of who is signed in: strangers have no part in it. */
  beginOwn(accountId: string): Promise<void>;
  succeededOwn(accountId: string, transaction: Transaction): Promise<void>;
  forgetOld(): Promise<void>;
}

/** Guessing made slow: each failure beyond the free ones doubles the wait. Kept in the database, so a restart helps nobody. */
export function createSignInThrottle({ database, clock }: { database: Database; clock: Clock }): SignInThrottle {
  const repository = new SignInThrottleRepository();

  /** Refuses while one of the rows is blocked, else counts a failure in each. */
  async function count(manager: Transaction, counted: [SignInThrottleRow, Rule][]): Promise<void> {
    const nowMs = clock.nowMs();
    const waitMs = Math.max(...counted.map(([row, rule]) => remainingMs(row, rule, nowMs)));
    if (waitMs > 0) {
      throw new AppError('too_many', 'too_many_sign_ins', 'too many failed sign-ins', {
        details: { retryAfterSeconds: Math.ceil(waitMs / 1000) },
      });
    }
    await repository.save(
      manager,
      counted.map(([row, rule]) => afterFailure(row, rule, nowMs)),
    );
  }

  async function countOne(key: string): Promise<void> {
    await database.write(async (manager) => {
      const rows = await repository.load(manager, [key]);
      await count(manager, [[current(rows, key, clock.nowMs()), pairRule]]);
    });
  }

  return {
    begin: async (username, address, deviceToken) => {
      if (deviceToken !== undefined) {
        await countOne(deviceKey(username, deviceToken));
        return;
      }
      await database.write(async (manager) => {
        const nowMs = clock.nowMs();
        const keys = keysOf(username, address);
        const rows = await repository.load(manager, Object.values(keys));
        const pair = current(rows, keys.pair, nowMs);
        const isKnown = pair.lastSuccessAt !== null && nowMs - pair.lastSuccessAt < KNOWN_FOR_MS;
        const counted: [SignInThrottleRow, Rule][] = [
          [pair, pairRule],
          [current(rows, keys.address, nowMs), addressRule],
        ];
        if (!isKnown) counted.push([current(rows, keys.account, nowMs), accountRule]);
        await count(manager, counted);
      });
    },

    beginOwn: (accountId) => countOne(ownKey(accountId)),
    succeededOwn: (accountId, transaction) => repository.forget(transaction, ownKey(accountId)),

    succeeded: async (username, address, transaction, deviceToken) => {
      const nowMs = clock.nowMs();
      const keys = keysOf(username, address);
      const rows = await repository.load(transaction, Object.values(keys));
      const pair = current(rows, keys.pair, nowMs);
      if (deviceToken !== undefined) {
        // What strangers have tried by this name stays counted.
        await repository.forget(transaction, deviceKey(username, deviceToken));
        await repository.save(transaction, [{ ...pair, lastAttemptAt: nowMs, lastSuccessAt: nowMs }]);
        return;
      }
      const clear = { failures: 0, blockedUntil: 0, lastAttemptAt: nowMs };
      const byAddress = current(rows, keys.address, nowMs);
      await repository.save(transaction, [
        { ...clear, key: keys.pair, lastSuccessAt: nowMs },
        { ...clear, key: keys.account, lastSuccessAt: null },
        // Only its own attempt: one right password must not wipe out the failures of a neighbour.
        { ...byAddress, failures: Math.max(0, byAddress.failures - 1), blockedUntil: 0 },
      ]);
    },

    forgetOld: () => database.write((manager) => repository.forgetBefore(manager, clock.nowMs() - KNOWN_FOR_MS)),
  };
}

/** By the hash: the token itself is nowhere but in the browser. */
const deviceKey = (username: string, deviceToken: string) => `d ${username} ${secretHash(deviceToken)}`;
const ownKey = (accountId: string) => `o ${accountId}`;

function keysOf(username: string, address: string) {
  const network = peerNetwork(address);
  return { pair: `p ${username} ${network}`, account: `u ${username}`, address: `a ${network}` };
}

function current(rows: Map<string, SignInThrottleRow>, key: string, nowMs: number): SignInThrottleRow {
  const row = rows.get(key) ?? { key, failures: 0, lastAttemptAt: nowMs, blockedUntil: 0, lastSuccessAt: null };
  return nowMs - row.lastAttemptAt > FORGET_AFTER_MS ? { ...row, failures: 0, blockedUntil: 0 } : row;
}

/** A block longer than the rule's longest comes from a clock that was set back; it does not count. */
function remainingMs(row: SignInThrottleRow, rule: Rule, nowMs: number): number {
  const remaining = row.blockedUntil - nowMs;
  return remaining > rule.maxMs ? 0 : remaining;
}

function afterFailure(row: SignInThrottleRow, rule: Rule, nowMs: number): SignInThrottleRow {
  const failures = row.failures + 1;
  const over = failures - rule.free;
  const blockedUntil = over < 0 ? 0 : nowMs + Math.min(rule.maxMs, rule.baseMs * 2 ** Math.min(over, 20));
  return { ...row, failures, blockedUntil, lastAttemptAt: nowMs };
}
