import type { Clock } from '../../server/src/lib/clock.js';

/** Something that sends at instants of its own. */
export interface TimedSource {
  /** Sends what is due at `nowMs` (monotonic) and returns when the next is due; Infinity when nothing will be. */
  tick(nowMs: number): number;
}

const shortestWaitMs = 4;
const longestWaitMs = 250;
const stepMs = 50;

/**
 * One timer for every stream of every camera, and the place where monotonic time becomes UTC. Frames are paced by the
 * monotonic clock; a step of the host's clock moves the UTC they are stamped with from then on.
 */
export class FrameTimer {
  readonly #clock: Clock;
  /** When each is due, so that those that are not need not be asked. */
  readonly #dueMs = new Map<TimedSource, number>();
  #timer: NodeJS.Timeout | undefined;
  #utcOffsetMs: number;
  #offsetCheckedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetCheckedAtMs = clock.monotonicMs();
    this.#utcOffsetMs = clock.nowMs() - this.#offsetCheckedAtMs;
  }

  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** True UTC of a monotonic instant, fractions of ms kept. */
  utcOf(monotonicMs: number): number {
    const now = this.#clock.monotonicMs();
    if (now - this.#offsetCheckedAtMs > 1000) {
      this.#offsetCheckedAtMs = now;
      const measured = this.#clock.nowMs() - now;
      if (Math.abs(measured - this.#utcOffsetMs) > stepMs) this.#utcOffsetMs = measured;
    }
    return monotonicMs + this.#utcOffsetMs;
  }

  add(source: TimedSource): void {
    this.#dueMs.set(source, -Infinity);
    this.#arm(0);
  }

  remove(source: TimedSource): void {
    this.#dueMs.delete(source);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#dueMs.clear();
  }

  #arm(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), waitMs);
  }

  #run(): void {
    const now = this.nowMs();
    let next = Infinity;
    for (const [source, dueMs] of this.#dueMs) {
      const nextMs = dueMs <= now ? source.tick(now) : dueMs;
      // It may have been removed by what it sent to.
      if (nextMs !== dueMs && this.#dueMs.has(source)) this.#dueMs.set(source, nextMs);
      next = Math.min(next, nextMs);
    }
    if (this.#dueMs.size === 0) return;
    this.#arm(Math.min(longestWaitMs, Math.max(shortestWaitMs, next - this.nowMs())));
  }
}
