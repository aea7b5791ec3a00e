// Asks cameras for keyframes out of turn, within bounds: a camera that cannot is left alone, and none is pestered.
import type { Clock } from '../../lib/clock.js';
import { isAppError } from '../../lib/errors.js';
import type { StreamName } from '../../lib/fragment.js';

/** ONVIF SetSynchronizationPoint of the stream's profile. @throws AppError bad_answer where it is not offered */
export type AskForKeyframe = (cameraId: string, stream: StreamName) => Promise<void>;

const sameCameraMs = 10_000;
const notOfferedMs = 60 * 60_000;
const refusals: ReadonlySet<string> = new Set([
  'bad_answer',
  'forbidden',
  'wrong_password',
  'account_locked',
  'password_withheld',
]);
/** Two walls of sixteen that begin to be watched. */
const atOnce = 32;

export class KeyframeRequests {
  private readonly notBefore = new Map<string, number>();
  private underWay = 0;

  constructor(
    private readonly ask: AskForKeyframe | undefined,
    private readonly clock: Clock,
  ) {}

  request(cameraId: string, stream: StreamName): void {
    const { ask, clock } = this;
    const key = `${stream}:${cameraId}`;
    const now = clock.monotonicMs();
    if (ask === undefined || this.underWay >= atOnce || now < (this.notBefore.get(key) ?? -Infinity)) return;
    this.notBefore.set(key, now + sameCameraMs);
    this.underWay += 1;
    ask(cameraId, stream)
      .catch((error: unknown) => {
        // Any other failure is the network's, and is shown by whoever watches that.
        if (isAppError(error) && refusals.has(error.code)) this.notBefore.set(key, clock.monotonicMs() + notOfferedMs);
      })
      .finally(() => (this.underWay -= 1));
  }

  forget(cameraId: string): void {
    this.notBefore.delete(`main:${cameraId}`);
    this.notBefore.delete(`sub:${cameraId}`);
  }
}
