import type { Socket } from 'node:net';
import { peerNetwork } from './peer-network.js';

export interface ConnectionLimits {
  /** Connections in all. */
  maxConnections: number;
  /** Connections of one peer: see `peerNetwork`. */
  maxConnectionsPerPeer: number;
}

interface Connection {
  readonly socket: Socket;
  readonly peer: string;
  /** Idle: no complete request waits for its answer. */
  isIdle: boolean;
  /** Whether it ever sent a complete request. */
  hasAsked: boolean;
}

/**
 * Bounds connections, in all and per peer. At a bound a new connection takes the place of an idle one, so that ten thousand silent connections keep nobody out; where none is idle the new one is refused.
 */
export class Connections {
  readonly #byEndpoint = new Map<string, Connection>();
  readonly #byPeer = new Map<string, Set<Connection>>();
  readonly #limits: ConnectionLimits;
  readonly #isExempt: (address: string) => boolean;

  /** `isExempt`: addresses that many people share, which only the bound in all applies to. */
  constructor(options: { limits: ConnectionLimits; isExempt: (address: string) => boolean }) {
    this.#limits = options.limits;
    this.#isExempt = options.isExempt;
  }

  get count(): number {
    return this.#byEndpoint.size;
  }

  /** Takes a new TCP connection, or destroys it. */
  admit(socket: Socket): void {
    const key = endpointOf(socket);
    const address = socket.remoteAddress;
    if (address === undefined) {
      socket.destroy(); // it has gone already
      return;
    }
    const peer = this.#isExempt(address) ? '' : peerNetwork(address);
    const own = this.#byPeer.get(peer) ?? new Set<Connection>();
    const isPeerFull = peer !== '' && own.size >= this.#limits.maxConnectionsPerPeer;
    const isFull = this.#byEndpoint.size >= this.#limits.maxConnections;
    if ((isPeerFull && !evictIdle(own)) || (isFull && !isPeerFull && !evictIdle(this.#largestPeer()))) {
      socket.destroy();
      return;
    }
    const connection: Connection = { socket, peer, isIdle: true, hasAsked: false };
    this.#byEndpoint.set(key, connection);
    this.#byPeer.set(peer, own.add(connection));
    socket.once('close', () => this.#forget(key, connection));
  }

  /** Whether a request of it waits for its answer, or it was upgraded. The socket may be the TLS one over the admitted one. */
  setIdle(socket: Socket, isIdle: boolean): void {
    const connection = this.#byEndpoint.get(endpointOf(socket));
    if (connection === undefined) return;
    connection.isIdle = isIdle;
    connection.hasAsked = true;
    // The set is ordered by last use.
    const own = this.#byPeer.get(connection.peer);
    if (own?.delete(connection) === true) own.add(connection);
  }

  /** Of a socket that was admitted: whether an answer to it is under way, or it was upgraded. */
  isBusy(socket: Socket): boolean {
    return this.#byEndpoint.get(endpointOf(socket))?.isIdle === false;
  }

  #largestPeer(): Set<Connection> {
    let largest = new Set<Connection>();
    for (const own of this.#byPeer.values()) if (own.size > largest.size) largest = own;
    return largest;
  }

  #forget(key: string, connection: Connection): void {
    if (this.#byEndpoint.get(key) === connection) this.#byEndpoint.delete(key);
    const own = this.#byPeer.get(connection.peer);
    own?.delete(connection);
    if (own?.size === 0) this.#byPeer.delete(connection.peer);
  }
}

/**
 * The least recently used idle connection ends, one that never asked for anything before one that did. False where none
 * is idle.
 */
function evictIdle(connections: Set<Connection>): boolean {
  let victim: Connection | undefined;
  for (const connection of connections) {
    if (!connection.isIdle) continue;
    victim ??= connection;
    if (connection.hasAsked) continue;
    victim = connection;
    break;
  }
  if (victim === undefined) return false;
  // Its close comes later; another connection of this moment must not find it again.
  connections.delete(victim);
  victim.socket.destroy();
  return true;
}

/** The same for a TLS socket and the TCP socket below it. */
function endpointOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? ''}`;
}
