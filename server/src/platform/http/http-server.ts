import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { networkInterfaces } from 'node:os';
import type { AddressInfo } from 'node:net';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { compressJson } from './compress-json.js';
import { errorAnswer } from './error-response.js';
import { LiveResponses } from './live-responses.js';
import { mountRoutes, type Authenticate } from './mount-routes.js';
import { apiDocsRoutes } from './api-docs.routes.js';
import { isSameOrigin } from './request-peer.js';
import type { Route } from './route.js';
import { securityHeaders } from './security-headers.js';
import { staticClient } from './static-client.js';
import type { TlsMaterial } from './tls.js';

const BODY_LIMIT_BYTES = 1024 * 1024;
const STOP_DEADLINE_MS = 3000;

export interface HttpServerOptions {
  routes: Route[];
  host: string;
  /** 0 picks a free one. */
  port: number;
  tls?: TlsMaterial | undefined;
  trustProxy: boolean;
  authenticate: Authenticate;
  /** Folder of the built browser application. */
  staticDir?: string | undefined;
  version: string;
  logger: Logger;
}

export interface HttpServer {
  /** For socket.io to listen on as well. */
  readonly server: Server;
  /** Sessions that are being answered at this moment. */
  readonly liveSessionIds: string[];
  /** @throws AppError unavailable `port_in_use` and the like. */
  start(): Promise<{ origin: string; port: number }>;
  stop(): Promise<void>;
  /** Ends every answer that streams to a session, at once. */
  endSession(sessionId: string): void;
}

/** express with the checks that every route gets, whatever feature it is from: see mountRoutes. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const live = new LiveResponses();
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', options.trustProxy ? 1 : false);
  app.use(withRequestId);
  app.use(
    securityHeaders({
      trustProxy: options.trustProxy,
      tls: options.tls !== undefined,
      strictTransport: options.tls?.generated === false,
    }),
  );
  app.use(
    '/api',
    noStore,
    compressJson(),
    refuseForeign(options.trustProxy),
    express.json({ limit: BODY_LIMIT_BYTES }),
  );
  app.use(mountRoutes([...options.routes, ...apiDocsRoutes(options)], options.authenticate, live));
  app.use('/api', () => {
    throw new AppError('not_found', 'no_such_route', 'there is no such address');
  });
  if (options.staticDir !== undefined) app.use(staticClient(options.staticDir));
  app.use(() => {
    throw new AppError('not_found', 'no_such_route', 'there is no such address');
  });
  app.use(answerError(options.logger));

  const server =
    options.tls === undefined
      ? createServer(app)
      : createSecureServer({ cert: options.tls.cert, key: options.tls.key, minVersion: 'TLSv1.2' }, app);
  server.headersTimeout = 10_000;
  server.requestTimeout = 60_000;
  server.keepAliveTimeout = 30_000;

  return {
    server,
    get liveSessionIds() {
      return live.sessionIds.filter((id) => id !== '');
    },
    start: async () => {
      const { port } = await listen(server, options.host, options.port);
      const scheme = options.tls === undefined ? 'http' : 'https';
      return { origin: `${scheme}://${hostInUrl(options.host)}:${port}`, port };
    },
    stop: async () => {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      live.endAll();
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), STOP_DEADLINE_MS);
      await closed;
      clearTimeout(timer);
    },
    endSession: (sessionId) => live.endSession(sessionId),
  };
}

const withRequestId: RequestHandler = (_request, response, next) => {
  const requestId = randomUUID();
  response.locals['requestId'] = requestId;
  response.setHeader('x-request-id', requestId);
  next();
};

const noStore: RequestHandler = (_request, response, next) => {
  response.setHeader('cache-control', 'no-store');
  next();
};

/** Against requests that another site makes a browser send (CSRF): the session cookie being SameSite=Strict is one wall, this is the second. */
function refuseForeign(trustProxy: boolean): RequestHandler {
  return (request, _response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') {
      next();
      return;
    }
    if (!isSameOrigin(request, trustProxy)) {
      throw new AppError('forbidden', 'foreign_origin', 'the request comes from another site');
    }
    const hasBody =
      request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
    if (hasBody && !request.is('application/json')) {
      throw new AppError('invalid', 'not_json', 'the body must be application/json');
    }
    next();
  };
}

function answerError(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const requestId = String(response.locals['requestId']);
    const answer = errorAnswer(error, requestId);
    const facts = { requestId, method: request.method, path: request.path, status: answer.status };
    const whatFor = { ...facts, err: errorMessage(error) };
    if (response.destroyed && !response.writableFinished) logger.debug(whatFor, 'the client left');
    else if (answer.status === 500) logger.error({ ...whatFor, stack: stackOf(error) }, 'request failed');
    else if (isAppError(error, 'unavailable')) logger.warn(whatFor, 'request could not be served');
    else logger.debug(whatFor, 'request refused');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (answer.retryAfterSeconds !== undefined) response.setHeader('retry-after', answer.retryAfterSeconds);
    response.setHeader('cache-control', 'no-store');
    response.status(answer.status).json(answer.body);
  };
}

function stackOf(error: unknown): string | undefined {
  const cause = error instanceof AppError && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.stack : undefined;
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => reject(listenError(error, host, port));
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      resolve(server.address() as AddressInfo);
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): AppError {
  const at = `${host}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new AppError('unavailable', 'port_in_use', `port ${port} of ${host} is in use by another program`);
    case 'EACCES':
      return new AppError('unavailable', 'port_not_allowed', `this user may not listen on ${at}`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new AppError('unavailable', 'address_not_here', `${host} is not an address of this machine`);
    default:
      return new AppError('unavailable', 'cannot_listen', `cannot listen on ${at}: ${error.message}`, { cause: error });
  }
}

/** An address people can type; for "all interfaces" the first one that others can reach. */
function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') {
    const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    return all.find((entry) => entry.family === 'IPv4' && !entry.internal)?.address ?? '127.0.0.1';
  }
  return host.includes(':') ? `[${host}]` : host;
}
