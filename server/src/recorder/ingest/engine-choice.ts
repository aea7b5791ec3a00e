// Which engine pulls a stream, and why. Native is preferred; what it cannot do goes to ffmpeg by itself. That is
// remembered, and native has another try when the stream is lost a day later, or when the other one fails as well.
import type { Clock } from '../../lib/clock.js';
import type { FragmentSource, PullOptions } from './fragment-source.js';
import type { IngestFailure, OtherEngine } from './ingest-failure.js';
import type { EngineReason } from './stream-state.js';

/** Failures in a row, without any footage, after which the other engine has a try. */
const failuresBeforeChange = 3;
const rememberedMs = 24 * 60 * 60_000;
const puzzling = new Set(['bad_answer', 'engine_failed']);
/** They say nothing of an engine. */
const ofTheNetwork = new Set(['host_unreachable', 'connection_refused', 'password_withheld', 'address_refused']);

export class EngineChoice {
  private index = 0;
  private because: EngineReason;
  private failures = 0;
  private decidedAt = 0;
  /** The other engine has recorded since it was chosen. */
  private hasProved = false;
  private keyframesMissedAt = -Infinity;

  /** `sources`: at least one, in order of preference. */
  constructor(
    private readonly sources: readonly FragmentSource[],
    private readonly clock: Clock,
  ) {
    this.because = this.first;
  }

  private get first(): EngineReason {
    return this.sources.length === 1 ? 'configured' : 'default';
  }

  get source(): FragmentSource {
    return this.sources[this.index]!;
  }

  get reason(): EngineReason {
    return this.because;
  }

  get hints(): PullOptions['hints'] {
    const noTcp = this.because === 'transport' || this.because === 'refused';
    // A server that refused for another reason may have TCP for this engine.
    const otherWithoutKeyframes =
      this.sources.length > 1 && this.index === 0 && this.hasPassed(rememberedMs, this.keyframesMissedAt);
    return { udp: noTcp && this.failures % 2 === 0, otherWithoutKeyframes };
  }

  /** The stream was lost. True: another engine is tried, at once. */
  lost(failure: IngestFailure, recorded: boolean): boolean {
    if (recorded) this.failures = 0;
    if (this.sources.length === 1) return false;
    if (this.index > 0) {
      this.hasProved ||= recorded;
      if (!recorded && !ofTheNetwork.has(failure.reason)) this.failures += 1;
      // To find out again that no keyframe comes costs more than a minute of footage.
      const isOld = this.hasPassed(rememberedMs, this.decidedAt) && !(this.because === 'no_keyframe' && this.hasProved);
      if (!isOld && this.failures < failuresBeforeChange) return false;
      if (this.because === 'no_keyframe' && !this.hasProved) this.keyframesMissedAt = this.clock.monotonicMs();
      this.change(0, this.first);
      return isOld;
    }
    if (failure.other !== undefined) {
      this.change(1, because(failure.other));
      return true;
    }
    if (recorded || !puzzling.has(failure.reason)) return false;
    this.failures += 1;
    if (this.failures < failuresBeforeChange) return false;
    this.change(1, 'native_failed');
    return true;
  }

  private hasPassed(ms: number, sinceMs: number): boolean {
    return this.clock.monotonicMs() - sinceMs >= ms;
  }

  private change(index: number, reason: EngineReason): void {
    this.index = index;
    this.because = reason;
    this.failures = 0;
    this.hasProved = false;
    this.decidedAt = this.clock.monotonicMs();
  }
}

const because = (other: OtherEngine): EngineReason => other.because;
