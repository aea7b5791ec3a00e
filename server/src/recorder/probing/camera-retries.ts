import type { CameraRetryResponse } from '@choi-canh/shared/cameras';
import type { CameraStatus } from '@choi-canh/shared/health';
import type { Clock } from '../../lib/clock.js';

export interface CameraRetriesOptions {
  director: { readonly cameras: readonly { id: string; deviceAddress: string }[] };
  probing: {
    status(cameraId: string): CameraStatus | undefined;
    lookNow(cameraId: string): void;
    lookOnceChanged(cameraId: string): void;
  };
  ingest: { retryNow(cameraId: string): void; runtime(cameraId: string): unknown };
  clock: Clock;
}

/** Between two tries of one camera that somebody asks for. */
const cameraEveryMs = 10_000;
/**
 * After a wrong password the whole device is left alone for so long: the channels of one NVR share its account, and devices
 * lock it after about five failures. A try is one sign-in then, that of the stream; ONVIF, which needs two, follows once
 * the stream has come.
 */
const refusedEveryMs = 120_000;

/** Tries that people ask for, beside those that come by themselves. Owns how often that may be. */
export class CameraRetries {
  readonly #options: CameraRetriesOptions;
  /** Monotonic time of the last try, by camera and by device that refused the password. */
  readonly #triedAt = new Map<string, number>();

  constructor(options: CameraRetriesOptions) {
    this.#options = options;
  }

  /** Of a camera that the recorder has. */
  retry(cameraId: string): CameraRetryResponse {
    const { director, probing, ingest, clock } = this.#options;
    const camera = director.cameras.find(({ id }) => id === cameraId);
    const now = clock.monotonicMs();
    const reason = probing.status(cameraId)?.reason;
    const refused = reason === 'wrong_password' || reason === 'account_locked';
    const [key, everyMs] =
      refused && camera !== undefined
        ? [`device ${new URL(camera.deviceAddress).hostname}`, refusedEveryMs]
        : [`camera ${cameraId}`, cameraEveryMs];
    const waitMs = (this.#triedAt.get(key) ?? Number.NEGATIVE_INFINITY) + everyMs - now;
    if (waitMs > 0) return { tried: false, waitMs: Math.ceil(waitMs) };
    for (const [other, at] of this.#triedAt) if (now - at >= refusedEveryMs) this.#triedAt.delete(other);
    this.#triedAt.set(key, now);
    ingest.retryNow(cameraId);
    if (refused && ingest.runtime(cameraId) !== undefined) probing.lookOnceChanged(cameraId);
    else probing.lookNow(cameraId);
    return { tried: true, waitMs: everyMs };
  }
}
