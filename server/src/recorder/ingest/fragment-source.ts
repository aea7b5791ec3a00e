// What an engine is: it pulls one stream of one camera and makes fragments of it until it is told to stop.
import type { Fragment } from '../../lib/fragment.js';

export interface StreamTarget {
  /** RTSP address without credentials. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export interface PullOptions {
  readonly signal: AbortSignal;
  /** A number for each stretch with a media timeline of its own; grows. */
  readonly nextRun: () => number;
  readonly onFragment: (fragment: Fragment) => void;
  /** A frame came. */
  readonly onFrame: () => void;
  /** How far the camera's clock is ahead of ours, ms; from its sender reports. */
  readonly onClockOffset: (offsetMs: number) => void;
}

export interface FragmentSource {
  readonly engine: 'native' | 'ffmpeg';
  /** How much longer than the stall limit the first frame may take, ms. */
  readonly startupMs: number;
  /** Resolves when the signal aborted. @throws IngestFailure when the stream cannot be had or ends */
  pull(target: StreamTarget, options: PullOptions): Promise<void>;
}
