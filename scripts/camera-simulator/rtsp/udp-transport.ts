import { createSocket, type Socket } from 'node:dgram';
import type { RtpTransport } from './rtp-transport.js';

const attempts = 20;

/** RTP on an even port and RTCP on the next, from the camera's address to the client's pair (RFC 3550 11). */
export class UdpTransport implements RtpTransport {
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  readonly #to: { host: string; rtpPort: number };
  closed = false;

  private constructor(rtp: Socket, rtcp: Socket, to: { host: string; rtpPort: number }, onReport: () => void) {
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.#to = to;
    for (const socket of [rtp, rtcp]) {
      socket.removeAllListeners('error');
      socket.on('error', () => this.stop()); // e.g. the client's port is closed
    }
    rtcp.on('message', onReport);
  }

  /** `onReport` is called for what the client sends to the RTCP port. */
  static async open(host: string, to: { host: string; rtpPort: number }, onReport: () => void): Promise<UdpTransport> {
    for (let attempt = 1; ; attempt += 1) {
      const rtp = await bind(host, 0);
      const port = rtp.address().port;
      try {
        if (port % 2 === 1) throw new Error('an odd port');
        return new UdpTransport(rtp, await bind(host, port + 1), to, onReport);
      } catch (error) {
        rtp.close();
        if (attempt === attempts) throw error;
      }
    }
  }

  get serverPort(): number {
    return this.#rtp.address().port;
  }

  send(bytes: Buffer): void {
    for (let at = 0; !this.closed && at + 4 <= bytes.length;) {
      const end = at + 4 + bytes.readUInt16BE(at + 2);
      const isRtcp = (bytes[at + 1] ?? 0) % 2 === 1;
      const socket = isRtcp ? this.#rtcp : this.#rtp;
      // A refused datagram is the client's affair: the session ends by its own timeout.
      socket.send(bytes, at + 4, end - at - 4, this.#to.rtpPort + (isRtcp ? 1 : 0), this.#to.host, () => undefined);
      at = end;
    }
  }

  stop(): void {
    if (this.closed) return;
    this.closed = true;
    this.#rtp.close();
    this.#rtcp.close();
  }
}

function bind(host: string, port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(port, host, () => resolve(socket));
  });
}
