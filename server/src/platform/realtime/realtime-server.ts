import { permissionsOfRole, type Permission } from '@choi-canh/shared/permissions';
import { socketPath, type ClientToServerEvents, type ServerToClientEvents } from '@choi-canh/shared/realtime';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Server, type DefaultEventsMap, type Socket } from 'socket.io';
import type { Actor } from '../../lib/actor.js';
import { errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { Broadcaster } from './broadcaster.js';

const MAX_PAYLOAD_BYTES = 16 * 1024;
const MAX_SOCKETS_PER_SESSION = 20;

export interface RealtimeOptions {
  authenticate(request: IncomingMessage): Promise<Actor | undefined>;
  isSameOrigin(request: IncomingMessage): boolean;
  /** The area itself and everything above it, e.g. commune, district, province. Unknown areas: empty. */
  ancestorsOf(areaId: string): string[];
  logger: Logger;
}

export interface Realtime extends Broadcaster {
  /** Sessions that have a socket open. */
  readonly liveSessionIds: string[];
  /** Takes the upgrades of this server. Until then, events go to nobody. */
  attach(server: HttpServer): void;
  /** To every browser: it may have missed events. */
  eventsMissed(): void;
  /** Tells the session's sockets that it is over, then closes them. */
  endSession(sessionId: string): void;
  stop(): Promise<void>;
}

interface SocketData {
  actor: Actor;
}
type AppServer = Server<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, SocketData>;
type AppSocket = Socket<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, SocketData>;

/**
 * socket.io beside the HTTP server. A socket joins two rooms for each permission of its account, one of them named after
 * the area its scope begins at; an event about an area goes to the rooms of that area and of everything above it, so that
 * moving an area in the tree needs no socket to change rooms.
 */
export function createRealtime(options: RealtimeOptions): Realtime {
  const io: AppServer = new Server({
    path: socketPath,
    serveClient: false,
    maxHttpBufferSize: MAX_PAYLOAD_BYTES,
    connectTimeout: 10_000,
    // Browsers call a server silent that three pings did not come from; a slow line is not cut off for as much.
    pingInterval: 1000,
    pingTimeout: 20_000,
    allowRequest: (request, decide) => {
      admit(request).then(
        (refusal) => decide(refusal, refusal === null),
        (error: unknown) => {
          options.logger.warn({ err: errorMessage(error) }, 'a socket could not be authenticated');
          decide('unavailable', false);
        },
      );
    },
  });
  const actors = new WeakMap<IncomingMessage, Actor>();

  /** Why a handshake is refused, or null. */
  async function admit(request: IncomingMessage): Promise<string | null> {
    if (!options.isSameOrigin(request)) return 'foreign origin';
    const actor = await options.authenticate(request);
    if (actor === undefined) return 'not signed in';
    if ((io.sockets.adapter.rooms.get(sessionRoom(actor.sessionId))?.size ?? 0) >= MAX_SOCKETS_PER_SESSION) {
      return 'too many sockets';
    }
    actors.set(request, actor);
    return null;
  }

  io.use((socket, next) => {
    const actor = actors.get(socket.request);
    if (actor !== undefined) socket.data.actor = actor;
    next(actor === undefined ? new Error('not signed in') : undefined);
  });
  io.on('connection', (socket: AppSocket) => {
    const { actor } = socket.data;
    const rooms = permissionsOfRole[actor.role].map((permission) => areaRoom(permission, actor.scope.areaId));
    const anywhere = permissionsOfRole[actor.role].map(permissionRoom);
    void socket.join([...rooms, ...anywhere, accountRoom(actor.accountId), sessionRoom(actor.sessionId)]);
  });

  return {
    get liveSessionIds() {
      return [...new Set([...io.sockets.sockets.values()].map((socket) => socket.data.actor.sessionId))];
    },
    attach: (server) => {
      io.attach(server);
      // allowRequest sees handshakes only. A polling socket's later requests and its upgrade name a socket id and pass here.
      io.engine.use((request: IncomingMessage, _response: unknown, next: (error?: Error) => void) => {
        const isHandshake = !/[?&]sid=/.test(request.url ?? '');
        next(isHandshake || options.isSameOrigin(request) ? undefined : new Error('foreign origin'));
      });
    },
    toArea: (areaId, permission, event, ...args) => {
      const rooms = [null, ...options.ancestorsOf(areaId)].map((id) => areaRoom(permission, id));
      io.to(rooms).emit(event, ...args);
    },
    toPermission: (permission, event, ...args) => {
      io.to(permissionRoom(permission)).emit(event, ...args);
    },
    toAccount: (accountId, event, ...args) => {
      io.to(accountRoom(accountId)).emit(event, ...args);
    },
    eventsMissed: () => void io.emit('events.missed'),
    endSession: (sessionId) => {
      io.to(sessionRoom(sessionId)).emit('session.ended');
      io.in(sessionRoom(sessionId)).disconnectSockets(true);
    },
    stop: async () => {
      io.disconnectSockets(true);
      // Not io.close(): that would also close the HTTP server, which has a deadline of its own.
      // Absent when it was never attached.
      (io.engine as typeof io.engine | undefined)?.close();
      await Promise.resolve();
    },
  };
}

function areaRoom(permission: Permission, areaId: string | null): string {
  return `${permission}@${areaId ?? '*'}`;
}
const permissionRoom = (permission: Permission): string => `any:${permission}`;
const accountRoom = (accountId: string): string => `account:${accountId}`;
const sessionRoom = (sessionId: string): string => `session:${sessionId}`;
