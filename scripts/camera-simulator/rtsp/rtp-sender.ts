import { randomInt } from 'node:crypto';
import { maxStampBytes, writeStamp } from '../sei.js';
import { rtpClockHz, type FrameReceiver, type StampedFrame } from '../stream-source.js';
import { PacketMangler, type Disturbance } from './disturbance.js';
import { framePacket, headerBytes, type RtpState } from './packet-template.js';
import { RtcpReporter } from './rtcp-reporter.js';
import type { RtpTransport } from './rtp-transport.js';
import { fillBytes } from './slab.js';

/** What a sender asks of its camera at every packet. */
export interface SendingCamera {
  readonly number: number;
  readonly host: string;
  clockOffsetMs(): number;
  isHanging(): boolean;
  disturbance(): Disturbance | undefined;
}

const maxStampPacketBytes = headerBytes + maxStampBytes;

/** Sends one stream to one receiver: each access unit, stamped, in one write; sender reports between them. */
export class RtpSender implements FrameReceiver {
  readonly #transport: RtpTransport;
  readonly #camera: SendingCamera;
  readonly #stampNumber: number;
  readonly #state: RtpState;
  readonly #timestampBase = randomInt(2 ** 32);
  readonly #reporter: RtcpReporter;
  readonly #mangler = new PacketMangler();

  constructor(options: {
    transport: RtpTransport;
    camera: SendingCamera;
    channel: number;
    payloadType: number;
    stampNumber: number;
  }) {
    this.#stampNumber = options.stampNumber;
    this.#transport = options.transport;
    this.#camera = options.camera;
    this.#reporter = new RtcpReporter(this.#camera.host);
    this.#state = {
      channel: options.channel,
      payloadType: options.payloadType,
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
    const jumpTicks = Math.round(((this.#camera.disturbance()?.jumpMs ?? 0) * rtpClockHz) / 1000);
    return (this.#timestampBase + ticks + jumpTicks + 2 ** 33) % 2 ** 32;
  }

  onFrame(frame: StampedFrame): void {
    if (this.#camera.isHanging() || this.#transport.closed) return;
    const disturbance = this.#camera.disturbance();
    const { unit } = frame;
    const wasAskedFor = frame.outOfTurn && disturbance?.keyframesOnRequest;
    if (disturbance?.noKeyframes && unit.keyframe && !wasAskedFor) return;
    const timestamp = this.rtpTimestamp(frame.ticks);
    const report = disturbance?.noReports ? undefined : this.#report(frame, timestamp);
    const { parameterSets, slices } = unit;
    const room = parameterSets.byteLength + maxStampPacketBytes + slices.byteLength + (report?.length ?? 0);
    const bytes = fillBytes(room, (target, start) => {
      let at = report ? start + report.copy(target, start) : start;
      at = parameterSets.writeTo(target, at, this.#state, timestamp, false);
      at = this.#writeStamp(target, at, frame, timestamp);
      return slices.writeTo(target, at, this.#state, timestamp, !disturbance?.noMarkers);
    });
    this.#reporter.count(
      parameterSets.packetCount + slices.packetCount,
      parameterSets.payloadBytes + slices.payloadBytes,
    );
    this.#transport.send(disturbance?.mangles ? this.#mangler.mangle(bytes, disturbance) : bytes);
  }

  /** JPEG has no place for a stamp. */
  #writeStamp(bytes: Buffer, at: number, frame: StampedFrame, timestamp: number): number {
    const { codec } = frame.loop;
    if (codec === 'mjpeg') return at;
    const stamp = { cameraNumber: this.#stampNumber, frameCounter: frame.counter, utcMs: frame.utcMs };
    const payloadLength = writeStamp(bytes, at + headerBytes, stamp, codec) - at - headerBytes;
    this.#reporter.count(1, payloadLength);
    return framePacket(bytes, at, payloadLength, this.#state, timestamp, false);
  }

  #report(frame: StampedFrame, rtpTimestamp: number): Buffer | undefined {
    const report = this.#reporter.due({
      utcMs: frame.utcMs,
      clockOffsetMs: this.#camera.clockOffsetMs(),
      rtpTimestamp,
      ssrc: this.#state.ssrc,
      channel: this.#state.channel + 1,
    });
    return report.length === 0 ? undefined : report;
  }
}
