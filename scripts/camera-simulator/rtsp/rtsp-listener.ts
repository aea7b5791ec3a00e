import { createServer, type Server, type Socket } from 'node:net';
import type { FrameTimer } from '../frame-timer.js';
import { RtspConnection, type RtspCamera, type RtspLimits } from './rtsp-connection.js';

/** Accepts the RTSP connections of one camera. */
export class RtspListener {
  readonly #camera: RtspCamera;
  readonly #timer: FrameTimer;
  readonly #limits: RtspLimits;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(options: { camera: RtspCamera; timer: FrameTimer; limits: RtspLimits }) {
    this.#camera = options.camera;
    this.#timer = options.timer;
    this.#limits = options.limits;
  }

  get connectionCount(): number {
    return this.#sockets.size;
  }

  /** Listens on the camera's address; port 0 picks a free one. Resolves to the port. */
  start(port: number): Promise<number> {
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      new RtspConnection({ socket, camera: this.#camera, timer: this.#timer, limits: this.#limits });
    });
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.#camera.host, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  /** Closes every connection, with RST where `abruptly`. */
  disconnect(abruptly: boolean): void {
    for (const socket of this.#sockets) {
      if (abruptly) socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.disconnect(false);
    await closed;
  }
}
