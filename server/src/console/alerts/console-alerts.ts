import { instantFromMs } from '@choi-canh/shared/common';
import { consoleAlertSeverities, type ConsoleAlert, type ConsoleAlertCode } from '@choi-canh/shared/console-alerts';
import type { Clock } from '../../lib/clock.js';
import type { Logger } from '../../lib/logger.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';

/** What a feature needs to raise an alert about the console itself. */
export interface AlertRaiser {
  /**
   * Raises an alert, or replaces the facts of one that is raised already; it keeps the instant since when it is so.
   * Never put credentials, or what only one area may know, into `facts`: everybody with `recorder.view` reads them.
   */
  raise(code: ConsoleAlertCode, facts?: ConsoleAlert['facts'], subject?: string): void;
  /** Nothing where the alert is not raised. */
  clear(code: ConsoleAlertCode, subject?: string): void;
}

/** More alerts than anybody reads: what is raised beyond is logged only. */
const maxAlerts = 100;

/**
 * Alerts about the console itself, as `recorder-alerts.ts` has them of recorders. They are in memory, because they must
 * work without the database: whoever raises one finds out again after a restart.
 */
export class ConsoleAlerts implements AlertRaiser {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #alerts = new Map<string, ConsoleAlert>();
  #broadcaster: Broadcaster | undefined;

  constructor(options: { clock: Clock; logger: Logger }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Changes are sent there from now on. Alerts are raised before there are sockets. */
  publishTo(broadcaster: Broadcaster): void {
    this.#broadcaster = broadcaster;
  }

  raise(code: ConsoleAlertCode, facts: ConsoleAlert['facts'] = {}, subject = ''): void {
    const key = keyOf(code, subject);
    const before = this.#alerts.get(key);
    if (before !== undefined && JSON.stringify(before.facts) === JSON.stringify(facts)) return;
    const severity = consoleAlertSeverities[code];
    if (before === undefined) {
      this.#logger[severity === 'critical' ? 'error' : 'warn']({ alert: code, subject, facts }, 'an alert was raised');
      if (this.#alerts.size >= maxAlerts) return;
    }
    const sinceAt = before?.sinceAt ?? instantFromMs(this.#clock.nowMs());
    this.#alerts.set(key, { code, subject, severity, sinceAt, facts });
    this.#publish();
  }

  clear(code: ConsoleAlertCode, subject = ''): void {
    if (!this.#alerts.delete(keyOf(code, subject))) return;
    this.#logger.info({ alert: code, subject }, 'an alert is over');
    this.#publish();
  }

  /** Gravest first, then the newest. */
  list(): ConsoleAlert[] {
    return [...this.#alerts.values()].sort(
      (one, other) =>
        Number(other.severity === 'critical') - Number(one.severity === 'critical') ||
        other.sinceAt.localeCompare(one.sinceAt),
    );
  }

  #publish(): void {
    this.#broadcaster?.toPermission('recorder.view', 'console.alerts', this.list());
  }
}

const keyOf = (code: ConsoleAlertCode, subject: string) => `${code} ${subject}`;
