// Lets streams connect in an orderly way: so many set-ups at once, so many beginnings a second, however many cameras come
// back together. A set-up that takes long (a camera that is off, or hangs) gives its place away after a while.
import type { Clock } from '../../lib/clock.js';

export interface ConnectGateOptions {
  readonly clock: Clock;
  /** Shortest pause between two beginnings, ms. */
  readonly everyMs: number;
  readonly atOnce: number;
  /** After this a set-up counts no longer, ms. */
  readonly leaseMs: number;
}

export class ConnectGate {
  private readonly waiting = new Set<() => void>();
  private underWay = 0;
  private nextAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: ConnectGateOptions) {}

  /** Resolves when the caller may connect, or when the signal aborts. Returns what ends the set-up; it works once. */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) return () => undefined;
    const entered = await new Promise<boolean>((resolve) => {
      const begin = () => {
        signal.removeEventListener('abort', onAbort);
        resolve(true);
      };
      const onAbort = () => {
        this.waiting.delete(begin);
        resolve(false);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiting.add(begin);
      this.admit();
    });
    return entered ? this.lease() : () => undefined;
  }

  /** Somebody waits for a place. */
  get isCrowded(): boolean {
    return this.waiting.size > 0;
  }

  private lease(): () => void {
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      clearTimeout(timer);
      this.underWay -= 1;
      this.admit();
    };
    const timer = setTimeout(release, this.options.leaseMs);
    timer.unref();
    return release;
  }

  private admit(): void {
    const { clock, everyMs, atOnce } = this.options;
    while (this.underWay < atOnce) {
      const [first] = this.waiting;
      if (first === undefined) return;
      const waitMs = this.nextAt - clock.monotonicMs();
      if (waitMs > 0) {
        this.timer ??= setTimeout(() => {
          this.timer = undefined;
          this.admit();
        }, waitMs);
        return;
      }
      this.nextAt = Math.max(this.nextAt, clock.monotonicMs() - everyMs) + everyMs;
      this.waiting.delete(first);
      this.underWay += 1;
      first();
    }
  }
}
