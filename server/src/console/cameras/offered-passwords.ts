import type { Actor } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';

interface Offered {
  recorderId: string;
  username: string;
  /** Addresses at which it was typed and taken. */
  addresses: readonly string[];
}
const keptMs = 15 * 60_000;
const most = 20;

/**
 * Passwords of devices whose channels a person is choosing, so that it is typed once. In memory, for a quarter of an hour,
 * and for nobody else, no other account and no other address.
 */
export class OfferedPasswords {
  readonly #clock: Clock;
  readonly #byAddition = new Map<
    string,
    Offered & { password: string; accountId: string; until: number; timer: NodeJS.Timeout }
  >();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  keep(actor: Actor, additionId: string, given: Offered & { password: string }): void {
    for (const id of [...this.#byAddition.keys()].slice(0, Math.max(0, this.#byAddition.size + 1 - most)))
      this.#drop(id);
    const timer = setTimeout(() => this.#drop(additionId), keptMs);
    timer.unref();
    const until = this.#clock.monotonicMs() + keptMs;
    this.#byAddition.set(additionId, { ...given, accountId: actor.accountId, until, timer });
  }

  /** @throws AppError precondition `password_forgotten`: it has to be typed again */
  of(actor: Actor, additionId: string, { recorderId, username, addresses }: Offered): string {
    const kept = this.#byAddition.get(additionId);
    const isOurs =
      kept !== undefined &&
      kept.accountId === actor.accountId &&
      kept.recorderId === recorderId &&
      kept.username === username &&
      kept.until > this.#clock.monotonicMs() &&
      addresses.every((one) => kept.addresses.includes(one));
    if (!isOurs) throw new AppError('precondition', 'password_forgotten', 'the password has to be typed again');
    return kept.password;
  }

  clear(): void {
    for (const id of [...this.#byAddition.keys()]) this.#drop(id);
  }

  #drop(additionId: string): void {
    clearTimeout(this.#byAddition.get(additionId)?.timer);
    this.#byAddition.delete(additionId);
  }
}
