import type { Clock } from '../lib/clock.js';
import type { AccountLocks } from './account-locks.js';

export interface DevicePasswordsOptions {
  clock: Clock;
  /** How long nobody tries after the first refusal and after each later one, ms. */
  pausesMs: readonly [first: number, later: number];
  /** Of both ways to a device together; absent: nobody notes them. */
  locks?: AccountLocks;
  /** A password that was refused is taken again: cameras of that device need wait no longer. */
  onTakenAgain?: (cameraIds: readonly string[]) => void;
}

/** A camera as far as the account of its device is concerned. */
export interface CameraAccount {
  cameraId: string;
  deviceId: string;
  username: string;
  password: string;
  passwordTypedAt: number;
}

interface Account {
  readonly cameraIds: readonly string[];
  isTaken: boolean;
  /** Cameras wait for the end of a lock since the password was taken last. */
  hasLockedOut: boolean;
  refusals: number;
  /** Monotonic, ms. */
  notBefore: number;
  /** Who finds out whether the password is right, and until when the others wait. */
  tried: { by: string; until: number } | undefined;
}

/** Whoever takes longer to be refused is not waited for. */
const waitMs = 3000;
const lookMs = 100;

/**
 * The channels of a device share one account, and devices lock it after a few wrong passwords. So one channel finds out
 * whether the password is right; the others wait, go when it is, and leave the device alone when it is not. For one way to a
 * device (RTSP, or ONVIF, which may have accounts of its own); devices of one camera go as they did.
 */
export class DevicePasswords {
  readonly #options: DevicePasswordsOptions;
  readonly #accounts = new Map<string, Account>();
  readonly #keyOf = new Map<string, string>();

  constructor(options: DevicePasswordsOptions) {
    this.#options = options;
  }

  /** The whole list. What is known of an account holds while its password is the same. */
  setCameras(cameras: readonly CameraAccount[]): void {
    const groups = new Map<string, string[]>();
    for (const { cameraId, deviceId, username, password, passwordTypedAt } of cameras) {
      const key = JSON.stringify([deviceId, username, password, passwordTypedAt]);
      groups.set(key, [...(groups.get(key) ?? []), cameraId]);
    }
    this.#keyOf.clear();
    for (const key of this.#accounts.keys()) if ((groups.get(key)?.length ?? 0) < 2) this.#accounts.delete(key);
    for (const [key, cameraIds] of groups) {
      if (cameraIds.length < 2) continue;
      for (const id of cameraIds) this.#keyOf.set(id, key);
      const fresh = {
        isTaken: false,
        hasLockedOut: false,
        refusals: 0,
        notBefore: Number.NEGATIVE_INFINITY,
        tried: undefined,
      };
      this.#accounts.set(key, { ...(this.#accounts.get(key) ?? fresh), cameraIds });
    }
  }

  /** What cameras of one account have in common; undefined for a camera that shares its account with none. */
  accountOf(cameraId: string): string | undefined {
    return this.#keyOf.get(cameraId);
  }

  /** How long the device keeps the account locked, ms; 0: it does not. */
  lockedMs(cameraId: string): number {
    return this.#options.locks?.remainingMs(cameraId) ?? 0;
  }

  /** The device said that the account is locked. */
  locked(cameraId: string, lockMs: number): void {
    this.#options.locks?.locked(cameraId, lockMs);
    const account = this.#accountOf(cameraId);
    if (account !== undefined) account.hasLockedOut = true;
    this.lost(cameraId);
  }

  /** Resolves when the camera may sign in, or with false where the password was refused, or the account is locked, and is not tried now. */
  async enter(cameraId: string, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    for (;;) {
      const account = this.#accountOf(cameraId);
      if (this.lockedMs(cameraId) > 0) {
        if (account !== undefined) account.hasLockedOut = true;
        return false;
      }
      if (account === undefined || account.isTaken || signal.aborted) return true;
      const now = clock.monotonicMs();
      if (now < account.notBefore) return false;
      if (account.tried === undefined || account.tried.until <= now || account.tried.by === cameraId) {
        account.tried = { by: cameraId, until: now + waitMs };
        return true;
      }
      await clock.sleep(lookMs, signal).catch(() => undefined);
    }
  }

  /** The device took the password of a camera that entered. */
  taken(cameraId: string): void {
    this.#options.locks?.forget(cameraId);
    const account = this.#accountOf(cameraId);
    if (account === undefined || account.isTaken) return;
    const wasRefused = account.refusals > 0 || account.hasLockedOut;
    Object.assign(account, {
      isTaken: true,
      hasLockedOut: false,
      refusals: 0,
      notBefore: Number.NEGATIVE_INFINITY,
      tried: undefined,
    });
    if (wasRefused) this.#options.onTakenAgain?.(account.cameraIds.filter((id) => id !== cameraId));
  }

  refused(cameraId: string): void {
    const account = this.#accountOf(cameraId);
    if (account === undefined) return;
    const [first, later] = this.#options.pausesMs;
    account.refusals += 1;
    account.notBefore = this.#options.clock.monotonicMs() + (account.refusals === 1 ? first : later);
    Object.assign(account, { isTaken: false, tried: undefined });
  }

  /** The connection is lost, or did not come so far: whether the password is right is found out again. */
  lost(cameraId: string): void {
    const account = this.#accountOf(cameraId);
    if (account === undefined) return;
    account.isTaken = false;
    this.left(cameraId);
  }

  /** It does not try any longer, for a reason of its own. */
  left(cameraId: string): void {
    const account = this.#accountOf(cameraId);
    if (account?.tried?.by === cameraId) account.tried = undefined;
  }

  /** A person wants it tried: once. */
  forgive(cameraId: string): void {
    this.#options.locks?.forget(cameraId);
    const account = this.#accountOf(cameraId);
    if (account !== undefined) account.notBefore = Number.NEGATIVE_INFINITY;
  }

  #accountOf(cameraId: string): Account | undefined {
    const key = this.#keyOf.get(cameraId);
    return key === undefined ? undefined : this.#accounts.get(key);
  }
}
