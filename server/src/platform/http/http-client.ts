import { request as httpRequest, type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressRules } from '../../lib/address-rules.js';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import { guardedAgent, type PeerTls } from './guarded-agent.js';

export interface HttpClientOptions {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string;
  readonly tls?: PeerTls | undefined;
  /** Which addresses the peer may have, also behind a name; absent: any. */
  readonly rules?: AddressRules | undefined;
  /** Until a connection is there, its TLS handshake included; default 5 s. */
  readonly connectMs?: number;
  /** Connections at once; who comes later waits for one. Default 256. */
  readonly maxSockets?: number;
}

export interface HttpAsk {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
  /** Until the head of the answer, the wait for a connection included. */
  readonly headersMs: number;
  /** Longest silence of the peer inside the body; a reader who takes nothing is not the peer's. Default 30 s. */
  readonly idleMs?: number;
  /** Until the end of the body, from the beginning of the request. */
  readonly totalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const defaultIdleMs = 30_000;

/**
 * One peer that is asked over HTTP/1.1: kept-alive connections, and a deadline and a bound on everything that the peer
 * could draw out. Redirects are answers like any other: nothing is sent where nobody said so.
 */
export class HttpClient {
  readonly #origin: URL;
  readonly #agent: Agent;

  constructor(options: HttpClientOptions) {
    this.#origin = new URL(options.origin);
    this.#agent = guardedAgent(this.#origin.protocol === 'https:', {
      connectMs: options.connectMs ?? 5000,
      maxSockets: options.maxSockets ?? 256,
      tls: options.tls,
      rules: options.rules,
    });
  }

  /**
   * The answer once its head is there; its body keeps the deadlines and fails with the same errors. It is read or
   * destroyed by the caller.
   * @throws AppError unavailable `peer_unreachable` | `peer_too_slow` | `peer_key_changed`; the signal's reason when the caller gave up
   */
  async open(ask: HttpAsk): Promise<IncomingMessage> {
    const startedAtMs = performance.now();
    const headersMs = Math.min(ask.headersMs, ask.totalMs ?? Infinity);
    const answer = await this.#head(ask, headersMs);
    guardBody(answer, ask, ask.totalMs === undefined ? undefined : ask.totalMs - (performance.now() - startedAtMs));
    return answer;
  }

  /** The whole answer, at most `maxBytes`. @throws as `open`, and AppError unavailable `peer_too_long` */
  async read(ask: HttpAsk & { maxBytes: number; totalMs: number }): Promise<HttpAnswer> {
    const answer = await this.open(ask);
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: await readBody(answer, ask) };
  }

  close(): void {
    this.#agent.destroy();
  }

  async #head(ask: HttpAsk, headersMs: number): Promise<IncomingMessage> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(tooSlow(`no answer within ${Math.round(headersMs)} ms`)), headersMs);
    const signal = ask.signal === undefined ? late.signal : AbortSignal.any([ask.signal, late.signal]);
    try {
      return await this.#attempt(ask, signal).catch((error: unknown) => {
        // A kept-alive connection that turned out to be dead: the peer has not seen the request.
        const reused = (error as { reusedSocket?: boolean }).reusedSocket === true;
        if (signal.aborted || !reused) throw error;
        return this.#attempt(ask, signal);
      });
    } catch (error) {
      throw failure(error, ask.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #attempt(ask: HttpAsk, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(ask.path, this.#origin);
    for (const [name, value] of Object.entries(ask.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const request = send(url, {
        method: ask.method ?? 'GET',
        agent: this.#agent,
        ...(ask.signal === undefined ? {} : { signal: ask.signal }),
        headers: { ...(ask.body === undefined ? {} : { 'content-length': ask.body.length }), ...ask.headers },
      });
      // A request that waits for a connection reports its end only once it gets one.
      const ended = () => {
        reject(signal.reason as Error);
        request.destroy(signal.reason as Error);
      };
      signal.addEventListener('abort', ended);
      const stopWatching = () => signal.removeEventListener('abort', ended);
      request.once('response', (answer) => {
        stopWatching();
        resolve(answer);
      });
      request.once('close', stopWatching);
      request.on('error', (error) => {
        stopWatching();
        reject(Object.assign(error, { reusedSocket: request.reusedSocket }));
      });
      request.end(ask.body);
    });
  }
}

/** Destroys the body with an error when the peer draws it out; what a slow reader leaves waiting is not counted. */
function guardBody(answer: IncomingMessage, ask: HttpAsk, totalMs: number | undefined): void {
  const idleMs = ask.idleMs ?? defaultIdleMs;
  const { socket } = answer;
  let seen = socket.bytesRead;
  let quietSince = performance.now();
  const idle = setInterval(() => {
    const now = performance.now();
    if (socket.bytesRead !== seen || answer.readableLength > 0) {
      seen = socket.bytesRead;
      quietSince = now;
    } else if (now - quietSince >= idleMs) answer.destroy(tooSlow(`nothing for ${idleMs} ms`));
  }, idleMs / 4);
  const total =
    totalMs === undefined ? undefined : setTimeout(() => answer.destroy(tooSlow('the whole took too long')), totalMs);
  answer.once('close', () => {
    clearInterval(idle);
    clearTimeout(total);
  });
}

async function readBody(answer: IncomingMessage, ask: HttpAsk & { maxBytes: number }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = Number(answer.headers['content-length'] ?? 0);
  try {
    if (bytes > ask.maxBytes) throw tooLong(ask.maxBytes);
    bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > ask.maxBytes) throw tooLong(ask.maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    answer.destroy();
    throw failure(error, ask.signal);
  }
  return Buffer.concat(chunks);
}

const tooSlow = (how: string) => new AppError('unavailable', 'peer_too_slow', `the peer is too slow: ${how}`);
const tooLong = (maxBytes: number) =>
  new AppError('unavailable', 'peer_too_long', `the answer has more than ${maxBytes} bytes`);

/** The caller's own abort stays what it is; everything else is a peer that does not answer as it should. */
function failure(error: unknown, callerSignal: AbortSignal | undefined): unknown {
  if (callerSignal?.aborted === true) return callerSignal.reason;
  if (isAppError(error)) return error;
  return new AppError('unavailable', 'peer_unreachable', `the peer does not answer: ${errorMessage(error)}`, {
    cause: error,
  });
}
