import type { CameraReason } from '@choi-canh/shared/health';
import { cameraReasonSchema } from '@choi-canh/shared/health';
import type { StreamFacts } from '@choi-canh/shared/cameras';
import { usualLockMs } from '../../lib/account-lock.js';
import type { Clock } from '../../lib/clock.js';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import { redactUrls, type Logger } from '../../lib/logger.js';
import type { OnvifSight } from './camera-health.js';

export interface WatchedCamera {
  cameraId: string;
  enabled: boolean;
  deviceAddress: string;
  username: string;
  password: string;
  /** Hosts that they may go to, at any port. */
  confirmedHosts: readonly string[];
  /** The key that the camera must have over https; null: any. */
  tlsKey: string | null;
  /** They may go as they are (HTTP Basic): a person typed them for this host. */
  plainPassword: boolean;
  /** When they were typed last, ms UTC. */
  passwordTypedAt: number;
  mainProfileToken: string;
  subProfileToken: string | null;
}

export interface StreamAddresses {
  mainUrl: string;
  subUrl: string | null;
}

type Credentials = Pick<WatchedCamera, 'username' | 'password' | 'confirmedHosts' | 'tlsKey' | 'plainPassword'> & {
  onDigest(): void;
};

/** Which cameras took their password as a digest, over restarts: they get it in clear no more. */
export interface DigestKeeper {
  took(cameraId: string, passwordTypedAt: number): void;
  tookBefore(cameraId: string, passwordTypedAt: number): boolean;
}

/** What the watch needs of ONVIF. */
export interface CameraLooker {
  look(
    deviceAddress: string,
    credentials: Credentials,
    profiles: Pick<WatchedCamera, 'mainProfileToken' | 'subProfileToken'>,
    signal?: AbortSignal,
  ): Promise<StreamAddresses & { clockOffsetMs: number | null }>;
  profiles(deviceAddress: string, credentials: Credentials, signal?: AbortSignal): Promise<StreamFacts[]>;
}

export interface OnvifWatchOptions {
  onvif: CameraLooker;
  digests: DigestKeeper;
  clock: Clock;
  logger: Logger;
  random?: () => number;
  /** Between two looks at a camera that answers. Default 60 s, ±25 %. */
  intervalMs?: number;
  /** Stream addresses as the camera tells them now. */
  onAddresses(cameraId: string, addresses: StreamAddresses): void;
  /** Whose passwords are shared by the channels of a device; absent: none are. */
  passwords?: SharedPasswords | undefined;
}

/** Passwords that several cameras have in common. */
export interface SharedPasswords {
  accountOf(cameraId: string): string | undefined;
  enter(cameraId: string, signal: AbortSignal): Promise<boolean>;
  taken(cameraId: string): void;
  refused(cameraId: string): void;
  lost(cameraId: string): void;
  /** The device keeps the account locked, for so long, ms. */
  locked(cameraId: string, lockMs: number): void;
  lockedMs(cameraId: string): number;
  /** A person wants it tried. */
  forgive(cameraId: string): void;
}

/** The password is of no use there, or may not go as the device wants it: more tries lock the account. */
const refusals: ReadonlySet<CameraReason> = new Set(['wrong_password', 'account_locked', 'password_withheld']);
const maxAtOnce = 8;
const tickMs = 250;
/** After a failure look again soon, so that a passing one is told from a lasting one. */
const retryMs = 10_000;
const unreachableMs = 30_000;
/** What a device says of its lock is not exact. */
const lockGraceMs = 5000;
/** Cameras lock an account after about five wrong passwords; so seldom they do not. */
const wrongPasswordMs = 10 * 60_000;
const profilesEveryMs = 60 * 60_000;

interface Entry {
  camera: WatchedCamera;
  key: string;
  sight: OnvifSight;
  dueAt: number;
  lookedAt: number;
  looking: boolean;
  promisedFrameRate: number | null;
  profilesAt: number;
}

const keyOf = (camera: WatchedCamera): string =>
  JSON.stringify([
    camera.deviceAddress,
    camera.username,
    camera.password,
    camera.confirmedHosts,
    camera.tlsKey,
    camera.plainPassword,
    camera.passwordTypedAt,
    camera.mainProfileToken,
    camera.subProfileToken,
  ]);

function reasonOf(error: unknown): CameraReason {
  const given = isAppError(error) ? cameraReasonSchema.safeParse(error.details.reason) : undefined;
  if (given?.success === true) return given.data;
  return isAppError(error) && error.code === 'wrong_password' ? 'wrong_password' : 'bad_answer';
}

/**
 * Looks at every camera through ONVIF on a modest schedule: clock, password, stream addresses. Owns the schedule and the
 * last sight of each; leaves judging it to the camera's health.
 */
export function createOnvifWatch(options: OnvifWatchOptions) {
  const { onvif, digests, clock, logger } = options;
  const random = options.random ?? Math.random;
  const intervalMs = options.intervalMs ?? 60_000;
  const entries = new Map<string, Entry>();
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let active = 0;
  const looks = new Set<Promise<void>>();

  const jittered = (ms: number) => ms * (0.75 + random() * 0.5);

  async function look(entry: Entry): Promise<void> {
    const { camera, key } = entry;
    const { cameraId, username, password, confirmedHosts, tlsKey, passwordTypedAt } = camera;
    const credentials = {
      ...{ username, password, confirmedHosts, tlsKey },
      plainPassword: camera.plainPassword && !digests.tookBefore(cameraId, passwordTypedAt),
      onDigest: () => digests.took(cameraId, passwordTypedAt),
    };
    let sight: OnvifSight;
    let lockedMs: number | undefined;
    let addresses: StreamAddresses | undefined;
    const { passwords } = options;
    try {
      if ((await passwords?.enter(cameraId, stopping.signal)) === false) throw notTried(passwords?.lockedMs(cameraId));
      const seen = await onvif.look(camera.deviceAddress, credentials, camera, stopping.signal);
      passwords?.taken(cameraId);
      addresses = { mainUrl: seen.mainUrl, subUrl: seen.subUrl };
      if (clock.monotonicMs() - entry.profilesAt >= profilesEveryMs) {
        const profiles = await onvif.profiles(camera.deviceAddress, credentials, stopping.signal);
        entry.promisedFrameRate =
          profiles.find((profile) => profile.profileToken === camera.mainProfileToken)?.frameRate ?? null;
        entry.profilesAt = clock.monotonicMs();
      }
      sight = {
        kind: 'ok',
        clockOffsetMs: seen.clockOffsetMs,
        promisedFrameRate: entry.promisedFrameRate,
        atMs: clock.nowMs(),
      };
    } catch (error) {
      if (stopping.signal.aborted) return;
      const lockMs = lockMsOf(error);
      const isRefusal = reasonOf(error) === 'wrong_password' && !isNotTried(error);
      if (lockMs !== undefined && !isNotTried(error)) passwords?.locked(cameraId, lockMs);
      else if (isRefusal) passwords?.refused(cameraId);
      else passwords?.lost(cameraId);
      const failures = entry.sight.kind === 'failed' ? entry.sight.failures + 1 : 1;
      const detail = redactUrls(errorMessage(error)).slice(0, 300);
      sight = { kind: 'failed', reason: reasonOf(error), detail, failures, atMs: clock.nowMs() };
      if (lockMs !== undefined) lockedMs = lockMs + lockGraceMs;
      logger.debug({ cameraId: camera.cameraId, reason: sight.reason, detail }, 'a camera does not answer over ONVIF');
    }
    if (entries.get(camera.cameraId) !== entry || entry.key !== key) return; // given up or changed meanwhile
    entry.sight = sight;
    entry.dueAt = clock.monotonicMs() + (lockedMs ?? jittered(nextMs(sight)));
    if (addresses !== undefined) options.onAddresses(camera.cameraId, addresses);
  }

  function nextMs(sight: OnvifSight): number {
    if (sight.kind !== 'failed') return intervalMs;
    // One second look before a password counts as wrong for good: some cameras refuse everything while they start.
    if (refusals.has(sight.reason)) return sight.failures === 1 ? retryMs : wrongPasswordMs;
    return sight.failures < 3 ? retryMs : unreachableMs;
  }

  /** False where another camera of the same account is among them. */
  function noteAccount(looking: Set<string>, cameraId: string): boolean {
    const account = options.passwords?.accountOf(cameraId);
    if (account === undefined) return true;
    if (looking.has(account)) return false;
    looking.add(account);
    return true;
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      const now = clock.monotonicMs();
      const looking = new Set<string>();
      for (const [id, entry] of entries) if (entry.looking) noteAccount(looking, id);
      const due = [...entries.values()]
        .filter((entry) => entry.camera.enabled && !entry.looking && entry.dueAt <= now)
        .sort((a, b) => a.dueAt - b.dueAt)
        // The channels of a device one after the other: it has one account, and little to spare.
        .filter((entry) => noteAccount(looking, entry.camera.cameraId))
        .slice(0, maxAtOnce - active);
      for (const entry of due) {
        entry.looking = true;
        entry.lookedAt = now;
        active += 1;
        const done = look(entry).finally(() => {
          entry.looking = false;
          active -= 1;
          looks.delete(done);
        });
        looks.add(done);
      }
      await clock.sleep(tickMs, stopping.signal).catch(() => undefined);
    }
  }

  return {
    /** The whole list. What changed is looked at anew, at once. */
    setCameras(cameras: readonly WatchedCamera[]): void {
      const wanted = new Set(cameras.map((camera) => camera.cameraId));
      for (const id of entries.keys()) if (!wanted.has(id)) entries.delete(id);
      for (const camera of cameras) {
        const key = keyOf(camera);
        const entry = entries.get(camera.cameraId);
        if (entry?.key === key) {
          if (camera.enabled && !entry.camera.enabled) entry.dueAt = clock.monotonicMs();
          entry.camera = camera;
          continue;
        }
        entries.set(camera.cameraId, {
          camera,
          key,
          sight: { kind: 'none' },
          dueAt: clock.monotonicMs(),
          lookedAt: Number.NEGATIVE_INFINITY,
          looking: false,
          promisedFrameRate: null,
          profilesAt: Number.NEGATIVE_INFINITY,
        });
      }
    },
    sight(cameraId: string): OnvifSight {
      return entries.get(cameraId)?.sight ?? { kind: 'none' };
    },
    /** Something about the camera's stream changed: look soon, but not more often than every ten seconds. */
    lookSoon(cameraId: string): void {
      const entry = entries.get(cameraId);
      if (entry === undefined) return;
      const refused = entry.sight.kind === 'failed' && refusals.has(entry.sight.reason);
      const soonest = entry.lookedAt + (refused ? wrongPasswordMs : retryMs);
      entry.dueAt = Math.min(entry.dueAt, Math.max(clock.monotonicMs(), soonest));
    },
    /** Somebody asks: look at once. */
    lookNow(cameraId: string): void {
      const entry = entries.get(cameraId);
      options.passwords?.forgive(cameraId);
      if (entry !== undefined) entry.dueAt = clock.monotonicMs();
    },
    /** A wrong password may have been set right: the next change of the stream is looked into at once. */
    lookOnceChanged(cameraId: string): void {
      const entry = entries.get(cameraId);
      if (entry !== undefined) entry.lookedAt = Number.NEGATIVE_INFINITY;
    },
    start(): void {
      running ??= loop();
    },
    async stop(): Promise<void> {
      stopping.abort(new Error('the recorder stops'));
      await running;
      await Promise.all(looks);
    },
  };
}
const notTriedCode = 'not_tried';
const isNotTried = (error: unknown): boolean => isAppError(error) && error.code === notTriedCode;
function notTried(lockMs = 0): AppError {
  const isLocked = lockMs > 0;
  const why = isLocked ? 'keeps the account locked' : 'refused the password for another channel';
  return new AppError('precondition', notTriedCode, `the device ${why}: not tried`, {
    details: isLocked ? { reason: 'account_locked', lockMs } : { reason: 'wrong_password' },
  });
}

function lockMsOf(error: unknown): number | undefined {
  if (!isAppError(error) || error.details.reason !== 'account_locked') return undefined;
  return typeof error.details.lockMs === 'number' ? error.details.lockMs : usualLockMs;
}

export type OnvifWatch = ReturnType<typeof createOnvifWatch>;
