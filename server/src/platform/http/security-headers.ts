import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { requestPeer } from './request-peer.js';
import type { TrustedProxies } from './trusted-proxies.js';

export interface SecurityHeaderOptions {
  proxies: TrustedProxies;
  /** Whether we terminate TLS, or a trusted proxy may. */
  tls: boolean;
  /** Own certificate: a browser may be told to insist on HTTPS. Never with a generated one, which it must be let click through. */
  strictTransport: boolean;
}

/**
 * The content security policy, written out. `blob:` is for media and workers of the player; styles may be inline
 * because the component library writes them; nothing comes from another host.
 */
export function securityHeaders(options: SecurityHeaderOptions): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        fontSrc: ["'self'"],
        mediaSrc: ["'self'", 'blob:'],
        workerSrc: ["'self'", 'blob:'],
        // 'self' alone does not cover ws: in every browser.
        connectSrc: ["'self'", (request) => socketSource(requestPeer(request, options.proxies).host)],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: options.strictTransport ? { maxAge: 180 * 24 * 3600, includeSubDomains: false } : false,
    // Both are ignored, with a warning in the console, where the origin is not trustworthy.
    crossOriginOpenerPolicy: options.tls ? { policy: 'same-origin' } : false,
    originAgentCluster: options.tls,
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
}

/** The Host header is the client's own word: only what looks like a host goes into the policy. */
function socketSource(host: string): string {
  return /^[\w.-]+(:\d{1,5})?$|^\[[\da-f:.]+\](:\d{1,5})?$/i.test(host) ? `ws://${host} wss://${host}` : "'self'";
}
