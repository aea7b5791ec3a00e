import { createServer, Server, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions as SecureServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { AppError, errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { Answers, type Answer, type AnswerLimits } from './answers.js';
import { Connections, type ConnectionLimits } from './connections.js';
import { peerNetwork } from './peer-network.js';

export interface HttpLimits extends ConnectionLimits, AnswerLimits {
  /** The head of a request must be complete after this time … */
  headersTimeoutMs: number;
  /** … and its body after this. */
  requestTimeoutMs: number;
  keepAliveTimeoutMs: number;
  /** A client that takes none of the bytes waiting for it for so long is cut off. */
  stallTimeoutMs: number;
  /** What is not complete so long after `stop` is cut off. */
  stopDeadlineMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  maxConnections: 10_000,
  maxConnectionsPerPeer: 600,
  maxAnswersPerPeer: 600,
  maxWaitingPerSocket: 8,
  maxRequestsPerSocket: 1000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 65_000,
  stallTimeoutMs: 60_000,
  stopDeadlineMs: 3000,
};

const handshakeTimeoutMs = 10_000;

export interface HttpListenerOptions {
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** HTTPS with this certificate; undefined is plain HTTP. */
  tls?: SecureServerOptions | undefined;
  limits?: Partial<HttpLimits>;
  /** Takes each request when its turn comes. Must not throw. */
  handle(request: IncomingMessage, response: ServerResponse, answer: Answer): void;
  /** Answers a request that is one too many for its peer. */
  refuse(response: ServerResponse): void;
  /** Addresses that many people share (a reverse proxy): no bound of connections per peer. */
  isProxy?: (address: string) => boolean;
  /** Who asks, for the bound of answers; default the address of the socket. */
  addressOf?: (request: IncomingMessage) => string;
  logger: Logger;
}

export interface HttpListener {
  readonly answers: Answers;
  /**
   * Emits the requests and upgrades that passed the bounds, for what attaches itself to a server (socket.io); it does not
   * listen itself. Attach before `start`.
   */
  readonly admitted: Server;
  /** @throws AppError unavailable `port_in_use`, `port_not_allowed`, `address_not_here`, `cannot_listen`. */
  start(): Promise<{ origin: string; port: number }>;
  /** Ends what is read, lets mutations finish until the deadline, then cuts. */
  stop(): Promise<void>;
}

/** The HTTP server of console and recorder: listening, TLS, time limits, bounds and stopping; no routes. */
export function createHttpListener(options: HttpListenerOptions): HttpListener {
  const limits = { ...defaultHttpLimits, ...options.limits };
  const { tls, logger, isProxy = () => false } = options;
  const addressOf = options.addressOf ?? ((request: IncomingMessage) => request.socket.remoteAddress ?? '');
  const connections = new Connections({ limits, isExempt: isProxy });
  const answers = new Answers({ limits, onIdle: (socket, isIdle) => connections.setIdle(socket, isIdle) });

  const admitted = new Server();
  admitted.on('request', (request, response) => options.handle(request, response, answers.of(request)));

  const timeouts = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(5000, limits.headersTimeoutMs),
  };
  const server =
    tls === undefined
      ? createServer(timeouts)
      : createSecureServer({ minVersion: 'TLSv1.2', handshakeTimeout: handshakeTimeoutMs, ...timeouts, ...tls });
  server.timeout = limits.stallTimeoutMs;
  // With a listener the server leaves it to us which of the silent sockets are cut off: one whose answer is waited for is not.
  server.on('timeout', (socket: Socket) => {
    if (socket.writableLength > 0 || !connections.isBusy(socket)) socket.destroy();
  });
  server.on('connection', (socket: Socket) => connections.admit(socket));
  server.on('request', (request, response) => {
    answers.begin(request, response, peerNetwork(addressOf(request)), {
      run: () => admitted.emit('request', request, response),
      refuse: options.refuse,
    });
  });
  server.on('listening', () => admitted.emit('listening'));
  server.on('close', () => admitted.emit('close'));

  return {
    answers,
    admitted,
    start: async () => {
      // Without a listener an upgrade that nobody offers is answered as a usual request (RFC 9110 7.8).
      if (admitted.listenerCount('upgrade') > 0) {
        server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
          connections.setIdle(socket, false);
          admitted.emit('upgrade', request, socket, head);
        });
      }
      const { port } = await listen(server, options.host, options.port);
      server.on('error', (error) => logger.error({ err: errorMessage(error) }, 'the HTTP server failed'));
      return { origin: `${tls === undefined ? 'http' : 'https'}://${hostInUrl(options.host)}:${port}`, port };
    },
    stop: async () => {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      answers.stop();
      server.closeIdleConnections();
      const timer = setTimeout(() => {
        answers.abortAll();
        server.closeAllConnections();
      }, limits.stopDeadlineMs);
      await closed;
      clearTimeout(timer);
    },
  };
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
