// The wall time that recording reckons with: a base that was read once and the monotonic clock on top, so that a step of
// the host's clock moves no recorded time inside a run. A step of more than five seconds begins a new epoch with a base of
// its own; a smaller one is approached slowly.
import type { Clock } from '../../lib/clock.js';

export interface RecordedClock {
  /** Milliseconds of UTC; inside an epoch it follows the monotonic clock, corrected by at most 0.2 %. */
  nowMs(): number;
  /** Grows by one with each step of the host's clock. Instants of two epochs cannot be compared. */
  readonly epoch: number;
}

export const epochStepMs = 5000;
/** How fast a small step is approached: ms of wall time a second. */
const slewMsPerSecond = 2;
/** Reading two clocks one after the other differs by less. */
const readingErrorMs = 2;

export class SteadyClock implements RecordedClock {
  epoch = 0;
  private baseMs: number;
  private checkedAt: number;

  constructor(private readonly clock: Clock) {
    this.checkedAt = clock.monotonicMs();
    this.baseMs = clock.nowMs() - this.checkedAt;
  }

  nowMs(): number {
    return this.baseMs + this.clock.monotonicMs();
  }

  /** Called about once a second. Returns the step, ms, where a new epoch begins with it; else 0. */
  check(): number {
    const monotonicMs = this.clock.monotonicMs();
    const differenceMs = this.clock.nowMs() - monotonicMs - this.baseMs;
    const elapsedMs = Math.max(0, monotonicMs - this.checkedAt);
    this.checkedAt = monotonicMs;
    if (Math.abs(differenceMs) > epochStepMs) {
      this.baseMs += differenceMs;
      this.epoch += 1;
      return differenceMs;
    }
    if (Math.abs(differenceMs) > readingErrorMs) {
      const mostMs = (elapsedMs / 1000) * slewMsPerSecond;
      this.baseMs += Math.max(-mostMs, Math.min(mostMs, differenceMs));
    }
    return 0;
  }
}
