import { randomBytes } from 'node:crypto';
import type { FrameTimer } from '../frame-timer.js';
import type { AudioLoop } from '../scenes/audio-loop.js';
import type { StartMode, StreamSource } from '../stream-source.js';
import { AudioSender } from './audio-sender.js';
import { RtpSender, type SendingCamera } from './rtp-sender.js';
import type { RtpTransport } from './rtp-transport.js';

export interface CameraStream {
  readonly source: StreamSource;
  readonly startMode: StartMode;
  /** In place of the camera's own number, of a channel of a device with several. */
  readonly stampNumber?: number;
}

/** One track of a session, set up. */
export interface SessionTrack {
  readonly control: string;
  readonly ssrc: number;
  /** Starts to send; returns the first packet's sequence number and time for RTP-Info (RFC 2326 12.33). */
  start(): { sequence: number; rtpTimestamp: number };
  stop(): void;
  readonly transport: RtpTransport;
}

/** What one client set up on one connection: the tracks of one stream. */
export class MediaSession {
  readonly id = randomBytes(6).toString('hex');
  readonly path: string;
  readonly #tracks = new Map<string, SessionTrack>();
  #playing = false;

  constructor(path: string) {
    this.path = path;
  }

  has(control: string): boolean {
    return this.#tracks.has(control);
  }

  add(track: SessionTrack): void {
    this.#tracks.set(track.control, track);
  }

  /** RTP-Info of the tracks that start now; empty where they run already. */
  play(): { control: string; sequence: number; rtpTimestamp: number }[] {
    if (this.#playing) return [];
    this.#playing = true;
    return [...this.#tracks.values()].map((track) => ({ control: track.control, ...track.start() }));
  }

  pause(): void {
    this.#playing = false;
    for (const track of this.#tracks.values()) track.stop();
  }

  end(): void {
    this.pause();
    for (const { transport } of this.#tracks.values()) transport.stop();
    this.#tracks.clear();
  }
}

interface TrackOptions {
  control: string;
  camera: SendingCamera;
  transport: RtpTransport;
  channel: number;
}

export function videoTrack(options: TrackOptions & { stream: CameraStream }): SessionTrack {
  const { control, camera, transport, channel, stream } = options;
  const sender = new RtpSender({
    transport,
    camera,
    channel,
    payloadType: stream.source.loop.payloadType,
    stampNumber: stream.stampNumber ?? camera.number,
  });
  return {
    ...{ control, transport, ssrc: sender.ssrc },
    start: () => {
      const sequence = sender.nextSequence;
      return { sequence, rtpTimestamp: sender.rtpTimestamp(stream.source.add(sender, stream.startMode)) };
    },
    stop: () => stream.source.remove(sender),
  };
}

export function audioTrack(options: TrackOptions & { timer: FrameTimer; loop: AudioLoop }): SessionTrack {
  const { control, camera, transport, channel, timer, loop } = options;
  const sender = new AudioSender({ transport, camera, timer, loop, channel });
  return {
    ...{ control, transport, ssrc: sender.ssrc },
    start: () => {
      sender.start();
      return { sequence: sender.nextSequence, rtpTimestamp: sender.nextTimestamp };
    },
    stop: () => sender.stop(),
  };
}
