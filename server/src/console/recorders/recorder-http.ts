import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { errorResponse } from '@choi-canh/shared/errors';
import type { z } from 'zod';
import { AppError, errorMessage } from '../../lib/errors.js';

export interface RecorderHttpOptions {
  /** `http://host:port` or `https://…`. */
  url: string;
  token: string;
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
  signal?: AbortSignal | undefined;
}

type Agent = HttpAgent | HttpsAgent;
const agentOptions = { keepAlive: true, maxSockets: 256, maxFreeSockets: 16 };
const maxErrorBytes = 64 * 1024;

/** One HTTP conversation partner: keep-alive sockets, the token in each request, errors of the recorder as AppError. */
export class RecorderHttp {
  readonly #base: URL;
  readonly #token: string;
  readonly #agent: Agent;
  /** Its own connections for what viewers look at: they may take all of these, and control goes on. */
  readonly #mediaAgent: Agent;

  constructor(options: RecorderHttpOptions) {
    this.#base = new URL(options.url);
    this.#token = options.token;
    const newAgent = () => new (this.#base.protocol === 'https:' ? HttpsAgent : HttpAgent)(agentOptions);
    this.#agent = newAgent();
    this.#mediaAgent = newAgent();
  }

  /** The answer's JSON, checked. @throws AppError unavailable `recorder_unreachable` | `recorder_bad_answer`, or the recorder's own. */
  async json<S extends z.ZodType>(schema: S, exchange: Exchange, maxBytes: number): Promise<z.output<S>> {
    const deadline = AbortSignal.timeout(exchange.timeoutMs);
    const signal = exchange.signal === undefined ? deadline : AbortSignal.any([exchange.signal, deadline]);
    const answer = await this.#send(exchange, signal, this.#agent);
    if (answer.statusCode === undefined || answer.statusCode >= 300) throw await errorOf(answer);
    const text = await readText(answer, maxBytes);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw badAnswer(exchange.path, 'no JSON');
    }
    const parsed = schema.safeParse(value);
    if (!parsed.success) throw badAnswer(exchange.path, parsed.error.issues[0]?.message ?? 'unexpected shape');
    return parsed.data;
  }

  /** Waits for success and drops the body. */
  async plain(exchange: Exchange): Promise<void> {
    const answer = await this.#head(exchange, this.#agent);
    answer.resume();
  }

  /** The answer as it comes, once its head is there. Statuses from 300 on are thrown, except those in `accept`. */
  stream(exchange: Exchange, accept?: readonly number[]): Promise<IncomingMessage> {
    return this.#head(exchange, this.#mediaAgent, accept);
  }

  close(): void {
    this.#agent.destroy();
    this.#mediaAgent.destroy();
  }

  async #head(exchange: Exchange, agent: Agent, accept: readonly number[] = []): Promise<IncomingMessage> {
    const head = new AbortController();
    const timer = setTimeout(() => head.abort(new Error('no answer in time')), exchange.timeoutMs);
    try {
      const signal = exchange.signal === undefined ? head.signal : AbortSignal.any([exchange.signal, head.signal]);
      const answer = await this.#send(exchange, signal, agent);
      const status = answer.statusCode ?? 0;
      if (status < 300 || accept.includes(status)) return answer;
      throw await errorOf(answer);
    } finally {
      clearTimeout(timer);
    }
  }

  /** One retry where a kept-alive socket turned out to be dead: then the recorder has not seen the request. */
  async #send(exchange: Exchange, signal: AbortSignal, agent: Agent): Promise<IncomingMessage> {
    try {
      return await this.#attempt(exchange, signal, agent);
    } catch (error) {
      const reused = (error as { reusedSocket?: boolean }).reusedSocket === true;
      if (signal.aborted || !reused) throw unreachable(error, exchange.signal);
    }
    return this.#attempt(exchange, signal, agent).catch((error: unknown) => {
      throw unreachable(error, exchange.signal);
    });
  }

  #attempt(exchange: Exchange, signal: AbortSignal, agent: Agent): Promise<IncomingMessage> {
    const url = new URL(exchange.path, this.#base);
    for (const [name, value] of Object.entries(exchange.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const body = exchange.body === undefined ? undefined : Buffer.from(JSON.stringify(exchange.body));
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const request = send(url, {
        method: exchange.method ?? 'GET',
        agent,
        signal,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
          ...exchange.headers,
        },
      });
      // A request that waits for a connection tells that it was ended only once it gets one.
      const ended = () => reject(signal.reason as Error);
      signal.addEventListener('abort', ended);
      request.once('close', () => signal.removeEventListener('abort', ended));
      request.once('response', resolve);
      request.on('error', (error) => reject(Object.assign(error, { reusedSocket: request.reusedSocket })));
      request.end(body);
    });
  }
}

async function readText(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw badAnswer('', `more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof AppError ? error : unreachable(error, undefined);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The recorder's own error. 401 and 403 concern the console's token, not the person who asked. */
async function errorOf(answer: IncomingMessage): Promise<AppError> {
  const text = await readText(answer, maxErrorBytes).catch(() => '');
  const status = answer.statusCode ?? 0;
  let parsed;
  try {
    parsed = errorResponse.safeParse(JSON.parse(text));
  } catch {
    parsed = undefined;
  }
  if (parsed?.success !== true) {
    return new AppError('unavailable', 'recorder_bad_answer', `the recorder answered with status ${status}`);
  }
  const { kind, code, message, details } = parsed.data.error;
  if (kind === 'unauthenticated' || kind === 'forbidden') {
    const ownMatter = code === 'wrong_password' ? code : 'recorder_refused';
    return new AppError(ownMatter === code ? 'precondition' : 'unavailable', ownMatter, message, { details });
  }
  return new AppError(kind, code, message, { details });
}

function badAnswer(path: string, why: string): AppError {
  return new AppError('unavailable', 'recorder_bad_answer', `the recorder's answer to ${path} is unusable: ${why}`);
}

/** The caller's own abort stays what it is; everything else is a recorder that cannot be reached. */
function unreachable(error: unknown, callerSignal: AbortSignal | undefined): unknown {
  if (callerSignal?.aborted === true) return callerSignal.reason;
  return new AppError('unavailable', 'recorder_unreachable', `the recorder does not answer: ${errorMessage(error)}`, {
    cause: error,
  });
}
