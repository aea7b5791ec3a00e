import type { Request, Response } from 'express';
import type { IncomingMessage } from 'node:http';
import { requestPeer } from '../../platform/http/request-peer.js';

const NAME = 'choi_canh_session';

/**
 * The session's token travels in a cookie and nowhere else: httpOnly, SameSite=Strict, and over HTTPS with the
 * `__Host-` prefix, by which a browser refuses it from any other host, path or plain HTTP (RFC 6265bis 4.1.3.2).
 */
export class SessionCookie {
  constructor(private readonly options: { trustProxy: boolean; maxAgeMs: number }) {}

  read(request: IncomingMessage): string | undefined {
    const name = this.nameFor(request);
    for (const pair of (request.headers.cookie ?? '').split(';')) {
      const [key, value] = pair.trim().split('=', 2);
      if (key === name && value !== undefined && /^[\w-]{20,200}$/.test(value)) return value;
    }
    return undefined;
  }

  set(request: Request, response: Response, token: string): void {
    response.cookie(this.nameFor(request), token, { ...this.attributes(request), maxAge: this.options.maxAgeMs });
  }

  clear(request: Request, response: Response): void {
    response.clearCookie(this.nameFor(request), this.attributes(request));
  }

  private nameFor(request: IncomingMessage): string {
    return this.isSecure(request) ? `__Host-${NAME}` : NAME;
  }

  private attributes(request: IncomingMessage) {
    return { httpOnly: true, sameSite: 'strict', secure: this.isSecure(request), path: '/' } as const;
  }

  private isSecure(request: IncomingMessage): boolean {
    return requestPeer(request, this.options.trustProxy).protocol === 'https';
  }
}
