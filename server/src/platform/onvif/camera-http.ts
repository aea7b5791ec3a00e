import type { AddressRules } from '../../lib/address-rules.js';
import { isConfirmedHost, withheld } from '../../lib/confirmed-hosts.js';
import { exchange, type HttpAnswer } from './http-exchange.js';
import { secureRedirect } from './secure-redirect.js';

export interface CameraHttpOptions {
  /** Hosts that anything may be sent to, at any port. */
  confirmedHosts: readonly string[];
  /** The key that the camera must have over https; null and absent: any. */
  tlsKey?: string | null | undefined;
  /** For one exchange. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  rules: AddressRules;
}

export interface CameraRequest {
  method: 'GET' | 'POST';
  url: URL;
  headers: Readonly<Record<string, string>>;
  /** Value of the Authorization header for the address that is asked in the end. */
  authorization?: ((target: URL) => string) | undefined;
  body?: string;
  maxBytes?: number;
  /** For one exchange, where it may take longer than usual. */
  timeoutMs?: number | undefined;
}

/**
 * HTTP to one camera, the last place before the network: nothing goes to a host that is not confirmed, whatever the camera
 * reports. Follows it from http to https of its own host, and keeps to that.
 */
export class CameraHttp {
  readonly #options: CameraHttpOptions;
  #tlsKey: string | undefined;
  #oldTls = false;
  /** Origin of https by the origin of http that led there. */
  readonly #secured = new Map<string, string>();

  constructor(options: CameraHttpOptions) {
    this.#options = options;
  }

  /** The key that the camera showed last, SHA-256 of its SPKI in hex; undefined over plain HTTP. */
  get tlsKey(): string | undefined {
    return this.#tlsKey;
  }

  /** It speaks only TLS that is out of date. */
  get oldTls(): boolean {
    return this.#oldTls;
  }

  /** The address over https to which the camera redirected this one; undefined where it did not. */
  secureAddress(url: URL): URL | undefined {
    const origin = this.#secured.get(url.origin);
    return origin === undefined ? undefined : new URL(`${url.pathname}${url.search}`, origin);
  }

  /** @throws AppError precondition `password_withheld` (a host that is not confirmed), and as `exchange`. */
  async send(request: CameraRequest): Promise<HttpAnswer> {
    const target = this.secureAddress(request.url) ?? request.url;
    const answer = await this.#exchange(target, request);
    const secure = secureRedirect(target, answer.status, answer.location);
    if (secure === undefined) return answer;
    this.#secured.set(target.origin, secure.origin);
    return this.#exchange(secure, request);
  }

  async #exchange(url: URL, request: CameraRequest): Promise<HttpAnswer> {
    const { method, headers, authorization, body, maxBytes } = request;
    const { confirmedHosts, signal, rules, tlsKey } = this.#options;
    const timeoutMs = request.timeoutMs ?? this.#options.timeoutMs;
    // A pinned key is the one proof of who answers: plain HTTP has none.
    const isUnproven = typeof tlsKey === 'string' && url.protocol !== 'https:';
    if (isUnproven || !isConfirmedHost(confirmedHosts, url.hostname)) throw withheld(url.host);
    const answer = await exchange({
      ...{ method, url, timeoutMs, signal, rules, oldTls: this.#oldTls },
      headers: authorization === undefined ? headers : { ...headers, authorization: authorization(url) },
      ...(body === undefined ? {} : { body }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
      tlsKey: tlsKey ?? undefined,
    });
    if (answer.tlsKey !== undefined) this.#tlsKey = answer.tlsKey;
    this.#oldTls ||= answer.oldTls;
    return answer;
  }
}
