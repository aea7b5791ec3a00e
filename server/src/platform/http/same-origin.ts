import type { IncomingMessage } from 'node:http';
import { AppError } from '../../lib/errors.js';
import { hasForeignForwarding, requestPeer } from './request-peer.js';
import type { TrustedProxies } from './trusted-proxies.js';

/**
 * Whether a request comes from our own pages, as far as its headers tell (OWASP: verifying origin with standard
 * headers). Every browser sends Origin with requests that change something and with WebSocket upgrades; a program
 * that sends neither header holds no browser's cookie that could be abused.
 */
export function isSameOrigin(request: IncomingMessage, proxies: TrustedProxies): boolean {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (origin !== undefined) {
    const peer = requestPeer(request, proxies);
    return origin.toLowerCase() === `${peer.protocol}://${peer.host}`.toLowerCase();
  }
  return site === undefined || site === 'same-origin' || site === 'none';
}

/**
 * Why a request is not taken for one of our own pages': most often the page is ours and a reverse proxy did not forward
 * what it was asked, which `proxy_header_missing` names.
 */
export function foreignOriginError(request: IncomingMessage, proxies: TrustedProxies): AppError {
  const address = request.socket.remoteAddress ?? '';
  if (hasForeignForwarding(request, proxies)) {
    return new AppError(
      'forbidden',
      'proxy_not_trusted',
      `the request was forwarded by ${address}, which is not in CHOI_CANH_TRUSTED_PROXIES`,
      { details: { address } },
    );
  }
  const header = proxies.includes(address) ? missingHeader(request, proxies) : undefined;
  if (header !== undefined) {
    return new AppError('forbidden', 'proxy_header_missing', `the reverse proxy does not forward ${header}`, {
      details: { header },
    });
  }
  return new AppError('forbidden', 'foreign_origin', 'the request comes from another site');
}

/** The header without which our own origin cannot be known: what differs from the page's origin and was not forwarded. */
function missingHeader(request: IncomingMessage, proxies: TrustedProxies): string | undefined {
  const peer = requestPeer(request, proxies);
  const page = URL.canParse(request.headers.origin ?? '') ? new URL(request.headers.origin ?? '') : undefined;
  const own = URL.canParse(`${peer.protocol}://${peer.host}`) ? new URL(`${peer.protocol}://${peer.host}`) : undefined;
  if (page === undefined) return undefined;
  const isForwarded = (name: string) =>
    request.headers[name] !== undefined || request.headers.forwarded?.includes(name.slice('x-forwarded-'.length));
  const candidates: [string, boolean][] = [
    ['X-Forwarded-Host', own?.hostname !== page.hostname],
    ['X-Forwarded-Proto', own?.protocol !== page.protocol],
    ['X-Forwarded-Port', own?.port !== page.port && !/:\d+$/.test(peer.host)],
  ];
  return candidates.find(([name, differs]) => differs && !isForwarded(name.toLowerCase()))?.[0];
}
