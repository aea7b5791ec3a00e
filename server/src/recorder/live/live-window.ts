// The sliding window of one live stream: fragments in, HLS segments and their playlist out. Pure; it reads no clock
// and no file.
import { renderMediaPlaylist } from '../../lib/hls/media-playlist.js';

/** A fragment that can be had, from a file or from memory. */
export interface LiveFragment {
  /** Names the fragment; one that was pushed already is ignored. */
  readonly key: string;
  readonly independent: boolean;
  /** UTC, ms, of the frame shown first. */
  readonly shownFromMs: number;
  readonly durationMs: number;
  /** Start on the media timeline, ms. */
  readonly mediaMs: number;
  readonly run: number;
  readonly initId: string;
  readonly byteLength: number;
  load(): Promise<Buffer>;
}

interface LiveSegment {
  readonly sequence: number;
  readonly fragments: readonly LiveFragment[];
  readonly durationMs: number;
  readonly byteLength: number;
  readonly discontinuity: boolean;
}

/** Up to this length a group of pictures is one segment; longer ones are cut by time. */
const longGroupMs = 4000;
const maxStepMs = 250;
const listedSegments = 6;
/**
 * With keyframes far apart the playlist reaches back to the last but one, up to these limits: a player that began at
 * the last one still finds its place when the next one comes.
 */
const mostListedMs = 135_000;
const mostListedBytes = 24 * 1024 * 1024;
/** A player begins a little inside of its first segment, so that no rounding puts it before. */
const startInsetMs = 100;
/** What left the playlist can be fetched a while longer (rfc8216bis 6.2.2). */
const retiredSegments = 8;
const rememberedKeys = 512;

const durationOf = (fragments: readonly LiveFragment[]) =>
  fragments.reduce((sum, fragment) => sum + fragment.durationMs, 0);

const isIndependent = (segment: LiveSegment) => segment.fragments[0]?.independent === true;
const lengthOf = (segments: readonly LiveSegment[], of: 'durationMs' | 'byteLength') =>
  segments.reduce((sum, segment) => sum + segment[of], 0);

export class LiveWindow {
  /** Whole seconds; the same for the life of the window. */
  readonly targetDurationSeconds: number;
  private segments: LiveSegment[] = [];
  private retired: LiveSegment[] = [];
  private pending: LiveFragment[] = [];
  private pendingDiscontinuity = false;
  private readonly keys = new Set<string>();
  private last: LiveFragment | undefined;
  private keyframe: LiveFragment | undefined;
  private groupMs = 0;
  private previousGroupMs = 0;
  private waitsForKeyframe = true;

  /** `nextSequence` must exceed every sequence number that this stream has ever had. */
  constructor(
    private nextSequence: number,
    targetDurationSeconds: number,
    /** Small: hls.js keeps an array that is as long. */
    private discontinuitySequence = 0,
  ) {
    this.targetDurationSeconds = targetDurationSeconds;
  }

  /** The length of segments that suits groups of pictures of these lengths, whole seconds. */
  static targetDurationFor(groupMs: readonly number[]): number {
    const longest = Math.max(0, ...groupMs);
    return longest > longGroupMs ? 2 : Math.min(4, Math.max(2, Math.round(longest / 1000)));
  }

  get hasSegments(): boolean {
    return this.segments.length > 0;
  }

  get followingSequence(): number {
    return this.nextSequence;
  }

  /** Discontinuities up to now, those still listed included, and one for the break that a new window is. */
  get followingDiscontinuity(): number {
    return this.discontinuitySequence + this.segments.filter((segment) => segment.discontinuity).length + 1;
  }

  get newestKeyframe(): LiveFragment | undefined {
    return this.keyframe;
  }

  /** Takes the next fragment in order of time. Returns whether it was new. */
  push(fragment: LiveFragment): boolean {
    if (this.keys.has(fragment.key)) return false;
    this.keys.add(fragment.key);
    for (const oldest of this.keys) {
      if (this.keys.size <= rememberedKeys) break;
      this.keys.delete(oldest);
    }
    const breaks = this.last === undefined || this.isBreak(this.last, fragment);
    this.last = fragment;
    if (breaks) {
      this.close();
      if (this.hasSegments || this.retired.length > 0) this.pendingDiscontinuity = true;
      this.waitsForKeyframe = true;
      this.previousGroupMs = 0;
    }
    if (this.waitsForKeyframe && !fragment.independent) return true;
    this.waitsForKeyframe = false;
    if (fragment.independent) {
      this.close();
      this.previousGroupMs = this.groupMs;
      this.groupMs = 0;
      this.keyframe = fragment;
    } else if (durationOf(this.pending) + fragment.durationMs >= this.longestSegmentMs) {
      this.close();
    }
    this.pending.push(fragment);
    this.groupMs += fragment.durationMs;
    const longGroup = this.groupMs > longGroupMs || this.previousGroupMs > longGroupMs;
    // The first segment is given at once, so that a cold stream appears quickly; with a keyframe far off there is
    // nothing to wait for.
    if (!this.hasSegments || (longGroup && durationOf(this.pending) >= this.targetDurationSeconds * 1000 - 1))
      this.close();
    return true;
  }

  /** @returns undefined before the first segment. */
  playlist(): string | undefined {
    const [first] = this.segments;
    if (first === undefined) return undefined;
    const { startOffsetSeconds } = this;
    return renderMediaPlaylist({
      ...(startOffsetSeconds === undefined ? {} : { startOffsetSeconds }),
      targetDurationSeconds: this.targetDurationSeconds,
      mediaSequence: first.sequence,
      discontinuitySequence: this.discontinuitySequence,
      complete: false,
      independentSegments: false,
      segments: this.segments.map((segment) => ({
        uri: `${segment.sequence}.m4s`,
        durationSeconds: segment.durationMs / 1000,
        programDateTimeMs: segment.fragments[0]?.shownFromMs ?? 0,
        discontinuity: segment.discontinuity,
        map: { uri: `init-${segment.fragments[0]?.initId}.mp4` },
      })),
    });
  }

  /** The fragments of a segment, also of one that has just left the playlist. */
  segment(sequence: number): readonly LiveFragment[] | undefined {
    return [...this.segments, ...this.retired].find((segment) => segment.sequence === sequence)?.fragments;
  }

  /** Init segments that the playlist names or has named lately. */
  hasInit(initId: string): boolean {
    return [...this.segments, ...this.retired].some((segment) => segment.fragments[0]?.initId === initId);
  }

  /** A segment must not round to more than the target duration (rfc8216bis 4.4.3.1). */
  private get longestSegmentMs(): number {
    return this.targetDurationSeconds * 1000 + 500;
  }

  private isBreak(last: LiveFragment, next: LiveFragment): boolean {
    if (last.run !== next.run || last.initId !== next.initId) return true;
    const mediaMs = next.mediaMs - last.mediaMs;
    if (mediaMs <= 0 || Math.abs(mediaMs - last.durationMs) > maxStepMs) return true;
    // Wall time was corrected: a new beginning where there is a keyframe, else the instants simply go on from here.
    return next.independent && Math.abs(next.shownFromMs - last.shownFromMs - mediaMs) > maxStepMs;
  }

  private close(): void {
    if (this.pending.length === 0) return;
    this.segments.push({
      sequence: this.nextSequence++,
      fragments: this.pending,
      durationMs: durationOf(this.pending),
      byteLength: this.pending.reduce((sum, fragment) => sum + fragment.byteLength, 0),
      discontinuity: this.pendingDiscontinuity,
    });
    this.pending = [];
    this.pendingDiscontinuity = false;
    this.slide();
  }

  /**
   * hls.js begins some segments before the end and cannot begin where no keyframe is, so it is told to begin at the
   * newest keyframe; undefined when every segment has one.
   */
  private get startOffsetSeconds(): number | undefined {
    if (this.segments.every(isIndependent)) return undefined;
    const start = this.segments.findLastIndex(isIndependent);
    if (start === -1) return undefined;
    return (startInsetMs - lengthOf(this.segments.slice(start), 'durationMs')) / 1000;
  }

  private slide(): void {
    let keep = Math.min(listedSegments, this.segments.length);
    if (!this.segments.slice(-keep).every(isIndependent)) {
      const newest = this.segments.findLastIndex(isIndependent);
      const before = this.segments.slice(0, Math.max(0, newest)).findLastIndex(isIndependent);
      for (const start of [newest, before]) {
        const reach = start === -1 ? [] : this.segments.slice(start);
        if (lengthOf(reach, 'durationMs') <= mostListedMs && lengthOf(reach, 'byteLength') <= mostListedBytes)
          keep = Math.max(keep, reach.length);
      }
    }
    const leaving = this.segments.splice(0, this.segments.length - keep);
    this.discontinuitySequence += leaving.filter((segment) => segment.discontinuity).length;
    this.retired = [...this.retired, ...leaving].slice(-retiredSegments);
  }
}
