import { createHash, type KeyObject } from 'node:crypto';
import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect as connectTcp, type NetConnectOpts, type Socket, type TcpNetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { AddressRules } from '../../lib/address-rules.js';
import { AppError } from '../../lib/errors.js';

/** What a client of TLS holds its peer to, and who it is itself. */
export interface PeerTls {
  /** SHA-256 of the peer's public key (SPKI, DER), hex; undefined: any key, for pairing and for a health check. */
  readonly pin?: string | undefined;
  /** The own certificate and key, PEM, for a server that knows its clients by key. */
  readonly identity?: { readonly cert: string; readonly key: string } | undefined;
  /** Sees the key of each peer before anything is sent to it. */
  readonly onPeerKey?: ((fingerprint: string) => void) | undefined;
}

export interface GuardedAgentOptions {
  readonly connectMs: number;
  readonly maxSockets: number;
  readonly tls?: PeerTls | undefined;
  /** Which addresses the peer may have, also behind a name; absent: any. */
  readonly rules?: AddressRules | undefined;
}

/** SHA-256 of a public key (SPKI, DER), hex: what is pinned. */
export function keyFingerprint(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** Of the key at the other end of a TLS connection; undefined where it showed no certificate. */
export function peerFingerprint(socket: TLSSocket): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? undefined : keyFingerprint(certificate.publicKey);
}

type Created = (error: Error | null, socket?: Duplex) => void;

/**
 * An agent whose connections are handed out only once they are made, within a deadline, and over TLS only to the pinned
 * key: not even the head of a request reaches another. Neither names nor validity dates are checked: the key says who it
 * is, and clocks on such networks are wrong. No TLS session is resumed, so each connection proves the key again.
 */
export function guardedAgent(secure: boolean, options: GuardedAgentOptions): HttpAgent | HttpsAgent {
  const agentOptions: AgentOptions = { keepAlive: true, maxSockets: options.maxSockets, maxFreeSockets: 16 };
  const agent = secure ? new HttpsAgent({ ...agentOptions, maxCachedSessions: 0 }) : new HttpAgent(agentOptions);
  const create = secure ? createTls : createTcp;
  // Node calls it with both arguments and takes a socket by the callback; its types say otherwise.
  (agent as { createConnection: unknown }).createConnection = (wanted: NetConnectOpts, created: Created) => {
    let target: NetConnectOpts;
    try {
      target = { ...wanted, ...options.rules?.connectOptions((wanted as TcpNetConnectOpts).host ?? '') };
    } catch (error) {
      return created(error as Error);
    }
    create(target, options, created);
  };
  return agent;
}

function createTcp(wanted: NetConnectOpts, { connectMs }: GuardedAgentOptions, created: Created): void {
  finishInTime(connectTcp(wanted), 'connect', connectMs, created);
}

function createTls(wanted: NetConnectOpts, { connectMs, tls = {} }: GuardedAgentOptions, created: Created): void {
  const socket = connectTls({
    ...(wanted as ConnectionOptions),
    ...tls.identity,
    minVersion: 'TLSv1.2',
    ...(tls.pin === undefined ? {} : { minVersion: 'TLSv1.3' }),
    rejectUnauthorized: false,
  });
  finishInTime(socket, 'secureConnect', connectMs, created, () => {
    const fingerprint = peerFingerprint(socket) ?? '';
    if (tls.pin !== undefined && fingerprint !== tls.pin) {
      throw new AppError('unavailable', 'peer_key_changed', 'another key than the pinned one answers', {
        details: { fingerprint },
      });
    }
    tls.onPeerKey?.(fingerprint);
  });
}

function finishInTime(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  connectMs: number,
  created: Created,
  check?: () => void,
): void {
  const end = (error: Error | null) => {
    clearTimeout(timer);
    socket.off('error', end);
    socket.off(event, onReady);
    socket.off('close', onClose);
    if (error === null) return created(null, socket);
    socket.on('error', () => undefined);
    socket.destroy();
    created(error);
  };
  const onReady = () => {
    try {
      check?.();
    } catch (error) {
      return end(error as Error);
    }
    end(null);
  };
  const onClose = () => end(new Error('the connection was closed while it was being made'));
  const timer = setTimeout(() => end(new Error(`no connection within ${connectMs} ms`)), connectMs);
  socket.once('error', end);
  socket.once(event, onReady);
  socket.once('close', onClose);
}
