/** What a player does to be where the clock is. */
export type FollowAction = { kind: 'seek' } | { kind: 'rate'; rate: number };

export interface FollowInput {
  /** Player minus clock, seconds of media; positive when the player is ahead. */
  driftSeconds: number;
  /** Of the clock. */
  rate: number;
  running: boolean;
  /** The clock stands only until others have their picture: being a little off does not matter yet. */
  waiting?: boolean;
}

/** Within this a player is on time; a nudge would only be seen as a wobble. */
const onTimeSeconds = 0.02;
/** A paused picture is moved to the very instant. */
const pausedSeconds = 0.004;
const waitingSeconds = 0.15;
/** The nudge corrects a drift within about a second and changes speed by a quarter at most. */
const nudgeLimit = 0.25;

/** Small drift is played away, large drift is jumped over: past 0.4 s at ×1, in proportion above. */
export function followAction(input: FollowInput): FollowAction | undefined {
  const drift = Math.abs(input.driftSeconds);
  if (!input.running) return drift > (input.waiting ? waitingSeconds : pausedSeconds) ? { kind: 'seek' } : undefined;
  if (drift > 0.4 * Math.max(1, input.rate)) return { kind: 'seek' };
  if (drift <= onTimeSeconds * Math.max(1, input.rate)) return { kind: 'rate', rate: input.rate };
  const nudge = Math.min(nudgeLimit, Math.max(-nudgeLimit, input.driftSeconds / input.rate));
  return { kind: 'rate', rate: input.rate * (1 - nudge) };
}
