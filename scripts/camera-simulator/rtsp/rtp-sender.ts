import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { buildSeiNal } from '../sei.js';
import type { FrameReceiver, StampedFrame } from '../stream-source.js';
import { PacketTemplate, payloadBytes, type RtpState } from './packet-template.js';
import { buildSenderReport, interleave } from './rtcp.js';
import { videoPayloadType } from './sdp.js';

const senderReportMs = 5000;

/** Sends one stream to one receiver: each access unit, stamped, in one write; sender reports between them. */
export class RtpSender implements FrameReceiver {
  readonly #socket: Socket;
  readonly #camera: { readonly number: number; readonly host: string; clockOffsetMs(): number; isHanging(): boolean };
  readonly #maxQueueBytes: number;
  readonly #state: RtpState;
  readonly #timestampBase = randomInt(2 ** 32);
  #packetCount = 0;
  #octetCount = 0;
  #reportedAtUtcMs = -Infinity;
  #reportedOffsetMs = 0;

  constructor(options: {
    socket: Socket;
    camera: { readonly number: number; readonly host: string; clockOffsetMs(): number; isHanging(): boolean };
    channel: number;
    maxQueueBytes: number;
  }) {
    this.#socket = options.socket;
    this.#camera = options.camera;
    this.#maxQueueBytes = options.maxQueueBytes;
    this.#state = {
      channel: options.channel,
      payloadType: videoPayloadType,
      ssrc: randomInt(2 ** 32),
      sequence: randomInt(2 ** 16),
    };
  }

  get ssrc(): number {
    return this.#state.ssrc;
  }

  get nextSequence(): number {
    return this.#state.sequence;
  }

  rtpTimestamp(ticks: number): number {
    return (this.#timestampBase + ticks) % 2 ** 32;
  }

  onFrame(frame: StampedFrame): void {
    if (this.#camera.isHanging() || this.#socket.destroyed) return;
    if (this.#socket.writableLength > this.#maxQueueBytes) {
      this.#socket.destroy(); // a receiver that does not read
      return;
    }
    const { parameterSets, slices } = frame.unit;
    const stamp = PacketTemplate.ofSlices([buildSeiNal(this.#camera.number, BigInt(frame.counter), frame.utcMs)]);
    const report = this.#reportIfDue(frame);
    const bytes = Buffer.allocUnsafe(report.length + parameterSets.byteLength + stamp.byteLength + slices.byteLength);
    const timestamp = this.rtpTimestamp(frame.ticks);
    let at = report.copy(bytes);
    at = parameterSets.writeTo(bytes, at, this.#state, timestamp, false);
    at = stamp.writeTo(bytes, at, this.#state, timestamp, false);
    slices.writeTo(bytes, at, this.#state, timestamp, true);
    for (const template of [parameterSets, stamp, slices]) {
      this.#packetCount += template.packetCount;
      this.#octetCount += payloadBytes(template);
    }
    this.#socket.write(bytes);
  }

  /** Speaks of the frame it goes before, so that the mapping from RTP time to the camera's clock is exact. */
  #reportIfDue(frame: StampedFrame): Buffer {
    const offsetMs = this.#camera.clockOffsetMs();
    const elapsedMs = frame.utcMs - this.#reportedAtUtcMs;
    if (elapsedMs >= 0 && elapsedMs < senderReportMs && offsetMs === this.#reportedOffsetMs) return Buffer.alloc(0);
    this.#reportedAtUtcMs = frame.utcMs;
    this.#reportedOffsetMs = offsetMs;
    const report = buildSenderReport({
      ssrc: this.#state.ssrc,
      utcMs: frame.utcMs + offsetMs,
      rtpTimestamp: this.rtpTimestamp(frame.ticks),
      packetCount: this.#packetCount,
      octetCount: this.#octetCount,
      cname: this.#camera.host,
    });
    return interleave(this.#state.channel + 1, report);
  }
}
