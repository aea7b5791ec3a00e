import { randomInt, randomUUID } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { buildDiscoveryAnswer, matches, parseDiscoveryRequest, type DiscoveryTarget } from './discovery-message.js';
import { junkDatagrams } from './junk-datagrams.js';

export const discoveryGroup = '239.255.255.250';
/** WS-Discovery (April 2005) 3.1.3: an answer waits for a random time up to this, so that many do not collide. */
const appMaxDelayMs = 500;

export interface DiscoverableCamera {
  readonly host: string;
  discoveryTarget(): DiscoveryTarget;
  /** Off or hanging. */
  isSilent(): boolean;
  /** Answers probes with datagrams that are not WS-Discovery. */
  sendsJunk(): boolean;
}

/**
 * Answers WS-Discovery for every camera: one socket hears the multicast group on one interface, one socket for each
 * address hears what is sent to that address and sends its answers, so that they come from the camera's own address.
 */
export class DiscoveryResponder {
  readonly #cameras: readonly DiscoverableCamera[];
  readonly #interfaceAddress: string;
  readonly #sockets = new Map<string, Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #instanceId: number;
  #group: Socket | undefined;
  #messageNumber = 0;
  #port = 0;

  constructor(options: { cameras: readonly DiscoverableCamera[]; interfaceAddress: string; instanceId: number }) {
    this.#cameras = options.cameras;
    this.#interfaceAddress = options.interfaceAddress;
    this.#instanceId = options.instanceId;
  }

  get port(): number {
    return this.#port;
  }

  /** Port 0 picks a free one. */
  async start(port: number): Promise<void> {
    this.#group = await this.#bind(discoveryGroup, port, this.#cameras);
    this.#group.addMembership(discoveryGroup, this.#interfaceAddress);
    this.#port = this.#group.address().port;
    const hosts = new Map<string, DiscoverableCamera[]>();
    for (const camera of this.#cameras) hosts.set(camera.host, [...(hosts.get(camera.host) ?? []), camera]);
    for (const [host, cameras] of hosts) this.#sockets.set(host, await this.#bind(host, this.#port, cameras));
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    const sockets = [...this.#sockets.values(), ...(this.#group ? [this.#group] : [])];
    this.#sockets.clear();
    this.#group = undefined;
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  }

  /** Sends junk from a camera's address to whoever listens there. */
  sendJunk(host: string, to: { address: string; port: number }): void {
    for (const datagram of junkDatagrams()) this.#sockets.get(host)?.send(datagram, to.port, to.address);
  }

  #bind(address: string, port: number, cameras: readonly DiscoverableCamera[]): Promise<Socket> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port }, () => {
        socket.off('error', reject);
        socket.on('error', (error) => console.error(`discovery on ${address}: ${error.message}`));
        socket.on('message', (datagram, from) => this.#hear(datagram, from, cameras));
        resolve(socket);
      });
    });
  }

  #hear(datagram: Buffer, from: RemoteInfo, cameras: readonly DiscoverableCamera[]): void {
    const request = parseDiscoveryRequest(datagram);
    if (!request) return;
    for (const camera of cameras) {
      if (camera.isSilent() || !matches(request, camera.discoveryTarget())) continue;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        if (camera.isSilent()) return;
        if (camera.sendsJunk()) return this.sendJunk(camera.host, from);
        this.#messageNumber += 1;
        const answer = buildDiscoveryAnswer(request, camera.discoveryTarget(), {
          messageId: `urn:uuid:${randomUUID()}`,
          instanceId: this.#instanceId,
          messageNumber: this.#messageNumber,
        });
        this.#sockets.get(camera.host)?.send(answer, from.port, from.address);
      }, randomInt(appMaxDelayMs));
      this.#timers.add(timer);
    }
  }
}
