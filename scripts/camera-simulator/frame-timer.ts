import type { Clock } from '../../server/src/lib/clock.js';

/** Something that sends at instants of its own. */
export interface TimedSource {
  /** Sends what is due at `nowMs` (monotonic) and returns when the next is due; Infinity when nothing will be. */
  tick(nowMs: number): number;
}

const shortestWaitMs = 2;
const longestWaitMs = 250;
const stepMs = 50;

/**
 * One timer for every stream of every camera, and the place where monotonic time becomes UTC. Frames are paced by the
 * monotonic clock; a step of the host's clock moves the UTC they are stamped with from then on.
 */
export class FrameTimer {
  readonly #clock: Clock;
  readonly #sources = new Set<TimedSource>();
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
    this.#sources.add(source);
    this.#arm(0);
  }

  remove(source: TimedSource): void {
    this.#sources.delete(source);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#sources.clear();
  }

  #arm(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), waitMs);
  }

  #run(): void {
    const now = this.nowMs();
    let next = Infinity;
    for (const source of this.#sources) next = Math.min(next, source.tick(now));
    if (this.#sources.size === 0) return;
    this.#arm(Math.min(longestWaitMs, Math.max(shortestWaitMs, next - this.nowMs())));
  }
}
