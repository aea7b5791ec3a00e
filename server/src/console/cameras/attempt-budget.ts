import { maxTypedHosts } from '@choi-canh/shared/rtsp-cameras';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';

/** Typed by a person, or announced by a device in a search of that recorder. */
export type AddressSource = 'typed' | 'found';

export interface AttemptLimits {
  windowMs: number;
  typed: number;
  found: number;
}
/** A commune has 66 cameras, a district's recorder 515, and a password may be wrong at first. */
export const usualAttemptLimits: AttemptLimits = { windowMs: 10 * 60_000, typed: maxTypedHosts, found: 2000 };

/**
 * How many device addresses an account has tried: enough for a fleet that a search found, too few to map a network by
 * typing addresses. In memory: a restart forgives.
 */
export class AttemptBudget {
  readonly #clock: Clock;
  readonly #limits: AttemptLimits;
  /** Tries of the window, oldest first. */
  readonly #tries = new Map<string, { at: number; count: number }[]>();

  constructor(clock: Clock, limits: AttemptLimits = usualAttemptLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * Takes all of `count` or nothing.
   * @throws AppError too_many `too_many_device_attempts` with `retryAfterSeconds` and `waitMinutes`; invalid where even an
   * empty window has no room
   */
  take(accountId: string, source: AddressSource, count: number): void {
    if (count === 0) return;
    const limit = this.#limits[source];
    if (count > limit) {
      throw new AppError('invalid', 'too_many_devices', `at most ${limit} addresses at once`, { details: { limit } });
    }
    const now = this.#clock.monotonicMs();
    this.#forget(now);
    const key = `${source} ${accountId}`;
    const tries = this.#tries.get(key) ?? [];
    let left = tries.reduce((sum, one) => sum + one.count, 0) + count - limit;
    if (left > 0) {
      // Until so many of the oldest have left the window.
      const last = tries.find((one) => (left -= one.count) <= 0);
      const waitMs = (last?.at ?? now) + this.#limits.windowMs - now;
      throw new AppError('too_many', 'too_many_device_attempts', 'too many device addresses were tried', {
        details: { retryAfterSeconds: Math.ceil(waitMs / 1000), waitMinutes: Math.ceil(waitMs / 60_000) },
      });
    }
    tries.push({ at: now, count });
    this.#tries.set(key, tries);
  }

  #forget(now: number): void {
    for (const [key, tries] of this.#tries) {
      const recent = tries.filter(({ at }) => now - at < this.#limits.windowMs);
      if (recent.length === 0) this.#tries.delete(key);
      else this.#tries.set(key, recent);
    }
  }
}
