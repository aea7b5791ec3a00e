import { systemClock, type Clock } from '../lib/clock.js';

/** The system's clock, whose wall time can be set; sleeping goes by the true one. */
export class SteppedClock implements Clock {
  #offsetMs = 0;

  /** Sets the wall clock forward (or back). */
  step(ms: number): void {
    this.#offsetMs += ms;
  }
  nowMs(): number {
    return systemClock.nowMs() + this.#offsetMs;
  }
  monotonicMs(): number {
    return systemClock.monotonicMs();
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }
}
