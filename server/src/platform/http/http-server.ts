import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { randomUUID } from 'node:crypto';
import type { Server, ServerResponse } from 'node:http';
import { AppError, errorMessage, isAppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { compressJson } from './compress-json.js';
import { errorAnswer, type ErrorAnswer } from './error-response.js';
import { createHttpListener, type HttpLimits } from './http-listener.js';
import { mountRoutes, type Authenticate } from './mount-routes.js';
import { apiDocsRoutes } from './api-docs.routes.js';
import { ForwardingWatch, type ForwardingProblem } from './forwarding-watch.js';
import { requestPeer } from './request-peer.js';
import { foreignOriginError, isSameOrigin } from './same-origin.js';
import type { TrustedProxies } from './trusted-proxies.js';
import type { Route } from './route.js';
import { securityHeaders } from './security-headers.js';
import { staticClient } from './static-client.js';
import type { TlsMaterial } from './tls.js';

export interface HttpServerOptions {
  routes: Route[];
  host: string;
  /** 0 picks a free one. */
  port: number;
  tls?: TlsMaterial | undefined;
  /** Whose X-Forwarded-* are believed. */
  proxies: TrustedProxies;
  onForwardingProblem?: (problem: ForwardingProblem) => void;
  authenticate: Authenticate;
  /** Folder of the built browser application. */
  staticDir?: string | undefined;
  version: string;
  /** Other ones in tests. */
  limits?: Partial<HttpLimits>;
  logger: Logger;
}

export interface HttpServer {
  /** For socket.io to attach itself to; it emits what passed the bounds. */
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
  const app = express();
  const listener = createHttpListener({
    host: options.host,
    port: options.port,
    tls: options.tls && { cert: options.tls.cert, key: options.tls.key },
    limits: options.limits ?? {},
    handle: (request, response) => void app(request, response),
    refuse: (response) => sendError(response, errorAnswer(tooManyAnswers(), randomUUID())),
    addressOf: (request) => requestPeer(request, options.proxies).address,
    isProxy: (address) => options.proxies.includes(address),
    logger: options.logger,
  });
  app.disable('x-powered-by');
  app.disable('etag');
  const { proxies } = options;
  const watch = new ForwardingWatch({ proxies, logger: options.logger, report: options.onForwardingProblem });
  app.use(withRequestId);
  app.use(
    securityHeaders({
      proxies,
      tls: options.tls !== undefined,
      strictTransport: options.tls?.generated === false,
    }),
  );
  app.use('/api', noStore, compressJson(), refuseForeign(proxies, watch));
  app.use(mountRoutes([...options.routes, ...apiDocsRoutes(options)], options.authenticate, listener.answers));
  app.use('/api', () => {
    throw new AppError('not_found', 'no_such_route', 'there is no such address');
  });
  if (options.staticDir !== undefined) app.use(staticClient(options.staticDir));
  app.use(() => {
    throw new AppError('not_found', 'no_such_route', 'there is no such address');
  });
  app.use(answerError(options.logger));

  return {
    server: listener.admitted,
    get liveSessionIds() {
      return listener.answers.sessionIds;
    },
    start: () => listener.start(),
    stop: () => listener.stop(),
    endSession: (sessionId) => listener.answers.endSession(sessionId),
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
function refuseForeign(proxies: TrustedProxies, watch: ForwardingWatch): RequestHandler {
  return (request, _response, next) => {
    watch.look(request);
    if (request.method === 'GET' || request.method === 'HEAD') {
      next();
      return;
    }
    if (!isSameOrigin(request, proxies)) {
      const error = foreignOriginError(request, proxies);
      watch.refused(error);
      throw error;
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
    sendError(response, answer);
  };
}

function sendError(response: ServerResponse, answer: ErrorAnswer): void {
  const payload = Buffer.from(JSON.stringify(answer.body), 'utf8');
  if (answer.retryAfterSeconds !== undefined) response.setHeader('retry-after', answer.retryAfterSeconds);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', payload.length);
  // What was not read of a body must not be taken for the next request.
  if (!response.req.complete) response.setHeader('connection', 'close');
  response.statusCode = answer.status;
  response.end(response.req.method === 'HEAD' ? undefined : payload);
}

function tooManyAnswers(): AppError {
  return new AppError('unavailable', 'too_many_answers', 'too many answers to this address are under way', {
    details: { retryAfterSeconds: 2 },
  });
}

function stackOf(error: unknown): string | undefined {
  const cause = error instanceof AppError && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.stack : undefined;
}
