import type { Request, Response } from 'express';
import type { IncomingMessage } from 'node:http';
import { requestPeer } from '../../platform/http/request-peer.js';
import type { TrustedProxies } from '../../platform/http/trusted-proxies.js';

/**
 * A token that travels in a cookie and nowhere else: httpOnly, SameSite=Strict, and over HTTPS with the `__Host-` prefix,
 * by which a browser refuses it from any other host, path or plain HTTP (RFC 6265bis 4.1.3.2).
 */
export class AuthCookie {
  readonly #name: string;
  readonly #proxies: TrustedProxies;
  readonly #maxAgeMs: number;

  constructor(options: { name: string; proxies: TrustedProxies; maxAgeMs: number }) {
    this.#name = options.name;
    this.#proxies = options.proxies;
    this.#maxAgeMs = options.maxAgeMs;
  }

  read(request: IncomingMessage): string | undefined {
    const name = this.#nameFor(request);
    for (const pair of (request.headers.cookie ?? '').split(';')) {
      const [key, value] = pair.trim().split('=', 2);
      if (key === name && value !== undefined && /^[\w-]{20,200}$/.test(value)) return value;
    }
    return undefined;
  }

  set(request: Request, response: Response, token: string): void {
    response.cookie(this.#nameFor(request), token, { ...this.#attributes(request), maxAge: this.#maxAgeMs });
  }

  clear(request: Request, response: Response): void {
    response.clearCookie(this.#nameFor(request), this.#attributes(request));
  }

  #nameFor(request: IncomingMessage): string {
    return this.#isSecure(request) ? `__Host-${this.#name}` : this.#name;
  }

  #attributes(request: IncomingMessage) {
    return { httpOnly: true, sameSite: 'strict', secure: this.#isSecure(request), path: '/' } as const;
  }

  #isSecure(request: IncomingMessage): boolean {
    return requestPeer(request, this.#proxies).protocol === 'https';
  }
}
