import type { Clock } from '../../lib/clock.js';
import type { ForwardingProblem } from '../../platform/http/forwarding-watch.js';
import type { AlertRaiser } from './console-alerts.js';

/** A problem that goes on is reported every ten minutes. */
const overAfterMs = 3600_000;

/** Alerts about a reverse proxy before the console; over when an hour went by without the problem. */
export class ForwardingAlerts {
  readonly #alerts: AlertRaiser;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #seenAtMs = new Map<ForwardingProblem['kind'], number>();

  constructor(options: { alerts: AlertRaiser; clock: Pick<Clock, 'monotonicMs'> }) {
    this.#alerts = options.alerts;
    this.#clock = options.clock;
  }

  note(problem: ForwardingProblem): void {
    const { kind, ...facts } = problem;
    this.#seenAtMs.set(kind, this.#clock.monotonicMs());
    this.#alerts.raise(kind, facts);
  }

  /** Called now and then. */
  expire(): void {
    for (const [kind, seenAtMs] of this.#seenAtMs) {
      if (this.#clock.monotonicMs() - seenAtMs < overAfterMs) continue;
      this.#seenAtMs.delete(kind);
      this.#alerts.clear(kind);
    }
  }
}
