import type { Clock } from '../../lib/clock.js';

const lookEveryMs = 250;
/** A look that comes so late says that this process was busy: answers may be waiting to be read. */
const lateLookMs = 750;

/**
 * Notices within a quarter of a second that nothing has been heard for `silentAfterMs`, long before whoever is silent
 * counts as lost. Knows nothing before something was heard once.
 */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #silentAfterMs: number;
  readonly #changed: () => void;
  #heard: { monotonicMs: number; at: number } | undefined;
  #silent = false;

  constructor(options: { clock: Clock; silentAfterMs: number; changed: () => void }) {
    this.#clock = options.clock;
    this.#silentAfterMs = options.silentAfterMs;
    this.#changed = options.changed;
  }

  /** Unix milliseconds at which something was heard last; undefined while there is no silence. */
  get silentSince(): number | undefined {
    return this.#silent ? this.#heard?.at : undefined;
  }

  heard(): void {
    this.#heard = { monotonicMs: this.#clock.monotonicMs(), at: this.#clock.nowMs() };
    if (!this.#silent) return;
    this.#silent = false;
    this.#changed();
  }

  /** Looks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let lookedAtMs = this.#clock.monotonicMs();
    while (!signal.aborted) {
      await this.#clock.sleep(lookEveryMs, signal).catch(() => undefined);
      const nowMs = this.#clock.monotonicMs();
      const late = nowMs - lookedAtMs > lateLookMs;
      lookedAtMs = nowMs;
      if (late || signal.aborted || this.#silent || this.#heard === undefined) continue;
      if (nowMs - this.#heard.monotonicMs < this.#silentAfterMs) continue;
      this.#silent = true;
      this.#changed();
    }
  }
}
