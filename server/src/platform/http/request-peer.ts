import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { plainAddress } from './peer-network.js';

/** Who is at the other end of a request, and under which origin they reached us. */
export interface RequestPeer {
  /** IP address, IPv4 in its plain form. */
  readonly address: string;
  /** As the browser wrote it, with the port if any; empty when the client sent none. */
  readonly host: string;
  readonly protocol: 'http' | 'https';
}

/**
 * Works on express requests and on raw socket upgrades alike. With `trustProxy` the last hop's X-Forwarded-* are
 * believed, without it they are not even looked at.
 */
export function requestPeer(request: IncomingMessage, trustProxy: boolean): RequestPeer {
  const encrypted = (request.socket as Partial<TLSSocket>).encrypted === true;
  const forwarded = (name: string) => (trustProxy ? lastOf(request.headers[name]) : undefined);
  const protocol = forwarded('x-forwarded-proto') ?? (encrypted ? 'https' : 'http');
  return {
    address: plainAddress(forwarded('x-forwarded-for') ?? request.socket.remoteAddress ?? ''),
    host: forwarded('x-forwarded-host') ?? request.headers.host ?? '',
    protocol: protocol === 'https' ? 'https' : 'http',
  };
}

/**
 * Whether a request comes from our own pages, as far as its headers tell (OWASP: verifying origin with standard
 * headers). Every browser sends Origin with requests that change something and with WebSocket upgrades; a program
 * that sends neither header holds no browser's cookie that could be abused.
 */
export function isSameOrigin(request: IncomingMessage, trustProxy: boolean): boolean {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (origin !== undefined) {
    const peer = requestPeer(request, trustProxy);
    return origin.toLowerCase() === `${peer.protocol}://${peer.host}`.toLowerCase();
  }
  return site === undefined || site === 'same-origin' || site === 'none';
}

function lastOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.at(-1) : header;
  return text?.split(',').at(-1)?.trim() || undefined;
}
