import type { IncomingMessage } from 'node:http';
import { errorResponse } from '@choi-canh/shared/errors';
import { consoleHeader, ownProtocol, protocolHeader, protocolText } from '@choi-canh/shared/recorder-protocol';
import type { z } from 'zod';
import type { AddressRules } from '../../lib/address-rules.js';
import { AppError, isAppError } from '../../lib/errors.js';
import type { PeerTls } from '../../platform/http/guarded-agent.js';
import type { KeyCertificate } from '../../platform/http/key-certificate.js';
import { isLoopback } from '../../platform/http/tls.js';
import { HttpClient, type HttpAnswer, type HttpAsk } from '../../platform/http/http-client.js';

/** How a recorder is reached: what it is shown, and what it is held to. */
export type RecorderAccess =
  /** Beside the console: plain HTTP on loopback, with the token that both were given. */
  | { kind: 'token'; token: string }
  /** On another machine: TLS to the pinned key, with the console's own certificate. */
  | { kind: 'key'; pin: string; identity: KeyCertificate }
  /** Whoever answers over TLS, before it is paired: nothing but a greeting is sent. */
  | { kind: 'any'; identity: KeyCertificate; onPeerKey(fingerprint: string): void }
  /** It was entered before there were keys, and is not paired yet: nothing is sent. */
  | { kind: 'unpaired' };

export interface RecorderHttpOptions {
  /** `http://host:port` or `https://…`. */
  url: string;
  access: RecorderAccess;
  /** Which addresses it may have; absent for the one beside the console. */
  rules?: AddressRules | undefined;
  /** Of this console's database; a recorder that follows another one changes nothing for it. */
  consoleId?: string | undefined;
}
export interface Exchange {
  method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below the recorder's address, e.g. `/v1/status`. */
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  /** Time until the head of the answer; for JSON answers until its end. */
  timeoutMs: number;
  /** Longest silence inside the body of a stream; default 30 s. */
  idleMs?: number;
  /** Longest time of a whole stream; default none. */
  totalMs?: number;
  signal?: AbortSignal | undefined;
}

const maxErrorBytes = 64 * 1024;
const errorMs = 5000;

/** One recorder that is asked: keep-alive connections, the token in each request, errors of the recorder as AppError. */
export class RecorderHttp {
  readonly #access: RecorderAccess;
  readonly #consoleId: string | undefined;
  readonly #control: HttpClient;
  /** Its own connections for what viewers look at: they may take all of these, and control goes on. */
  readonly #media: HttpClient;

  constructor(options: RecorderHttpOptions) {
    const { url, rules } = options;
    this.#access = safely(url, options.access);
    this.#consoleId = options.consoleId;
    const tls = tlsOf(this.#access);
    this.#control = new HttpClient({ origin: url, tls, rules });
    this.#media = new HttpClient({ origin: url, tls, rules });
  }

  /** The answer's JSON, checked. @throws AppError unavailable `recorder_unreachable` | `recorder_bad_answer`, or the recorder's own. */
  async json<S extends z.ZodType>(schema: S, exchange: Exchange, maxBytes: number): Promise<z.output<S>> {
    const parsed = schema.safeParse(await this.value(exchange, maxBytes));
    if (!parsed.success) throw badAnswer(exchange.path, parsed.error.issues[0]?.message ?? 'unexpected shape');
    return parsed.data;
  }

  /** The answer's JSON as it came. @throws as `json` */
  async value(exchange: Exchange, maxBytes: number): Promise<unknown> {
    const { timeoutMs } = exchange;
    this.#requireAccess();
    const answer = await this.#control
      .read({ ...this.#askOf(exchange), totalMs: timeoutMs, maxBytes })
      .catch((error: unknown) => {
        throw asRecorders(error, exchange.path);
      });
    if (answer.status >= 300) throw errorOf(answer);
    try {
      return JSON.parse(answer.body.toString('utf8'));
    } catch {
      throw badAnswer(exchange.path, 'no JSON');
    }
  }

  /** The answer's body as it came, e.g. a picture. @throws as `json` */
  async bytes(exchange: Exchange, maxBytes: number): Promise<Buffer> {
    this.#requireAccess();
    const answer = await this.#media
      .read({ ...this.#askOf(exchange), totalMs: exchange.timeoutMs, maxBytes })
      .catch((error: unknown) => {
        throw asRecorders(error, exchange.path);
      });
    if (answer.status >= 300) throw errorOf(answer);
    return answer.body;
  }

  /** Waits for success and drops the body. */
  async plain(exchange: Exchange): Promise<void> {
    (await this.#open(this.#control, { totalMs: exchange.timeoutMs, ...exchange })).resume();
  }

  /** The answer as it comes, once its head is there. Statuses from 300 on are thrown, except those in `accept`. */
  stream(exchange: Exchange, accept?: readonly number[]): Promise<IncomingMessage> {
    return this.#open(this.#media, exchange, accept);
  }

  close(): void {
    this.#control.close();
    this.#media.close();
  }

  async #open(client: HttpClient, exchange: Exchange, accept: readonly number[] = []): Promise<IncomingMessage> {
    this.#requireAccess();
    const answer = await client.open(this.#askOf(exchange)).catch((error: unknown) => {
      throw asRecorders(error, exchange.path);
    });
    const status = answer.statusCode ?? 0;
    if (status < 300 || accept.includes(status)) return answer;
    throw errorOf({ status, headers: answer.headers, body: await readError(answer) });
  }

  #requireAccess(): void {
    if (this.#access.kind !== 'unpaired') return;
    throw new AppError('unavailable', 'recorder_unpaired', 'the recorder is not paired: nothing is sent to it');
  }

  #askOf({ timeoutMs, body, headers, ...exchange }: Exchange): HttpAsk {
    return {
      ...exchange,
      headersMs: timeoutMs,
      ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
      headers: {
        [protocolHeader]: protocolText(ownProtocol),
        ...(this.#consoleId === undefined ? {} : { [consoleHeader]: this.#consoleId }),
        ...(this.#access.kind === 'token' ? { authorization: `Bearer ${this.#access.token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    };
  }
}

/** A token goes in clear: to this machine alone. */
function safely(url: string, access: RecorderAccess): RecorderAccess {
  const { protocol, hostname } = new URL(url);
  if (access.kind !== 'token' && protocol !== 'https:') return { kind: 'unpaired' };
  if (access.kind !== 'token' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')))) return access;
  return { kind: 'unpaired' };
}

function tlsOf(access: RecorderAccess): PeerTls | undefined {
  if (access.kind === 'key') return { pin: access.pin, identity: access.identity };
  return access.kind === 'any' ? { identity: access.identity, onPeerKey: access.onPeerKey } : undefined;
}

/** What a recorder says of a refusal; empty where that is drawn out. */
async function readError(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => answer.destroy(), errorMs);
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxErrorBytes) return Buffer.alloc(0);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch {
    return Buffer.alloc(0); // broken off: the status says enough
  } finally {
    clearTimeout(timer);
  }
}

/** The recorder's own error. 401 and 403 concern the console's token, not the person who asked. */
function errorOf({ status, body }: HttpAnswer): AppError {
  let parsed;
  try {
    parsed = errorResponse.safeParse(JSON.parse(body.toString('utf8')));
  } catch {
    parsed = undefined;
  }
  if (parsed?.success !== true) {
    return new AppError('unavailable', 'recorder_bad_answer', `the recorder answered with status ${status}`);
  }
  const { kind, code, message, details } = parsed.data.error;
  // What lies outside of an opening is refused to the person.
  if (code === 'outside_opened_range') return new AppError('forbidden', code, message, { details });
  if (kind === 'unauthenticated' || kind === 'forbidden') {
    const ownMatter = code === 'wrong_password' ? code : 'recorder_refused';
    return new AppError(ownMatter === code ? 'precondition' : 'unavailable', ownMatter, message, { details });
  }
  return new AppError(kind, code, message, { details });
}

function badAnswer(path: string, why: string): AppError {
  return new AppError('unavailable', 'recorder_bad_answer', `the recorder's answer to ${path} is unusable: ${why}`);
}

/** In the words of a recorder; the caller's own abort stays what it is. */
function asRecorders(error: unknown, path: string): unknown {
  if (!isAppError(error) || !(error.code.startsWith('peer_') || error.code === 'address_not_allowed')) return error;
  if (error.code === 'peer_too_long') return badAnswer(path, error.message);
  if (error.code === 'peer_key_changed') {
    const { details } = error;
    return new AppError('unavailable', 'recorder_key_changed', 'another key answers there', { cause: error, details });
  }
  return new AppError('unavailable', 'recorder_unreachable', `the recorder does not answer: ${error.message}`, {
    cause: error,
  });
}
