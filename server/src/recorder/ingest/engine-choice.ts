// Which engine pulls a stream, and why. Native is preferred; what it cannot do goes to ffmpeg by itself. That is
// remembered, over restarts too, and native has another try when the stream is lost a while later, or when the other one
// fails as well.
import type { Clock } from '../../lib/clock.js';
import type { FragmentSource, PullOptions } from './fragment-source.js';
import { IngestFailure, type IngestReason } from './ingest-failure.js';
import type { EngineReason } from './stream-state.js';

/** What lasts of a choice. */
export interface LearntEngine {
  readonly engine: FragmentSource['engine'];
  readonly reason: EngineReason;
  /** UTC, ms. */
  readonly decidedAtMs: number;
  /** It has recorded since it was chosen. */
  readonly hasProved: boolean;
}

/** Failures in a row, without any footage, after which the other engine has a try … */
const failuresBeforeChange = 3;
/** … and twice as many each time that the other one found nothing either, so often at most. */
const mostDoublings = 4;
/** What an engine cannot do it cannot do tomorrow either. */
const rememberedMs = 24 * 60 * 60_000;
/** What came of a camera's whims is tried again soon. */
const brieflyRememberedMs = 60 * 60_000;
/** Less footage than this before it stopped is no proof of an engine. */
const briefMs = 60_000;
/** The other engine may cure them: why, in a word. */
const curable: Partial<Record<IngestReason, EngineReason>> = {
  bad_answer: 'native_failed',
  engine_failed: 'native_failed',
  stream_refused: 'native_failed',
  stream_ended: 'native_failed',
  no_stream: 'no_stream',
  stream_stalled: 'stalled',
};
const ofWhims = new Set<EngineReason>(Object.values(curable));
/** They say nothing of an engine. */
const ofTheNetwork = new Set<IngestReason>([
  ...(['host_unreachable', 'connection_refused', 'password_withheld', 'address_refused'] as const),
  ...(['wrong_password', 'account_locked', 'forbidden', 'camera_busy', 'tls_key_changed', 'engine_missing'] as const),
]);

export interface EngineChoiceOptions {
  /** At least one, in order of preference. */
  readonly sources: readonly FragmentSource[];
  readonly clock: Clock;
  /** Of an earlier life of this process. */
  readonly learnt?: LearntEngine | undefined;
  /** Undefined: the first one, as by default. */
  readonly onLearnt?: (learnt: LearntEngine | undefined) => void;
}

export class EngineChoice {
  readonly #options: EngineChoiceOptions;
  #index = 0;
  #because: EngineReason;
  #failures = 0;
  /** How often the other one was tried for the camera's whims and recorded nothing. */
  #rounds = 0;
  #decidedAt = 0;
  #hasProved = false;
  #keyframesMissedAt = -Infinity;

  constructor(options: EngineChoiceOptions) {
    this.#options = options;
    this.#because = this.#first;
    const { learnt, sources, clock } = options;
    const index = sources.findIndex(({ engine }) => engine === learnt?.engine);
    if (learnt === undefined || index <= 0) return;
    this.#index = index;
    this.#because = learnt.reason;
    this.#hasProved = learnt.hasProved;
    this.#decidedAt = clock.monotonicMs() - Math.max(0, clock.nowMs() - learnt.decidedAtMs);
  }

  get #first(): EngineReason {
    return this.#options.sources.length === 1 ? 'configured' : 'default';
  }

  get source(): FragmentSource {
    return this.#options.sources[this.#index]!;
  }

  get reason(): EngineReason {
    return this.#because;
  }

  get hints(): Pick<PullOptions['hints'], 'udp' | 'otherWithoutKeyframes'> {
    const noTcp = this.#because === 'transport' || this.#because === 'refused';
    // A server that refused for another reason may have TCP for this engine, and one that sends nothing over it UDP.
    const maySilent = this.#because === 'no_stream' || this.#because === 'stalled';
    const isEven = this.#failures % 2 === 0;
    const otherWithoutKeyframes =
      this.#index === 0 && this.#hasOther && this.#hasPassed(rememberedMs, this.#keyframesMissedAt);
    return { udp: (noTcp && isEven) || (maySilent && !isEven), otherWithoutKeyframes };
  }

  /** What a failure is to people: where only the other engine could help, and is missing, that. */
  shown(failure: IngestFailure): IngestFailure {
    const { sources } = this.#options;
    const needsOther = failure.other !== undefined && failure.other.because !== 'no_keyframe';
    if (this.#index > 0 || !needsOther || sources.length === 1 || this.#hasOther) return failure;
    return new IngestFailure('engine_missing', `${failure.detail}; ffmpeg, which could, is missing on this recorder`);
  }

  /** The stream was lost; `recordedMs`: how much came of it, undefined: nothing. True: another engine is tried, at once. */
  lost(failure: IngestFailure, recordedMs: number | undefined): boolean {
    const recorded = recordedMs !== undefined;
    const isProof = recorded && (recordedMs >= briefMs || failure.reason !== 'stream_stalled');
    if (isProof) this.#failures = this.#rounds = 0;
    if (this.#options.sources.length === 1) return false;
    return this.#index > 0 ? this.#otherLost(failure, recorded) : this.#nativeLost(failure, isProof);
  }

  #nativeLost(failure: IngestFailure, isProof: boolean): boolean {
    if (!this.#hasOther) return false;
    if (failure.other !== undefined) {
      this.#change(1, failure.other.because);
      return true;
    }
    const because = curable[failure.reason];
    if (isProof || because === undefined) return false;
    this.#failures += 1;
    if (this.#failures < failuresBeforeChange * 2 ** Math.min(this.#rounds, mostDoublings)) return false;
    this.#rounds += 1;
    this.#change(1, because);
    return true;
  }

  #otherLost(failure: IngestFailure, recorded: boolean): boolean {
    const isWhim = ofWhims.has(this.#because);
    if (failure.reason === 'engine_missing' && isWhim) {
      this.#change(0, this.#first);
      return true;
    }
    if (recorded && !this.#hasProved) {
      this.#hasProved = true;
      this.#reportLearnt();
    }
    if (!recorded && !ofTheNetwork.has(failure.reason)) this.#failures += 1;
    // To find out again that no keyframe comes costs more than a minute of footage.
    const isOld =
      this.#hasPassed(isWhim ? brieflyRememberedMs : rememberedMs, this.#decidedAt) &&
      !(this.#because === 'no_keyframe' && this.#hasProved);
    if (!isOld && this.#failures < failuresBeforeChange) return false;
    if (this.#because === 'no_keyframe' && !this.#hasProved)
      this.#keyframesMissedAt = this.#options.clock.monotonicMs();
    this.#change(0, this.#first);
    return isOld;
  }

  get #hasOther(): boolean {
    const [, other] = this.#options.sources;
    return other !== undefined && other.isUsable?.() !== false;
  }

  #hasPassed(ms: number, sinceMs: number): boolean {
    return this.#options.clock.monotonicMs() - sinceMs >= ms;
  }

  #change(index: number, reason: EngineReason): void {
    this.#index = index;
    this.#because = reason;
    this.#failures = 0;
    this.#hasProved = false;
    this.#decidedAt = this.#options.clock.monotonicMs();
    this.#reportLearnt();
  }

  #reportLearnt(): void {
    const { clock, onLearnt } = this.#options;
    const decidedAtMs = Math.round(clock.nowMs() - (clock.monotonicMs() - this.#decidedAt));
    onLearnt?.(
      this.#index === 0
        ? undefined
        : { engine: this.source.engine, reason: this.#because, decidedAtMs, hasProved: this.#hasProved },
    );
  }
}
