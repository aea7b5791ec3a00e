// Opens the way to an RTSP server: TCP, or TLS, whose certificate nobody vouches for and whose key therefore is pinned.
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { AddressRules } from '../../../lib/address-rules.js';
import { peerKey } from '../../../lib/peer-key.js';
import { IngestFailure, socketFailure } from '../ingest-failure.js';
import { endpointOf } from './rtsp-address.js';

export interface RtspSocketOptions {
  readonly address: URL;
  readonly rules: AddressRules;
  readonly signal: AbortSignal;
  /** Of TLS: whether this key, SHA-256 of SPKI in hex, is the camera's; absent: any is. */
  readonly isOwnKey?: ((key: string) => boolean) | undefined;
  /** Valid during the call only. */
  readonly onBytes: (bytes: Buffer) => void;
}

const connectTimeoutMs = 6000;
/**
 * All connections read into this one: what was read is worked off before anything else is read. A buffer for each read,
 * as sockets have it by themselves, made two fifths of the CPU time go into collecting garbage.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Before anything is sent the key was found to be the camera's. @throws IngestFailure */
export async function openRtspSocket(options: RtspSocketOptions): Promise<Socket> {
  const { address, rules, signal, onBytes } = options;
  const { host, port } = endpointOf(address);
  const where = `${host}:${port}`;
  const isSecure = address.protocol === 'rtsps:';
  let target: ReturnType<AddressRules['connectOptions']>;
  try {
    target = rules.connectOptions(host);
  } catch (error) {
    throw socketFailure(error as NodeJS.ErrnoException, false, where);
  }
  const socket = isSecure
    ? connectTls({ ...target, port, rejectUnauthorized: false })
    : connect({
        ...target,
        port,
        onread: {
          buffer: readBuffer,
          callback: (byteLength) => {
            onBytes(readBuffer.subarray(0, byteLength));
            return true;
          },
        },
      });
  let connected = false;
  socket.once('connect', () => (connected = true));
  await new Promise<void>((resolve, reject) => {
    const finish = (error?: Error) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
      socket.removeListener('close', onClose);
      if (error === undefined) return resolve();
      socket.on('error', () => undefined); // it is given up
      socket.destroy();
      reject(error);
    };
    const noTls = (why: string) =>
      new IngestFailure('tls_unusable', `no TLS connection to ${where} (${why})`, { because: 'tls' });
    const timer = setTimeout(
      () =>
        finish(
          connected
            ? noTls('no answer')
            : new IngestFailure('host_unreachable', `no answer to a TCP connection (${where})`),
        ),
      connectTimeoutMs,
    );
    const onAbort = () => finish(new IngestFailure('no_stream', 'stopped'));
    const onError = (error: NodeJS.ErrnoException) =>
      finish(connected && isSecure ? noTls(error.code ?? 'a failure') : socketFailure(error, false, where));
    const onClose = () =>
      finish(
        connected && isSecure ? noTls('closed') : new IngestFailure('no_stream', `${where} closed the connection`),
      );
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('close', onClose);
    socket.once(isSecure ? 'secureConnect' : 'connect', () =>
      finish(isSecure && !isOwn(socket as TLSSocket, options) ? keyChanged(where) : undefined),
    );
    if (signal.aborted) onAbort();
  });
  if (isSecure) socket.on('data', onBytes);
  return socket;
}

/** A key that shows itself and is the one that was pinned. */
export function isOwn(socket: TLSSocket, { isOwnKey }: Pick<RtspSocketOptions, 'isOwnKey'>): boolean {
  const key = peerKey(socket);
  return key !== undefined && isOwnKey?.(key) !== false;
}

export const keyChanged = (where: string): IngestFailure =>
  new IngestFailure('tls_key_changed', `${where} shows another TLS key than before; nothing was sent to it`);
