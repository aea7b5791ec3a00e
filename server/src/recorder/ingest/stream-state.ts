// The states of one pulled stream, and which may follow which.
import type { CameraReason } from '@choi-canh/shared/health';

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
  /** How far the camera's clock is ahead of ours. */
  readonly clockOffsetMs: number | undefined;
}
