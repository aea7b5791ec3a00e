// The states of one pulled stream, and which may follow which.
import type { CameraReason } from '@choi-canh/shared/health';
import type { StreamQuirk } from '@choi-canh/shared/recorder-facts';
import type { TimeSource } from '../../lib/fragment.js';

export type StreamState =
  /** Nobody wants it. */
  | 'stopped'
  /** Connecting, or connected and waiting for the first fragment. */
  | 'starting'
  /** Fragments come. */
  | 'recording'
  /** Nothing came for too long; the connection is being given up. */
  | 'stalled'
  /** Waiting before the next attempt. */
  | 'backoff';

export const nextStates: Readonly<Record<StreamState, readonly StreamState[]>> = {
  stopped: ['starting'],
  starting: ['recording', 'stalled', 'backoff', 'stopped'],
  recording: ['stalled', 'backoff', 'stopped'],
  stalled: ['backoff', 'stopped'],
  backoff: ['starting', 'stopped'],
};

export type MediaCodec = 'h264' | 'h265' | 'mjpeg' | 'mpeg4';

/** Why the engine that runs is the one that runs. */
export type EngineReason =
  | 'default'
  /** The only one that the recorder may use. */
  | 'configured'
  | 'codec'
  | 'transport'
  | 'tls'
  /** The camera refused RTP over TCP without saying why. */
  | 'refused'
  /** The camera sends no keyframes. */
  | 'no_keyframe'
  /** The native engine failed several times in a row. */
  | 'native_failed'
  /** It got no picture, several times in a row. */
  | 'no_stream'
  /** What it got broke off, several times in a row. */
  | 'stalled';

export interface StreamRuntime {
  readonly state: StreamState;
  readonly reason: CameraReason;
  /** For technicians: English, short, free of credentials; may be empty. */
  readonly detail: string;
  /** Since when state and reason are what they are; attempts in between do not count. */
  readonly sinceAtMs: number;
  readonly lastFragmentAtMs: number | undefined;
  readonly frameRate: number | undefined;
  readonly bitrateKbps: number | undefined;
  /** Attempts after the first. */
  readonly reconnects: number;
  readonly engine: 'native' | 'ffmpeg';
  readonly engineReason: EngineReason | null;
  readonly codec: MediaCodec | null;
  /** Missing in the sequence numbers of RTP, since the camera is known here. */
  readonly lostPackets: number;
  /** How instants of frames are found; null before the first. */
  readonly timeSource: TimeSource | null;
  /** Bound on how far the instant of a frame may be off, ms; design/time.md. */
  readonly timeErrorMs: number | null;
  readonly audio: boolean;
  /** Encoding of the sound that the camera offers, as RTP names it; null: none, or not known. */
  readonly sound: string | null;
  /** What the camera does against the rules. */
  readonly quirks: readonly StreamQuirk[];
  /** How far the camera's clock is ahead of ours; the last that was measured. */
  readonly clockOffsetMs: number | undefined;
  /** When that was measured, ms UTC. */
  readonly clockMeasuredAtMs: number | undefined;
}
