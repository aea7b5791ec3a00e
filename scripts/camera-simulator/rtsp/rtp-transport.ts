import type { Socket } from 'node:net';

/** The way of RTP and RTCP packets to one receiver. Packets are given framed as for RTSP interleaving. */
export interface RtpTransport {
  readonly closed: boolean;
  /** Sends whole interleaved packets, as many as `bytes` holds. */
  send(bytes: Buffer): void;
  stop(): void;
}

/** Over the RTSP connection itself (RFC 2326 10.12). A receiver that does not read is dropped. */
export class InterleavedTransport implements RtpTransport {
  readonly #socket: Socket;
  readonly #maxQueueBytes: number;

  constructor(socket: Socket, maxQueueBytes: number) {
    this.#socket = socket;
    this.#maxQueueBytes = maxQueueBytes;
  }

  get closed(): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded;
  }

  send(bytes: Buffer): void {
    if (this.#socket.writableLength > this.#maxQueueBytes) this.#socket.destroy();
    else this.#socket.write(bytes);
  }

  stop(): void {
    // The connection is not this transport's own.
  }
}
