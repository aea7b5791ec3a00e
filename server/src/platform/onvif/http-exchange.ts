import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { AppError, errorMessage } from '../../lib/errors.js';
import { maxAnswerBytes } from './soap-xml.js';

export interface HttpAnswer {
  status: number;
  /** Values of WWW-Authenticate, one an element. */
  challenges: string[];
  contentType: string;
  body: Buffer;
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
}

const refused = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** A failure of the network or of HTTP itself, in the words of `cameraAddResult.outcome`; `details.reason` is a CameraReason. */
function exchangeError(error: unknown, where: string): AppError {
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
 * elsewhere. TLS certificates are not checked, because cameras sign their own.
 * @throws AppError unavailable: `unreachable` (no connection, no answer in time), `bad_answer` (not HTTP, too large).
 */
export function exchange(options: HttpExchangeOptions): Promise<HttpAnswer> {
  const { url, body, signal } = options;
  const maxBytes = options.maxBytes ?? maxAnswerBytes;
  const where = url.host;
  const secure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const aborted = () => request.destroy(new AppError('unavailable', 'stopped', `${where}: given up`));
    const timer = setTimeout(() => {
      request.destroy(
        new AppError('unavailable', 'unreachable', `${where}: no answer within ${options.timeoutMs} ms`, {
          details: { reason: 'host_unreachable' },
        }),
      );
    }, options.timeoutMs);
    const settle = (error: unknown, answer?: HttpAnswer) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      request.destroy();
      if (answer !== undefined) resolve(answer);
      else reject(error instanceof AppError ? error : exchangeError(error, where));
    };
    const onResponse = (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) {
          settle(
            new AppError('unavailable', 'bad_answer', `${where}: answer is larger than ${maxBytes} bytes`, {
              details: { reason: 'bad_answer' },
            }),
          );
          return;
        }
        chunks.push(chunk);
      });
      response.on('error', (error) => settle(error));
      response.on('end', () => {
        settle(undefined, {
          status: response.statusCode ?? 0,
          challenges: response.headersDistinct['www-authenticate'] ?? [],
          contentType: response.headers['content-type'] ?? '',
          body: Buffer.concat(chunks),
        });
      });
    };
    const payload = body === undefined ? undefined : Buffer.from(body, 'utf8');
    const request = (secure ? requestHttps : requestHttp)(
      {
        protocol: url.protocol,
        hostname: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
        path: `${url.pathname}${url.search}`,
        method: options.method,
        headers: {
          ...options.headers,
          connection: 'close',
          ...(payload === undefined ? {} : { 'content-length': String(payload.length) }),
        },
        agent: false,
        maxHeaderSize: 16 * 1024,
        // Cheap cameras break HTTP's grammar in small ways (both lengths given, bare line feeds).
        insecureHTTPParser: true,
        ...(secure ? { rejectUnauthorized: false } : {}),
      },
      onResponse,
    );
    request.on('error', (error) => settle(error));
    signal?.addEventListener('abort', aborted, { once: true });
    if (signal?.aborted === true) aborted();
    request.end(payload);
  });
}
