import { constants } from 'node:crypto';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect as connectTls, type SecureContextOptions, type TLSSocket } from 'node:tls';
import { peerKey } from '../../lib/peer-key.js';
import type { AddressRules } from '../../lib/address-rules.js';
import { AppError, errorMessage } from '../../lib/errors.js';
import { maxAnswerBytes } from './soap-xml.js';

export interface HttpAnswer {
  status: number;
  /** Values of WWW-Authenticate, one an element. */
  challenges: string[];
  contentType: string;
  /** Of a redirection; '' where there is none. */
  location: string;
  body: Buffer;
  /** SHA-256 of the public key that it showed (SPKI, hex); undefined over plain HTTP. */
  tlsKey: string | undefined;
  /** It spoke only TLS 1.0 or 1.1, or with a key or cipher that counts as weak. */
  oldTls: boolean;
}

export interface HttpExchangeOptions {
  method: 'GET' | 'POST';
  url: URL;
  headers: Record<string, string>;
  body?: string;
  /** For the whole exchange, from connecting to the last byte. */
  timeoutMs: number;
  maxBytes?: number;
  signal?: AbortSignal | undefined;
  rules: AddressRules;
  /** The key that it must have over https; nothing is sent to another. Absent: any. */
  tlsKey?: string | undefined;
  /** Speaks old TLS at once, because the device was found to know no other. */
  oldTls?: boolean | undefined;
}

/** A TLS handshake failed: before anything of the request was written. */
class HandshakeError extends Error {}

const refused = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** A failure of the network or of HTTP itself, in the words of `cameraAddResult.outcome`; `details.reason` is a CameraReason. */
function exchangeError(error: unknown, where: string): AppError {
  if (error instanceof HandshakeError) {
    return new AppError('unavailable', 'tls_unusable', `${where}: its TLS cannot be used (${error.message})`, {
      details: { reason: 'tls_unusable' },
    });
  }
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code.startsWith('HPE_') || code.startsWith('ERR_SSL') || code === 'ERR_TLS_PROTOCOL') {
    return new AppError('unavailable', 'bad_answer', `${where}: answer is not HTTP (${code})`, {
      details: { reason: 'bad_answer' },
    });
  }
  const reason = refused.has(code) ? 'connection_refused' : 'host_unreachable';
  return new AppError('unavailable', 'unreachable', `${where}: ${code === '' ? errorMessage(error) : code}`, {
    details: { reason },
  });
}

/**
 * One HTTP request on a connection of its own. Redirects are not followed: a camera must not send us, and what we know,
 * elsewhere. TLS certificates are not checked, because cameras sign their own; a key may be pinned. A device whose
 * handshake fails is asked once more in old TLS, which is no less than the plain HTTP of its neighbours.
 * @throws AppError unavailable: `unreachable` (no connection, no answer in time), `tls_unusable`, `bad_answer` (not HTTP,
 * too large); precondition `password_withheld` (another key); invalid `address_not_allowed`.
 */
export async function exchange(options: HttpExchangeOptions): Promise<HttpAnswer> {
  const where = options.url.host;
  try {
    return await attempt(options);
  } catch (error) {
    if (!(error instanceof HandshakeError) || options.oldTls === true) throw asAppError(error, where);
  }
  return attempt({ ...options, oldTls: true }).catch((error: unknown) => {
    throw asAppError(error, where);
  });
}

const asAppError = (error: unknown, where: string): AppError =>
  error instanceof AppError ? error : exchangeError(error, where);

/** @throws AppError, HandshakeError, or what the socket said */
async function attempt(options: HttpExchangeOptions): Promise<HttpAnswer> {
  const { url, body, signal, oldTls = false } = options;
  const target = options.rules.connectOptions(url.hostname);
  const maxBytes = options.maxBytes ?? maxAnswerBytes;
  const where = url.host;
  const secure = url.protocol === 'https:';
  let tlsKey: string | undefined;
  let connected = false;
  return new Promise((resolve, reject) => {
    const aborted = () => request.destroy(new AppError('unavailable', 'stopped', `${where}: given up`));
    const timer = setTimeout(() => {
      request.destroy(
        new AppError('unavailable', 'unreachable', `${where}: no answer within ${options.timeoutMs} ms`, {
          details: { reason: 'host_unreachable' },
        }),
      );
    }, options.timeoutMs);
    const finish = (error: unknown, answer?: HttpAnswer) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      request.destroy();
      if (answer !== undefined) resolve(answer);
      else if (error instanceof AppError || !secure || !connected || tlsKey !== undefined) reject(error as Error);
      else reject(new HandshakeError((error as NodeJS.ErrnoException).code ?? errorMessage(error)));
    };
    const onResponse = (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const answer = () => ({
        status: response.statusCode ?? 0,
        challenges: response.headersDistinct['www-authenticate'] ?? [],
        contentType: response.headers['content-type'] ?? '',
        location: response.headers.location ?? '',
        body: Buffer.concat(chunks),
        tlsKey,
        oldTls,
      });
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) {
          finish(
            new AppError('unavailable', 'bad_answer', `${where}: answer is larger than ${maxBytes} bytes`, {
              details: { reason: 'bad_answer' },
            }),
          );
          return;
        }
        chunks.push(chunk);
      });
      // Cameras state a longer body than they send, and close: what came may be whole all the same.
      response.on('error', (error) => (bytes > 0 ? finish(undefined, answer()) : finish(error)));
      response.on('end', () => finish(undefined, answer()));
    };
    const payload = body === undefined ? undefined : Buffer.from(body, 'utf8');
    const request = (secure ? requestHttps : requestHttp)(
      {
        protocol: url.protocol,
        ...target,
        port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
        path: `${url.pathname}${url.search}`,
        method: options.method,
        headers: {
          ...options.headers,
          host: url.host,
          connection: 'close',
          ...(payload === undefined ? {} : { 'content-length': String(payload.length) }),
        },
        agent: false,
        maxHeaderSize: 16 * 1024,
        // Cheap cameras break HTTP's grammar in small ways (both lengths given, bare line feeds).
        insecureHTTPParser: true,
        ...(secure ? tlsOptions(oldTls) : {}),
      },
      onResponse,
    );
    request.on('error', (error) => finish(error));
    signal?.addEventListener('abort', aborted, { once: true });
    if (signal?.aborted === true) aborted();
    if (!secure) {
      request.end(payload);
      return;
    }
    // Nothing of the request is written before the key is known.
    request.once('socket', (socket) => {
      socket.once('connect', () => (connected = true));
      socket.once('secureConnect', () => {
        tlsKey = peerKey(socket as TLSSocket) ?? '';
        if (options.tlsKey === undefined || options.tlsKey === tlsKey) request.end(payload);
        else finish(keyChanged(where));
      });
    });
  });
}

/** Certificates are not checked; old: TLS 1.0 with its ciphers and without secure renegotiation (RFC 5746). */
function tlsOptions(oldTls: boolean): SecureContextOptions & { rejectUnauthorized: false } {
  if (!oldTls) return { rejectUnauthorized: false };
  return {
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
    secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
  };
}

const keyChanged = (where: string): AppError =>
  new AppError('precondition', 'tls_key_changed', `${where}: the device shows another key over https than before`, {
    details: { reason: 'tls_key_changed' },
  });

/**
 * The key that a device shows over https: a handshake, and nothing is sent. Undefined where there is none.
 * @throws AppError invalid `address_not_allowed`
 */
export async function shownTlsKey(url: URL, rules: AddressRules, timeoutMs: number): Promise<string | undefined> {
  if (url.protocol !== 'https:') return undefined;
  const target = rules.connectOptions(url.hostname);
  const shake = (oldTls: boolean) =>
    new Promise<string | undefined>((resolve) => {
      const port = url.port === '' ? 443 : Number(url.port);
      const socket = connectTls({ ...target, port, ...tlsOptions(oldTls) });
      const done = (key: string | undefined) => {
        clearTimeout(timer);
        socket.destroy();
        resolve(key);
      };
      const timer = setTimeout(() => done(undefined), timeoutMs);
      socket.on('error', () => done(undefined));
      socket.once('secureConnect', () => done(peerKey(socket)));
    });
  return (await shake(false)) ?? shake(true);
}
