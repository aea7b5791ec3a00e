// What was learnt about a stream and lasts longer than this process: which engine it needs, and how the camera behaves.
import type { StreamQuirk } from '@choi-canh/shared/recorder-facts';
import type { StreamName } from '../../lib/fragment.js';
import type { LearntEngine } from './engine-choice.js';
import type { StreamHabits } from './native/picture-recorder.js';

export interface LearntStream {
  readonly engine?: LearntEngine | undefined;
  readonly quirks: readonly StreamQuirk[];
  /** Methods that keep a session alive at which the camera closed the connection, one for each time. */
  readonly lostKeepAlives: readonly string[];
  /** Of RTSP over TLS: SHA-256 of the public key that the camera showed first (SPKI), hex. */
  readonly tlsKey?: string | undefined;
  /** What the next connection begins with; absent: as usual. */
  readonly habits?: StreamHabits | undefined;
}

export interface StreamMemory {
  /** `access`: what it holds for, address and credentials; never a password. */
  recall(cameraId: string, stream: StreamName, access: string): LearntStream | undefined;
  learn(cameraId: string, stream: StreamName, access: string, learnt: LearntStream): void;
}

export const nothingLearnt: LearntStream = { quirks: [], lostKeepAlives: [] };
/** Enough to bar every method. */
export const mostLostKeepAlives = 6;
