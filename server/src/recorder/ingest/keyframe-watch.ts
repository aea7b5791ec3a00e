// Notices that keyframes stay away in the midst of a stream, by how far apart those of this camera were. That may be a
// second or a minute, and with a "smart codec" it is two seconds while something moves and twenty when nothing does.

/** A pause between two pictures counts for so much: where no picture comes nothing is said of keyframes. */
const longestPauseMs = 2000;
/** Of fewer distances nothing is known; the first ones are cut short by whoever connects. */
const fewestDistances = 4;
const unknownLimitMs = 60_000;
/** The longest distance counts for a day at least, because a quiet night is not like the hours before it … */
const memoryMs = 24 * 3_600_000;
/** … and for no more than this, because it may have been a failure. */
const longestUsualMs = 120_000;
/** Overdue is what takes three times as long as the longest, but not earlier and not so much later. */
const limits = { leastMs: 15_000, factor: 3, mostBeyondMs: 20_000 };
/** One that was asked for has so long to come. */
const patienceMs = 8000;

export type KeyframeState =
  | 'fine'
  /** Worth asking for one. */
  | 'overdue'
  /** Asking did not help. */
  | 'missing';

export class KeyframeWatch {
  private lastAtMs: number | undefined;
  /** Of pictures since the last keyframe. */
  private sinceKeyMs = 0;
  private limitMs = unknownLimitMs;
  private distances = 0;
  private longestMs = { before: 0, now: 0 };
  private memorisedMs = 0;

  /** The next picture came at `nowMs`, monotonic. */
  picture(isKey: boolean, nowMs: number): KeyframeState {
    const { lastAtMs } = this;
    this.lastAtMs = nowMs;
    if (lastAtMs !== undefined) {
      this.sinceKeyMs += Math.min(nowMs - lastAtMs, longestPauseMs);
      if (isKey) this.learn(this.sinceKeyMs);
    }
    if (isKey) this.sinceKeyMs = 0;
    if (this.sinceKeyMs < this.limitMs) return 'fine';
    return this.sinceKeyMs < this.limitMs + patienceMs ? 'overdue' : 'missing';
  }

  private learn(distanceMs: number): void {
    this.distances += 1;
    this.memorisedMs += distanceMs;
    if (this.memorisedMs >= memoryMs) {
      this.memorisedMs = 0;
      this.longestMs = { before: this.longestMs.now, now: 0 };
    }
    this.longestMs.now = Math.max(this.longestMs.now, Math.min(distanceMs, longestUsualMs));
    if (this.distances < fewestDistances) return;
    const usualMs = Math.max(this.longestMs.before, this.longestMs.now);
    this.limitMs = Math.max(limits.leastMs, Math.min(usualMs * limits.factor, usualMs + limits.mostBeyondMs));
  }
}
