/** The one media currency. Produced by ingest engines, stored by footage, served by live, playback and extraction. */

/** AAC or G.711 beside the video, where the camera's sound is recorded. */
export interface AudioTrack {
  readonly trackId: number;
  /** Ticks a second; the sample rate. */
  readonly timescale: number;
  /** RFC 6381, e.g. `mp4a.40.2`; `alaw` and `ulaw` of G.711. */
  readonly codec: string;
  /** 0 or more; 0 when only the stream says it. */
  readonly channels: number;
}

/** Initialisation segment (ftyp+moov) of one set of parameters; ISO/IEC 14496-12 8.2, 8.8. */
export interface InitSegment {
  /** First 16 hex digits of the SHA-256 of `bytes`. */
  readonly id: string;
  readonly bytes: Buffer;
  /** Of the video, RFC 6381, e.g. `avc1.64001f`. */
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  /** Media timescale of the video track, ticks a second. */
  readonly timescale: number;
  /** Of the video track, as all that has no other name here. */
  readonly trackId: number;
  readonly audio?: AudioTrack;
}

export type TimeSource = 'rtcp' | 'arrival';

/**
 * One `moof+mdat` of at most 2 s: a track fragment of video and, where the init segment has such a track and sound
 * came, one of audio behind it. All times and counts are the video's.
 */
export interface Fragment {
  readonly init: InitSegment;
  /** moof+mdat, nothing else (prft, styp, sidx are taken out). */
  readonly bytes: Buffer;
  /** Starts with a keyframe. */
  readonly independent: boolean;
  /** UTC, ms (fractions allowed), of the *presentation* time `baseMediaDecodeTime` ticks, i.e. of the media timeline, not of the first sample shown. */
  readonly startAtMs: number;
  readonly durationMs: number;
  /** tfdt, ticks. Advances through one run without gaps unless frames were lost. */
  readonly baseMediaDecodeTime: bigint;
  readonly sampleCount: number;
  readonly timeSource: TimeSource;
  /** Grows by one with each (re)connection of the camera; the media timeline is continuous only inside one run. */
  readonly run: number;
  /**
   * Gives the memory of `bytes` back to the engine that lent it. Whoever hands the fragment round calls it, at most once
   * and when nobody looks at the bytes any more; or never, and nothing is lost.
   */
  readonly release?: () => void;
}

/** One fragment as it lies in a footage file. */
export interface StoredFragment {
  readonly fileId: string;
  /** Of the moof, bytes from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
  /** UTC, ms, of the media instant `baseMediaDecodeTime`. */
  readonly startAtMs: number;
  readonly durationMs: number;
  readonly independent: boolean;
  readonly baseMediaDecodeTime: bigint;
  readonly run: number;
  readonly initId: string;
  readonly timeSource: TimeSource;
  readonly sampleCount: number;
}

export type StreamName = 'main' | 'sub';

/**
 * A chunk (CMAF) of a fragment that is still being made: moof+mdat of its own, video only, for low latency. The chunks of
 * a fragment come before it, in order; decode and presentation times are those that the whole fragment will have.
 */
export interface FragmentPart {
  readonly init: InitSegment;
  readonly bytes: Buffer;
  readonly run: number;
  /** Of the whole fragment: `baseMediaDecodeTime` and `startAtMs`. */
  readonly fragmentDecodeTime: bigint;
  readonly startAtMs: number;
  /** It is the fragment's beginning. */
  readonly isFirst: boolean;
  /** Begins with a keyframe. */
  readonly independent: boolean;
  readonly durationMs: number;
  readonly sampleCount: number;
}
