import { createServer, type Server, type Socket } from 'node:net';
import type { FrameTimer } from '../frame-timer.js';
import { redirect } from './redirecting-connection.js';
import { RtspConnection, type RtspCamera, type RtspLimits } from './rtsp-connection.js';

/** Accepts the RTSP connections of one camera. */
export class RtspListener {
  readonly #camera: RtspCamera;
  readonly #timer: FrameTimer;
  readonly #limits: RtspLimits;
  readonly #connections = new Map<Socket, RtspConnection | undefined>();
  #server: Server | undefined;
  /** Where a camera that redirects really serves. */
  #second: Server | undefined;
  #attempts = 0;

  constructor(options: { camera: RtspCamera; timer: FrameTimer; limits: RtspLimits }) {
    this.#camera = options.camera;
    this.#timer = options.timer;
    this.#limits = options.limits;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Connections ever accepted, also those that were turned away. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Listens on the camera's address; port 0 picks a free one. Resolves to the port. */
  async start(port: number): Promise<number> {
    this.#server = createServer((socket) => this.#accept(socket, true));
    const chosen = await this.#listen(this.#server, port);
    if (this.#camera.kind.redirects) await this.openSecond();
    return chosen;
  }

  /** The port to which a camera of that kind redirects. */
  async openSecond(): Promise<void> {
    if (this.#second || !this.#server) return;
    this.#second = createServer((socket) => this.#accept(socket, false));
    await this.#listen(this.#second, 0);
  }

  #listen(server: Server, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.#camera.host, () => resolve(portOf(server)));
    });
  }

  #accept(socket: Socket, isKnownPort: boolean): void {
    this.#attempts += 1;
    if (this.#camera.fault('turned-away')) {
      socket.on('error', () => undefined); // it is being reset
      socket.resetAndDestroy();
      return;
    }
    socket.once('close', () => this.#connections.delete(socket));
    if (isKnownPort && this.#camera.kind.redirects) {
      this.#connections.set(socket, undefined);
      redirect(socket, portOf(this.#second));
      return;
    }
    const connection = new RtspConnection({
      socket,
      camera: this.#camera,
      timer: this.#timer,
      limits: this.#limits,
    });
    this.#connections.set(socket, connection);
    if (this.#camera.isGone()) connection.vanish();
  }

  /** Nothing is said or heard any more on the connections of now. */
  vanish(): void {
    for (const connection of this.#connections.values()) connection?.vanish();
  }

  /** Closes every connection, with RST where `abruptly`. */
  disconnect(abruptly: boolean): void {
    for (const socket of this.#connections.keys()) {
      if (abruptly) socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  async stop(): Promise<void> {
    const servers = [this.#server, this.#second].filter((server) => server !== undefined);
    this.#server = undefined;
    this.#second = undefined;
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    this.disconnect(false);
    await Promise.all(closed);
  }
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  return typeof address === 'object' && address ? address.port : 0;
}
