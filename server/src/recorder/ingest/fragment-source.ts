// What an engine is: it pulls one stream of one camera and makes fragments of it until it is told to stop.
import type { StreamQuirk } from '@choi-canh/shared/recorder-facts';
import type { Fragment, FragmentPart, TimeSource } from '../../lib/fragment.js';
import type { StreamHabits } from './native/picture-recorder.js';
import type { MediaCodec } from './stream-state.js';
import type { RecordedClock } from './recorded-clock.js';
import type { StillVerdict } from './still-proof.js';

export interface StreamTarget {
  /** RTSP address without credentials; with what stands for them where `fillIn` says so. */
  readonly url: string;
  /** A person gave the address, so that the account may be put where it says (lib/address-account.ts); absent: no. */
  readonly fillIn?: boolean | undefined;
  readonly username: string;
  readonly password: string;
  /** Hosts that the password may go to, at any port; absent: that of `url`. */
  readonly confirmedHosts?: readonly string[] | undefined;
  /** A person typed the password for them, so that it may go as it is (Basic); absent: yes. */
  readonly plainPassword?: boolean | undefined;
  /** The camera took this password as a digest before: it is not given in clear any more. */
  readonly tookDigest?: (() => boolean) | undefined;
  /** It takes the password as a digest. */
  readonly onDigest?: (() => void) | undefined;
  /** Of RTSP over TLS: whether this key (SHA-256 of SPKI, hex) is the camera's; the first that it shows is. Absent: any. */
  readonly isOwnKey?: ((key: string) => boolean) | undefined;
  /** Record the camera's sound where it is AAC or G.711. */
  readonly audio: boolean;
}

/** What is wrong with a stream that goes on. */
export type StreamTrouble =
  /** Pictures come, but none from which decoding could begin, from the start or any more. */
  | 'no_keyframe'
  /** The camera's time stamps jumped; for 60 s. */
  | 'bad_timestamps'
  /** The same picture again and again. */
  | 'picture_frozen';

/** What an engine sees of a stream; told as it happens, cheap to call for every packet's worth. */
export interface StreamReport {
  /** A picture came, of whatever use. */
  frame(): void;
  codec(codec: MediaCodec): void;
  /** Of the sequence numbers since the last call. */
  packets(received: number, lost: number): void;
  /** How far the camera's clock is ahead of ours (its sender reports), how instants are found now, and their bound, ms. */
  time(offsetMs: number | undefined, source: TimeSource, errorMs: number): void;
  /** Undefined `detail`: it is over. */
  trouble(trouble: StreamTrouble, detail: string | undefined): void;
  /** The camera offers sound, in this encoding as RTP names it (`PCMA`), recorded or not; undefined: it offers none. */
  sound?(encoding: string | undefined): void;
  /** The camera does something against the rules and is recorded all the same. */
  quirk?(quirk: StreamQuirk): void;
  /** The camera closed the connection when it was asked in this way, to keep its session alive. */
  keepAliveLost?(method: string): void;
  /** What the next connection should begin with. */
  habits?(habits: StreamHabits): void;
  /** Sound is recorded beside the picture. */
  audio(recorded: boolean): void;
}

/** Who watches with low latency. */
export interface PartSink {
  /** Asked once a fragment: nobody watches most cameras. */
  wanted(): boolean;
  /** Wanted of a stream that is pulled for viewers alone: nothing of it is recorded, and somebody waits. */
  awaited(): boolean;
  onPart(part: FragmentPart): void;
}

export interface PullOptions {
  readonly signal: AbortSignal;
  /** A number for each stretch with a media timeline of its own; grows. */
  readonly nextRun: () => number;
  readonly onFragment: (fragment: Fragment) => void;
  /** An engine that has no parts ignores it. */
  readonly parts?: PartSink;
  readonly report: StreamReport;
  /** Instants of arrival: monotonic between steps of the host's clock. */
  readonly recordedClock: RecordedClock;
  /** Decodes the next group of pictures: whether something moves in it. Absent: nothing can be decoded here. */
  readonly proveStill?: () => Promise<StillVerdict>;
  /** Asks the camera for a keyframe out of turn, where it offers that; bounded elsewhere. */
  readonly requestKeyframe: () => void;
  /** What another engine found out about the stream. */
  readonly hints: {
    readonly udp: boolean;
    /** Another engine may manage without keyframes: this one need not wait for the first for ever. */
    readonly otherWithoutKeyframes: boolean;
    /** `keepAliveLost` as it was called for this stream. */
    readonly lostKeepAlives?: readonly string[];
    /** As it was reported last; absent: as usual. */
    readonly habits?: StreamHabits | undefined;
  };
}

export interface FragmentSource {
  readonly engine: 'native' | 'ffmpeg';
  /** How much longer than the stall limit the first frame may take, ms. */
  readonly startupMs: number;
  /**
   * An engine that reports no frame before the first keyframe may wait so long for it once it has reported `no_keyframe`, ms;
   * it notices by itself when nothing comes any more.
   */
  readonly keyframeWaitMs?: number;
  /** What it needs is there; absent: it needs nothing. */
  readonly isUsable?: () => boolean;
  /** Resolves when the signal aborted. @throws IngestFailure when the stream cannot be had or ends */
  pull(target: StreamTarget, options: PullOptions): Promise<void>;
}
