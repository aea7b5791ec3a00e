/** Trouble that lies so far back has nothing to do with what comes now. */
const forgottenAfterMs = 60_000;
const mostRecoveries = 2;
/** So often more a picture that was shown before is loaded anew. */
const mostReloads = 3;

export interface DecoderTrouble {
  /** A picture was shown. Monotonic ms. */
  shown(nowMs: number): void;
  /**
   * The browser gave up on the picture. A hiccup comes now and then over days; what fails again within a minute of the
   * last time, over and over, or without ever having shown a picture, cannot be played.
   */
  next(nowMs: number, recoverable: boolean): 'recover' | 'reload' | 'give_up';
}

export function createDecoderTrouble(): DecoderTrouble {
  let wasShown = false;
  let count = 0;
  let newestAtMs = -Infinity;
  return {
    shown(nowMs) {
      wasShown = true;
      if (nowMs - newestAtMs >= forgottenAfterMs) count = 0;
    },
    next(nowMs, recoverable) {
      count += 1;
      newestAtMs = nowMs;
      if (recoverable && count <= mostRecoveries) return 'recover';
      return wasShown && count <= mostRecoveries + mostReloads ? 'reload' : 'give_up';
    },
  };
}
