import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TimedSource } from '../frame-timer.js';
import { interleave } from './rtcp.js';
import { audioPayloadType } from './sdp.js';

const packetMs = 40;
const samplesPerPacket = 320;
const silence = 0xd5;

/** Silence in G.711 A-law: what a stream that is not video carries. */
export class AudioSender implements TimedSource {
  readonly #socket: Socket;
  readonly #channel: number;
  readonly #ssrc = randomInt(2 ** 32);
  readonly #startMs: number;
  #sent = 0;

  constructor(options: { socket: Socket; channel: number; startMs: number }) {
    this.#socket = options.socket;
    this.#channel = options.channel;
    this.#startMs = options.startMs;
  }

  tick(nowMs: number): number {
    while (this.#startMs + this.#sent * packetMs <= nowMs) {
      const packet = Buffer.alloc(12 + samplesPerPacket, silence);
      packet[0] = 0x80;
      packet[1] = audioPayloadType;
      packet.writeUInt16BE(this.#sent & 0xffff, 2);
      packet.writeUInt32BE((this.#sent * samplesPerPacket) % 2 ** 32, 4);
      packet.writeUInt32BE(this.#ssrc, 8);
      if (this.#socket.writableLength < 100_000) this.#socket.write(interleave(this.#channel, packet));
      this.#sent += 1;
    }
    return this.#startMs + this.#sent * packetMs;
  }
}
