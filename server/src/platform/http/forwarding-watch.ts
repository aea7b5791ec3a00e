import type { IncomingMessage } from 'node:http';
import { systemClock, type Clock } from '../../lib/clock.js';
import type { AppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { hasForeignForwarding } from './request-peer.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** What is wrong between a reverse proxy and us. */
export type ForwardingProblem =
  { kind: 'proxy_not_trusted'; address: string } | { kind: 'proxy_header_missing'; header: string };

/** A problem that goes on is reported again after this. */
const reportEveryMs = 10 * 60_000;
const maxRemembered = 100;

/** Notices reverse proxies that are not in the list, or that leave out a header; each is logged and reported seldom. */
export class ForwardingWatch {
  readonly #proxies: TrustedProxies;
  readonly #logger: Logger;
  readonly #report: (problem: ForwardingProblem) => void;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #reportedAtMs = new Map<string, number>();

  constructor(options: {
    proxies: TrustedProxies;
    logger: Logger;
    report?: ((problem: ForwardingProblem) => void) | undefined;
    clock?: Pick<Clock, 'monotonicMs'>;
  }) {
    this.#proxies = options.proxies;
    this.#logger = options.logger;
    this.#report = options.report ?? (() => undefined);
    this.#clock = options.clock ?? systemClock;
  }

  /** Of every request. */
  look(request: IncomingMessage): void {
    if (!hasForeignForwarding(request, this.#proxies)) return;
    const address = request.socket.remoteAddress ?? '';
    const said = 'X-Forwarded-* or Forwarded of an address that is not in CHOI_CANH_TRUSTED_PROXIES is not believed';
    this.#note({ kind: 'proxy_not_trusted', address }, said);
  }

  /** Of a request that was refused because of its origin. */
  refused(error: AppError): void {
    const header = error.details['header'];
    if (error.code !== 'proxy_header_missing' || typeof header !== 'string') return;
    this.#note({ kind: 'proxy_header_missing', header }, `the reverse proxy must set ${header}: see README`);
  }

  #note(problem: ForwardingProblem, message: string): void {
    const key = JSON.stringify(problem);
    const nowMs = this.#clock.monotonicMs();
    const beforeMs = this.#reportedAtMs.get(key);
    if (beforeMs !== undefined && nowMs - beforeMs < reportEveryMs) return;
    if (beforeMs === undefined && this.#reportedAtMs.size >= maxRemembered) return;
    this.#reportedAtMs.set(key, nowMs);
    this.#logger.warn(problem, message);
    this.#report(problem);
  }
}
