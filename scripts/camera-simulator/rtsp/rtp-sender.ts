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
  /** What a wrong clock rate has added to RTP time up to `sinceTicks`, and adds from there. */
  #drift = { ticks: 0, sinceTicks: 0, rate: 1 };
  /** Pictures that wait for the others of their burst. */
  #held: StampedFrame[] = [];

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
    const driftTicks = this.#driftTicks(ticks, this.#camera.disturbance()?.clockRate ?? 1);
    return (this.#timestampBase + ticks + jumpTicks + driftTicks + 2 ** 33) % 2 ** 32;
  }

  #driftTicks(ticks: number, rate: number): number {
    const { ticks: before, sinceTicks, rate: known } = this.#drift;
    const driftTicks = Math.round(before + (ticks - sinceTicks) * (known - 1));
    if (rate !== known) this.#drift = { ticks: driftTicks, sinceTicks: ticks, rate };
    return driftTicks;
  }

  onFrame(frame: StampedFrame): void {
    const burstMs = this.#camera.disturbance()?.burstMs ?? 0;
    if (burstMs === 0 && this.#held.length === 0) return this.#send(frame);
    const isOver = frame.utcMs - (this.#held[0]?.utcMs ?? frame.utcMs) >= burstMs;
    this.#held.push(frame);
    if (!isOver) return;
    const due = this.#held;
    this.#held = [];
    for (const one of due) this.#send(one);
  }

  #send(frame: StampedFrame): void {
    if (this.#camera.isHanging() || this.#transport.closed) return;
    const disturbance = this.#camera.disturbance();
    const { unit } = frame;
    const wasAskedFor = frame.outOfTurn && disturbance?.keyframesOnRequest;
    if (disturbance?.noKeyframes && unit.keyframe && !wasAskedFor) return;
    const timestamp = this.rtpTimestamp(frame.ticks);
    const report = disturbance?.noReports
      ? undefined
      : this.#report(frame, timestamp, disturbance?.coarseReports === true);
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

  #report(frame: StampedFrame, rtpTimestamp: number, wholeSeconds: boolean): Buffer | undefined {
    const report = this.#reporter.due({
      utcMs: frame.utcMs,
      clockOffsetMs: this.#camera.clockOffsetMs(),
      rtpTimestamp,
      ssrc: this.#state.ssrc,
      channel: this.#state.channel + 1,
      wholeSeconds,
    });
    return report.length === 0 ? undefined : report;
  }
}
