// What is known of one stream over all its connections: losses, time, troubles. Says which of them is worth a word.
import type { CameraReason } from '@choi-canh/shared/health';
import type { StreamQuirk } from '@choi-canh/shared/recorder-facts';
import type { Clock } from '../../lib/clock.js';
import type { TimeSource } from '../../lib/fragment.js';
import type { StreamTrouble } from './fragment-source.js';
import type { MediaCodec, StreamRuntime } from './stream-state.js';

/** More than one in a hundred packets, over so long, is told; less than half of that ends it. */
const lossWindowMs = 10_000;
const lossLimit = { enter: 0.01, leave: 0.005 };
/** In fewer packets one lost would be too much. */
const fewestPackets = 100;
const bucketMs = 1000;

interface Loss {
  readonly atMs: number;
  received: number;
  lost: number;
}

export interface StreamWord {
  readonly reason: Extract<CameraReason, StreamTrouble | 'packet_loss'>;
  readonly detail: string;
}

export class StreamObservation {
  private readonly losses: Loss[] = [];
  private readonly troubles = new Map<StreamTrouble, string>();
  private lossShown = false;
  private facts: {
    codec: MediaCodec | null;
    lostPackets: number;
    timeSource: TimeSource | null;
    timeErrorMs: number | null;
    audio: boolean;
    sound: string | null;
    quirks: readonly StreamQuirk[];
    clockOffsetMs: number | undefined;
    clockMeasuredAtMs: number | undefined;
  } = {
    ...{ codec: null, lostPackets: 0, timeSource: null, timeErrorMs: null, audio: false, sound: null, quirks: [] },
    ...{ clockOffsetMs: undefined, clockMeasuredAtMs: undefined },
  };

  constructor(private readonly clock: Clock) {}

  codec(codec: MediaCodec): void {
    this.facts.codec = codec;
  }

  packets(received: number, lost: number): void {
    this.facts.lostPackets += lost;
    const now = this.clock.monotonicMs();
    const last = this.losses.at(-1);
    if (last === undefined || now - last.atMs >= bucketMs) this.losses.push({ atMs: now, received, lost });
    else {
      last.received += received;
      last.lost += lost;
    }
    while (this.losses[0] !== undefined && now - this.losses[0].atMs > lossWindowMs) this.losses.shift();
  }

  time(offsetMs: number | undefined, source: TimeSource, errorMs: number): void {
    this.facts.timeSource = source;
    this.facts.timeErrorMs = Math.ceil(errorMs);
    if (offsetMs === undefined) return;
    this.facts.clockOffsetMs = offsetMs;
    this.facts.clockMeasuredAtMs = this.clock.nowMs();
  }

  trouble(trouble: StreamTrouble, detail: string | undefined): void {
    if (detail === undefined) this.troubles.delete(trouble);
    else this.troubles.set(trouble, detail);
  }

  /** True: it was not known. */
  quirk(quirk: StreamQuirk): boolean {
    if (this.facts.quirks.includes(quirk)) return false;
    this.facts.quirks = [...this.facts.quirks, quirk];
    return true;
  }

  /** Of another address, or of an earlier life of this process. */
  setQuirks(quirks: readonly StreamQuirk[]): void {
    this.facts.quirks = quirks;
  }

  audio(recorded: boolean): void {
    this.facts.audio = recorded;
  }

  /** The camera offers sound in this encoding; undefined: none. */
  sound(encoding: string | undefined): void {
    this.facts.sound = encoding?.slice(0, 40) ?? null;
  }

  /** A connection ended: what was wrong with its stream is over. */
  connectionEnded(): void {
    this.troubles.clear();
    this.losses.length = 0;
    this.lossShown = false;
    this.facts.audio = false;
  }

  /** Why no footage can be made of what comes. */
  get obstacle(): StreamWord | undefined {
    return this.word('no_keyframe');
  }

  /** What is wrong with a stream that is recorded; keyframes that were torn on the way are a loss. */
  get blemish(): StreamWord | undefined {
    return this.word('picture_frozen') ?? this.word('bad_timestamps') ?? this.loss() ?? this.word('no_keyframe');
  }

  get runtime(): Pick<
    StreamRuntime,
    | 'codec'
    | 'lostPackets'
    | 'timeSource'
    | 'timeErrorMs'
    | 'audio'
    | 'sound'
    | 'quirks'
    | 'clockOffsetMs'
    | 'clockMeasuredAtMs'
  > {
    return this.facts;
  }

  private word(trouble: StreamTrouble): StreamWord | undefined {
    const detail = this.troubles.get(trouble);
    return detail === undefined ? undefined : { reason: trouble, detail };
  }

  private loss(): StreamWord | undefined {
    const received = this.losses.reduce((sum, one) => sum + one.received, 0);
    const lost = this.losses.reduce((sum, one) => sum + one.lost, 0);
    const share = lost / Math.max(1, received + lost);
    const limit = this.lossShown ? lossLimit.leave : lossLimit.enter;
    this.lossShown = received + lost >= fewestPackets && share > limit;
    if (!this.lossShown) return undefined;
    return { reason: 'packet_loss', detail: `${(share * 100).toFixed(1)} % of the packets are missing` };
  }
}
