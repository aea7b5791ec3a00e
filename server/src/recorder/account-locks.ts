import type { Clock } from '../lib/clock.js';
import type { CameraAccount } from './device-passwords.js';

/**
 * Devices that keep an account locked: whoever found out, over RTSP or ONVIF, spares it all further tries of every channel
 * until the lock is over. A password that was typed since is a person's word that it is worth a try.
 */
export class AccountLocks {
  readonly #clock: Clock;
  readonly #keyOf = new Map<string, string>();
  /** Monotonic time until which it is locked, ms, by account. */
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The whole list. */
  setCameras(cameras: readonly CameraAccount[]): void {
    this.#keyOf.clear();
    for (const { cameraId, deviceId, username, password, passwordTypedAt } of cameras)
      this.#keyOf.set(cameraId, JSON.stringify([deviceId, username, password, passwordTypedAt]));
    const keys = new Set(this.#keyOf.values());
    for (const key of this.#until.keys()) if (!keys.has(key)) this.#until.delete(key);
  }

  locked(cameraId: string, lockMs: number): void {
    const key = this.#keyOf.get(cameraId);
    if (key !== undefined) this.#until.set(key, this.#clock.monotonicMs() + lockMs);
  }

  /** How long nobody tries, ms; 0: not locked, as far as is known. */
  remainingMs(cameraId: string): number {
    const until = this.#until.get(this.#keyOf.get(cameraId) ?? '');
    return until === undefined ? 0 : Math.max(0, until - this.#clock.monotonicMs());
  }

  /** A person wants it tried, or the device took the password. */
  forget(cameraId: string): void {
    this.#until.delete(this.#keyOf.get(cameraId) ?? '');
  }
}
