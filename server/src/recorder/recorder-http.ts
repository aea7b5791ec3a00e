import { constants, createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import { httpStatusOfKind, type ErrorResponse } from '@choi-canh/shared/errors';
import { consoleHeader, ownProtocol, protocolFromText, protocolHeader } from '@choi-canh/shared/recorder-protocol';
import type { z } from 'zod';
import { AppError, errorMessage, isAppError } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import type { Logger } from '../lib/logger.js';
import { unhurried, type Hurry } from '../lib/turn-pacer.js';
import { peerFingerprint } from '../platform/http/guarded-agent.js';
import { createHttpListener, type HttpLimits } from '../platform/http/http-listener.js';

export interface RecorderRequest {
  params: Record<string, string>;
  query: Record<string, string>;
  /** Parsed JSON; undefined without a body. */
  body: unknown;
  headers: IncomingMessage['headers'];
  /** Fingerprint of the key that the peer's certificate proves; undefined over plain HTTP, and without a certificate. */
  peerKey: string | undefined;
  /** Aborts when the console goes away or the recorder stops. */
  signal: AbortSignal;
  response: ServerResponse;
  /** For parts of an answer that `waits`. */
  hurry: Hurry;
}

export interface RecorderRoute {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `:name` stands for one path segment or a part of one, e.g. `files/:fileId.mp4`; `*` alone for any path. */
  path: string;
  maxBodyBytes?: number;
  /** Answered to whom the recorder does not know. */
  open?: boolean;
  /** Only for the console that the recorder follows: it changes something. */
  bound?: boolean;
  /** An answer may take long because something is waited for: what has not happened yet, or a slow reader. */
  waits?: boolean;
  /** A value is answered as JSON, undefined as 204 unless the handler has answered itself. */
  handle(request: RecorderRequest): Promise<unknown>;
}

/** Where HTTP has a word of its own. */
const statusOfCode: Record<string, number> = { body_too_large: 413, range_not_satisfiable: 416 };
const defaultBodyBytes = 64 * 1024;
/** Its peers are a few consoles, each of which hands on the pictures of many people. */
const limits: Partial<HttpLimits> = {
  maxConnections: 2000,
  maxConnectionsPerPeer: 1500,
  maxAnswersPerPeer: 1500,
  maxRequestsPerSocket: 100_000,
  headersTimeoutMs: 15_000,
  stopDeadlineMs: 1000,
};

interface Compiled extends RecorderRoute {
  pattern: RegExp;
  names: string[];
}

function compile(route: RecorderRoute): Compiled {
  if (route.path === '*') return { ...route, pattern: /^/, names: [] };
  const names: string[] = [];
  const source = route.path
    .split(/(:[a-zA-Z]+)/)
    .map((part) => {
      if (!part.startsWith(':')) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      names.push(part.slice(1));
      return '([^/]+)';
    })
    .join('');
  return { ...route, pattern: new RegExp(`^${source}$`), names };
}

/** Parses with a zod schema. @throws AppError invalid `invalid_request`, with `details.fields`. */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.slice(0, 20).map((issue) => ({
    path: issue.path.join('.'),
    message: issue.message,
  }));
  throw new AppError(
    'invalid',
    'invalid_request',
    fields.map((field) => `${field.path}: ${field.message}`).join('; '),
    {
      details: { fields },
    },
  );
}

/** What an address names. @throws AppError not_found `not_found`: where it can name nothing there is nothing. */
export function parseParams<S extends z.ZodType>(schema: S, params: unknown): z.output<S> {
  const parsed = schema.safeParse(params);
  if (!parsed.success) throw namesNothing();
  return parsed.data;
}

const namesNothing = () => new AppError('not_found', 'not_found', 'there is nothing of that name');

async function readBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const tooLarge = () =>
    new AppError('invalid', 'body_too_large', `a body of at most ${maxBytes} bytes is read`, { details: { maxBytes } });
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new AppError('invalid', 'invalid_request', 'the body is not JSON', {
      details: { fields: [{ path: '', message: 'not JSON' }] },
    });
  }
}

/** Sends a stream with backpressure; a client that goes away ends it quietly, a source that fails cuts the connection. */
export async function sendStream(response: ServerResponse, stream: NodeJS.ReadableStream, signal: AbortSignal) {
  try {
    await pipeline(stream, response, { signal });
  } catch (error) {
    if (!signal.aborted && !response.destroyed) throw error;
  }
}

/** Resolves when the system has taken the bytes, or nobody is there any more to take them. */
export function written(response: ServerResponse, piece: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('close', done);
      resolve();
    };
    response.once('close', done);
    response.write(piece, done);
  });
}

/**
 * Sends pieces that are lent: the next one is asked for when the one before has left. A client that goes away ends it
 * quietly, a source that fails cuts the connection.
 */
export async function sendPieces(response: ServerResponse, pieces: AsyncIterable<Buffer>, signal: AbortSignal) {
  const cut = () => void response.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    for await (const piece of pieces) {
      if (signal.aborted || response.destroyed) return;
      await written(response, piece);
    }
    response.end();
  } catch (error) {
    if (!signal.aborted && !response.destroyed) throw error;
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

/** How a recorder knows its console. */
export type RecorderAccess =
  /** Plain HTTP on loopback, by the token that the console which started it gave it. */
  | { kind: 'token'; token: string }
  /** TLS, by the key of the console's certificate. */
  | { kind: 'keys'; cert: string; key: string; isConsole(fingerprint: string | undefined): boolean };

/**
 * The recorder's HTTP server: one console, known by token or key; routes as data, bounded bodies, errors as `errorResponse`. It serves consoles
 * and nobody else, so it needs neither sessions nor express.
 */
export function createRecorderHttp(options: {
  access: RecorderAccess;
  routes: readonly RecorderRoute[];
  host: string;
  port: number;
  logger: Logger;
  /** Around each answer that does not wait. */
  hurry?: Hurry;
  /** @throws AppError conflict `console_unknown` where another console is followed than the one with this id */
  refuseOther(consoleId: string): void;
}) {
  const { logger, access, hurry = unhurried } = options;
  const routes = options.routes.map(compile);
  const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest();
  const expected = access.kind === 'token' ? digest(access.token) : undefined;
  /** A connection keeps its key. */
  const keys = new WeakMap<TLSSocket, string | undefined>();

  const peerKeyOf = ({ socket }: IncomingMessage): string | undefined => {
    if (!(socket instanceof TLSSocket)) return undefined;
    if (!keys.has(socket)) keys.set(socket, peerFingerprint(socket));
    return keys.get(socket);
  };

  const authorised = (request: IncomingMessage): boolean => {
    if (access.kind === 'keys') return access.isConsole(peerKeyOf(request));
    const match = /^Bearer ([^\s]+)$/.exec(request.headers.authorization ?? '');
    return expected !== undefined && timingSafeEqual(digest(match?.[1] ?? ''), expected) && match !== null;
  };

  function find(method: string, pathname: string): { route: Compiled; params: Record<string, string> } {
    const matching = routes.flatMap((route) => {
      const match = route.pattern.exec(pathname);
      return match === null ? [] : [{ route, match }];
    });
    const found = matching.find(({ route }) => route.method === (method === 'HEAD' ? 'GET' : method));
    if (found === undefined) {
      throw new AppError('not_found', 'no_such_route', `no ${method} ${pathname.slice(0, 200)}`);
    }
    const params = Object.fromEntries(
      found.route.names.map((name, index) => {
        try {
          return [name, decodeURIComponent(found.match[index + 1] ?? '')];
        } catch {
          throw namesNothing();
        }
      }),
    );
    return { route: found.route, params };
  }

  function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const requestId = newId();
    const known = isAppError(error);
    const kind = known ? error.kind : 'internal';
    if (kind === 'internal') {
      logger.error({ requestId, method: request.method, path: request.url?.split('?')[0], error }, 'request failed');
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { fields, ...details } = known ? error.details : {};
    const body: ErrorResponse = {
      error: {
        kind,
        code: known ? error.code : 'internal',
        message: known ? error.message : 'internal error',
        details,
        ...(Array.isArray(fields) ? { fields: fields as { path: string; message: string }[] } : {}),
        requestId,
      },
    };
    response.statusCode = (known ? statusOfCode[error.code] : undefined) ?? httpStatusOfKind[kind];
    for (const name of ['content-length', 'content-range', 'content-type', 'cache-control'])
      response.removeHeader(name);
    if (response.statusCode === 401) response.setHeader('www-authenticate', 'Bearer');
    // What was not read of a body must not be taken for the next request.
    if (!request.complete) response.setHeader('connection', 'close');
    sendJson(response, body);
  }

  function sendJson(response: ServerResponse, value: unknown): void {
    const payload = Buffer.from(JSON.stringify(value), 'utf8');
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.setHeader('content-length', payload.length);
    response.setHeader('cache-control', 'no-store');
    response.end(response.req.method === 'HEAD' ? undefined : payload);
  }

  async function handle(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    try {
      const url = new URL(request.url ?? '/', 'http://recorder');
      const isOpen = routes.some((route) => route.open === true && route.pattern.test(url.pathname));
      if (!isOpen && !authorised(request)) {
        throw access.kind === 'keys'
          ? new AppError('unauthenticated', 'console_unknown', 'this recorder is not paired with this console')
          : new AppError('unauthenticated', 'bad_token', 'the token is missing or wrong');
      }
      const { route, params } = find(request.method ?? '', url.pathname);
      if (request.method !== 'GET' && request.method !== 'HEAD') requireProtocol(request.headers[protocolHeader]);
      if (route.bound === true) requireConsole(request.headers, options.refuseOther);
      const body = ['PUT', 'POST'].includes(route.method)
        ? await readBody(request, route.maxBodyBytes ?? defaultBodyBytes)
        : undefined;
      const answer = () =>
        route.handle({
          params,
          query: Object.fromEntries(url.searchParams),
          body,
          headers: request.headers,
          peerKey: peerKeyOf(request),
          signal,
          response,
          hurry,
        });
      const result = await (route.waits === true ? answer() : hurry(answer));
      if (response.headersSent || response.writableEnded) return;
      if (result === undefined) response.writeHead(204).end();
      else sendJson(response, result);
    } catch (error) {
      if (response.destroyed) logger.debug({ error: errorMessage(error) }, 'a client went away');
      else sendError(request, response, error);
    }
  }

  const listener = createHttpListener({
    host: options.host,
    port: options.port,
    tls:
      access.kind === 'token'
        ? undefined
        : {
            ...{ cert: access.cert, key: access.key, minVersion: 'TLSv1.3' },
            ...{ requestCert: true, rejectUnauthorized: false },
            // Each connection proves the key: none is resumed.
            secureOptions: constants.SSL_OP_NO_TICKET,
          },
    limits,
    handle: (request, response, { signal }) => void handle(request, response, signal),
    refuse: (response) =>
      sendError(response.req, response, new AppError('unavailable', 'too_many_answers', 'too many answers under way')),
    logger,
  });

  return {
    /** @throws AppError unavailable when the address or port cannot be listened on. */
    async start(): Promise<{ url: string }> {
      const { port } = await listener.start();
      const host = options.host.includes(':') ? `[${options.host}]` : options.host;
      const scheme = access.kind === 'token' ? 'http' : 'https';
      return { url: `${scheme}://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}` };
    },
    /** Ends long polls and streams, then waits for what is left. */
    stop: () => listener.stop(),
  };
}

/** A console says from 1.2 on which one it is. @throws AppError conflict `console_unknown` */
function requireConsole(headers: IncomingMessage['headers'], refuseOther: (consoleId: string) => void): void {
  const protocol = protocolFromText(String(headers[protocolHeader] ?? ''));
  const isOlder = protocol === undefined || protocol.minor < 2;
  const given = headers[consoleHeader];
  if (given !== undefined || !isOlder) refuseOther(String(given ?? ''));
}

/** A console of another major version changes nothing here. One of before there were versions says nothing. */
function requireProtocol(given: string | string[] | undefined): void {
  const protocol = typeof given === 'string' ? protocolFromText(given) : undefined;
  if (protocol === undefined || protocol.major === ownProtocol.major) return;
  throw new AppError('precondition', 'recorder_incompatible', `the console speaks protocol ${String(given)}`);
}
