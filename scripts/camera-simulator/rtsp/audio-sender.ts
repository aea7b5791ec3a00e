import { randomInt } from 'node:crypto';
import type { FrameTimer, TimedSource } from '../frame-timer.js';
import type { AudioLoop } from '../scenes/audio-loop.js';
import { framePacket, headerBytes, type RtpState } from './packet-template.js';
import { RtcpReporter } from './rtcp-reporter.js';
import type { SendingCamera } from './rtp-sender.js';
import type { RtpTransport } from './rtp-transport.js';
import { fillBytes } from './slab.js';

/** Sends a camera's sound to one receiver: unit n is captured at its own instant, by the clock that stamps pictures. */
export class AudioSender implements TimedSource {
  readonly #transport: RtpTransport;
  readonly #camera: SendingCamera;
  readonly #timer: FrameTimer;
  readonly #loop: AudioLoop;
  readonly #state: RtpState;
  readonly #timestampBase = randomInt(2 ** 32);
  readonly #reporter: RtcpReporter;
  /** Next unit since the start of the timer's clock. */
  #index: number;

  constructor(options: {
    transport: RtpTransport;
    camera: SendingCamera;
    timer: FrameTimer;
    loop: AudioLoop;
    channel: number;
  }) {
    this.#transport = options.transport;
    this.#camera = options.camera;
    this.#timer = options.timer;
    this.#loop = options.loop;
    this.#reporter = new RtcpReporter(this.#camera.host);
    this.#state = {
      channel: options.channel,
      payloadType: options.loop.payloadType,
      ssrc: randomInt(2 ** 32),
      sequence: randomInt(2 ** 16),
    };
    this.#index = Math.floor(this.#timer.nowMs() / this.#unitMs());
  }

  get ssrc(): number {
    return this.#state.ssrc;
  }

  get nextSequence(): number {
    return this.#state.sequence;
  }

  get nextTimestamp(): number {
    return this.#timestamp(this.#index);
  }

  start(): void {
    this.#index = Math.floor(this.#timer.nowMs() / this.#unitMs());
    this.#timer.add(this);
  }

  stop(): void {
    this.#timer.remove(this);
  }

  tick(nowMs: number): number {
    for (; (this.#index + 1) * this.#unitMs() <= nowMs; this.#index += 1) this.#send();
    return (this.#index + 1) * this.#unitMs();
  }

  #unitMs(): number {
    return (this.#loop.samplesPerUnit * 1000) / this.#loop.clockHz;
  }

  #timestamp(index: number): number {
    const jumpMs = this.#camera.disturbance()?.jumpMs ?? 0;
    const jumpTicks = Math.round((jumpMs * this.#loop.clockHz) / 1000);
    return (this.#timestampBase + index * this.#loop.samplesPerUnit + jumpTicks + 2 ** 33) % 2 ** 32;
  }

  #send(): void {
    if (this.#camera.isHanging() || this.#transport.closed) return;
    const { payloads } = this.#loop;
    const payload = payloads[this.#index % payloads.length];
    if (!payload) return;
    const timestamp = this.#timestamp(this.#index);
    const report = this.#camera.disturbance()?.noReports
      ? undefined
      : this.#reporter.due({
          utcMs: this.#timer.utcOf(this.#index * this.#unitMs()),
          clockOffsetMs: this.#camera.clockOffsetMs(),
          rtpTimestamp: timestamp,
          ssrc: this.#state.ssrc,
          channel: this.#state.channel + 1,
        });
    const bytes = fillBytes((report?.length ?? 0) + headerBytes + payload.length, (target, start) => {
      const at = report ? start + report.copy(target, start) : start;
      payload.copy(target, at + headerBytes);
      return framePacket(target, at, payload.length, this.#state, timestamp, true);
    });
    this.#reporter.count(1, payload.length);
    this.#transport.send(bytes);
  }
}
