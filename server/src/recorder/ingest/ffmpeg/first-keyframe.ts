// The wait of the ffmpeg engine for the first keyframe of a stream: until then the child writes no picture. That pictures
// come shows in what its decoders complain of, or in its header; that nothing comes ends the child by itself.
import type { PullOptions } from '../fragment-source.js';

/** A stream is looked through for so long: longer than the groups of "smart codecs". */
export const keyframeWaitMs = 90_000;
/** As in the native engine. */
const askAfterMs = 1000;
const askEveryMs = 5000;
const tellAfterMs = 8000;
const ofDecoder = /^\[(?:h264|hevc) @/;

export class FirstKeyframe {
  readonly #pull: Pick<PullOptions, 'requestKeyframe' | 'report'>;
  readonly #monotonicMs: () => number;
  #picturesSinceMs: number | undefined;
  #askedAtMs = -Infinity;
  #isTold = false;
  #isOver = false;

  constructor({
    pull,
    monotonicMs,
  }: {
    pull: Pick<PullOptions, 'requestKeyframe' | 'report'>;
    monotonicMs: () => number;
  }) {
    this.#pull = pull;
    this.#monotonicMs = monotonicMs;
  }

  /** A line of the child's stderr. */
  said(line: string): void {
    if (ofDecoder.test(line)) this.picturesCome();
  }

  /** Pictures come that decoding cannot begin with, as far as is known. */
  picturesCome(): void {
    this.#picturesSinceMs ??= this.#monotonicMs();
  }

  /** Called every second or so. */
  tick(): void {
    const { report, requestKeyframe } = this.#pull;
    if (this.#isOver || this.#picturesSinceMs === undefined) return;
    const now = this.#monotonicMs();
    const waitedMs = now - this.#picturesSinceMs;
    if (waitedMs >= askAfterMs && now - this.#askedAtMs >= askEveryMs) {
      this.#askedAtMs = now;
      requestKeyframe();
    }
    if (waitedMs < tellAfterMs || this.#isTold) return;
    this.#isTold = true;
    report.trouble('no_keyframe', 'pictures come, but no keyframe');
  }

  /** The first keyframe came. */
  came(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isTold) this.#pull.report.trouble('no_keyframe', undefined);
  }
}
