import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { plainAddress } from './peer-network.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** Who is at the other end of a request, and under which origin they reached us. */
export interface RequestPeer {
  /** IP address, IPv4 in its plain form. */
  readonly address: string;
  /** As the browser wrote it, with the port if any; empty when the client sent none. */
  readonly host: string;
  readonly protocol: 'http' | 'https';
}

/** Headers by which a reverse proxy says what it was asked. */
export const forwardedHeaders = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
] as const;

/**
 * Works on express requests and on raw socket upgrades alike. What a trusted proxy forwards is believed (X-Forwarded-*,
 * or Forwarded of RFC 7239); what anybody else forwards is not even looked at.
 */
export function requestPeer(request: IncomingMessage, proxies: TrustedProxies): RequestPeer {
  const direct = plainAddress(request.socket.remoteAddress ?? '');
  const encrypted = (request.socket as Partial<TLSSocket>).encrypted === true;
  const ownHost = request.headers.host ?? '';
  if (!proxies.includes(direct)) return { address: direct, host: ownHost, protocol: encrypted ? 'https' : 'http' };
  const rfc7239 = lastForwarded(request.headers.forwarded);
  const scheme = lastOf(request.headers['x-forwarded-proto']) ?? rfc7239['proto'];
  const protocol = scheme === undefined ? (encrypted ? 'https' : 'http') : scheme === 'https' ? 'https' : 'http';
  const host = lastOf(request.headers['x-forwarded-host']) ?? rfc7239['host'] ?? ownHost;
  return {
    address: clientAddress(request, rfc7239['for'], proxies) ?? direct,
    host: withPort(host, lastOf(request.headers['x-forwarded-port']), protocol),
    protocol,
  };
}

/** A client, or a proxy that is not in the list, sends headers of a proxy. They are not believed. */
export function hasForeignForwarding(request: IncomingMessage, proxies: TrustedProxies): boolean {
  return (
    forwardedHeaders.some((name) => request.headers[name] !== undefined) &&
    !proxies.includes(request.socket.remoteAddress ?? '')
  );
}

/** The nearest address that is not one of the trusted proxies; each of them appended whom it was asked by. */
function clientAddress(request: IncomingMessage, forwardedFor: string | undefined, proxies: TrustedProxies) {
  const header = request.headers['x-forwarded-for'] ?? forwardedFor;
  const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map(bareAddress);
  let nearest: string | undefined;
  for (const hop of hops.toReversed()) {
    if (isIP(hop) === 0) break;
    nearest = hop;
    if (!proxies.includes(hop)) break;
  }
  return nearest;
}

/** `192.0.2.7:4711`, `"[2001:db8::1]:4711"` and the like without port, brackets and quotes. */
function bareAddress(text: string): string {
  const plain = text.trim().replace(/^"|"$/g, '');
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(plain);
  if (bracketed !== null) return bracketed[1] ?? '';
  return plainAddress(/^\d+\.\d+\.\d+\.\d+:\d+$/.test(plain) ? (plain.split(':')[0] ?? '') : plain);
}

/** A host that came without its port gets the forwarded one, unless browsers leave that out too. */
function withPort(host: string, port: string | undefined, protocol: 'http' | 'https'): string {
  if (port === undefined || !/^\d{1,5}$/.test(port) || /:\d+$/.test(host)) return host;
  return port === (protocol === 'https' ? '443' : '80') ? host : `${host}:${port}`;
}

function lastForwarded(header: string | undefined): Record<string, string | undefined> {
  const element = lastOf(header);
  if (element === undefined) return {};
  const pairs = element.split(';').map((pair) => {
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    return [name.trim().toLowerCase(), value.trim().replace(/^"|"$/g, '')] as const;
  });
  return Object.fromEntries(pairs);
}

function lastOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.at(-1) : header;
  return text?.split(',').at(-1)?.trim() || undefined;
}
