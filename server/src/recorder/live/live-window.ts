// The sliding window of one live stream: fragments and their parts in, HLS segments and their playlist out. Pure; it
// reads no clock and no file.
import { renderMediaPlaylist, type LowLatency, type PlaylistPart } from '../../lib/hls/media-playlist.js';

/** What is known of a fragment when its first part is there. */
export interface FragmentHead {
  /** Names the fragment; one that was pushed already is ignored. */
  readonly key: string;
  readonly independent: boolean;
  /** UTC, ms, of the frame shown first. */
  readonly shownFromMs: number;
  /** Start on the media timeline, ms. */
  readonly mediaMs: number;
  readonly run: number;
  readonly initId: string;
}

/** A fragment that can be had, from a file or from memory. */
export interface LiveFragment extends FragmentHead {
  readonly durationMs: number;
  readonly byteLength: number;
  load(): Promise<Buffer>;
  /** The same media in parts of about the part target; asked once, when its parts did not come before it. */
  readonly parts?: () => readonly LivePart[] | undefined;
}

export interface LivePart {
  readonly bytes: Buffer;
  readonly durationMs: number;
  /** Begins with a keyframe. */
  readonly independent: boolean;
}

interface LiveSegment {
  readonly sequence: number;
  readonly fragments: readonly LiveFragment[];
  readonly durationMs: number;
  readonly byteLength: number;
  readonly discontinuity: boolean;
  /** Undefined: not all of it is there in parts. */
  parts: readonly LivePart[] | undefined;
}

/** Up to this length a group of pictures is one segment; longer ones are cut by time. */
const longGroupMs = 4000;
/** Groups of pictures shorter than this share a segment. */
const shortGroupMs = 750;
const maxStepMs = 250;
/** At least; and never less than three target durations, where a player begins (rfc8216bis 6.2.2). */
const listedSegments = 6;
/**
 * With keyframes far apart the playlist reaches back to the last but one, up to these limits: a player that began at
 * the last one still finds its place when the next one comes.
 */
const mostListedMs = 135_000;
const mostListedBytes = 24 * 1024 * 1024;
/** A player begins a little inside of its first segment, so that no rounding puts it before. */
const startInsetMs = 100;
const partInsetMs = 40;
/** Media that must follow the keyframe at which a player of low latency begins. */
const leastAheadMs = 900;
/** What left the playlist can be fetched a while longer (rfc8216bis 6.2.2). */
const retiredSegments = 8;
const rememberedKeys = 512;
/** Parts are listed as far back as three target durations (rfc8216bis 6.2.2); a little further they are kept. */
const listedPartSegments = 3;
const keptPartSegments = 5;
/** Longer fragments than native makes; a segment is cut before one that may not fit. */
const expectedFragmentMs = 1200;

const durationOf = (fragments: readonly { durationMs: number }[]) =>
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
  /** Of `pending`; undefined when one of its fragments came without. */
  private pendingParts: LivePart[] | undefined = [];
  private pendingDiscontinuity = false;
  /** The fragment whose parts come now. */
  private open: { readonly head: FragmentHead; readonly parts: LivePart[] } | undefined;
  private readonly keys = new Set<string>();
  private last: LiveFragment | undefined;
  private keyframe: LiveFragment | undefined;
  private groupMs = 0;
  private previousGroupMs = 0;
  private waitsForKeyframe = true;
  private longestPartMs = 0;

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

  /** The fragment that was pushed last. */
  get newest(): LiveFragment | undefined {
    return this.last;
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  /** Whether `next` comes after all that is here without a break; true for an empty window. */
  isFollowedBy(next: FragmentHead): boolean {
    return this.last === undefined || !this.isBreak(this.last, next);
  }

  /** Takes the next fragment in order of time. Returns whether it was new. */
  push(fragment: LiveFragment): boolean {
    if (this.keys.has(fragment.key)) return false;
    this.keys.add(fragment.key);
    for (const oldest of this.keys) {
      if (this.keys.size <= rememberedKeys) break;
      this.keys.delete(oldest);
    }
    const opened = this.open?.head.key === fragment.key ? this.open.parts : undefined;
    const taken = opened !== undefined || this.begin(fragment, fragment.durationMs);
    this.open = undefined;
    this.last = fragment;
    if (!taken) return true;
    if (fragment.independent) this.keyframe = fragment;
    this.pending.push(fragment);
    this.groupMs += fragment.durationMs;
    const parts = this.covers(opened, fragment) ? opened : fragment.parts?.();
    if (parts === undefined) this.pendingParts = undefined;
    else this.pendingParts?.push(...parts);
    for (const part of parts ?? []) this.longestPartMs = Math.max(this.longestPartMs, part.durationMs);
    const longGroup = this.groupMs > longGroupMs || this.previousGroupMs > longGroupMs;
    // With a keyframe far off there is nothing to wait for.
    if (longGroup && durationOf(this.pending) >= this.targetDurationSeconds * 1000 - 1) this.close();
    return true;
  }

  /** Takes the next part of a fragment that is still being made. Returns whether there is something new to show. */
  pushPart(head: FragmentHead, part: LivePart, isFirst: boolean): boolean {
    if (this.keys.has(head.key)) return false;
    if (this.open?.head.key !== head.key) {
      this.open = undefined;
      // Whoever came in the middle gets the rest when the whole is there.
      if (!isFirst || !this.begin(head, expectedFragmentMs)) return false;
      this.open = { head, parts: [] };
    }
    this.open.parts.push(part);
    this.longestPartMs = Math.max(this.longestPartMs, part.durationMs);
    return this.pendingParts !== undefined;
  }

  /** A stream that has just come is shown at once, before its first group of pictures is complete. */
  showBeginning(): void {
    if (!this.hasSegments) this.close();
  }

  /** @returns undefined before the first segment. `lowLatency`: with parts, where there are any. */
  playlist(lowLatency?: { partTargetMs: number }): string | undefined {
    const [first] = this.segments;
    if (first === undefined) return undefined;
    const startOffsetSeconds = lowLatency === undefined ? this.startOffsetSeconds : this.partStartOffsetSeconds;
    const withPartsFrom = lowLatency === undefined ? Infinity : this.segments.length - listedPartSegments;
    return renderMediaPlaylist({
      ...(startOffsetSeconds === undefined ? {} : { startOffsetSeconds }),
      ...(lowLatency === undefined ? {} : { lowLatency: this.lowLatency(lowLatency.partTargetMs) }),
      targetDurationSeconds: this.targetDurationSeconds,
      mediaSequence: first.sequence,
      discontinuitySequence: this.discontinuitySequence,
      complete: false,
      independentSegments: false,
      segments: this.segments.map((segment, index) => ({
        uri: `${segment.sequence}.m4s`,
        durationSeconds: segment.durationMs / 1000,
        programDateTimeMs: segment.fragments[0]?.shownFromMs ?? 0,
        discontinuity: segment.discontinuity,
        map: { uri: `init-${segment.fragments[0]?.initId}.mp4` },
        ...(index < withPartsFrom || segment.parts === undefined
          ? {}
          : { parts: namedParts(segment.sequence, segment.parts) }),
      })),
    });
  }

  /** The fragments of a segment, also of one that has just left the playlist. */
  segment(sequence: number): readonly LiveFragment[] | undefined {
    return [...this.segments, ...this.retired].find((segment) => segment.sequence === sequence)?.fragments;
  }

  /** A part, also of a segment that grows. Undefined when it is not there, yet or any longer. */
  part(sequence: number, index: number): LivePart | undefined {
    if (sequence === this.nextSequence) return this.growingParts?.[index];
    return this.segments.find((segment) => segment.sequence === sequence)?.parts?.[index];
  }

  /** Whether a part may still come: it is the next one, or it belongs to the segment after it. */
  mayCome(sequence: number, index: number): boolean {
    return sequence === this.nextSequence && index >= (this.growingParts?.length ?? 0);
  }

  /** Whether a playlist of now answers a request for this segment or part (rfc8216bis 6.2.5.2). */
  reaches(sequence: number, part: number | undefined): boolean {
    if (sequence < this.nextSequence) return true;
    return part !== undefined && sequence === this.nextSequence && part < (this.growingParts?.length ?? 0);
  }

  /** Fragments near the end that a viewer of low latency needs in parts and that have none. */
  withoutParts(): LiveFragment[] {
    const near = this.segments.slice(-1).flatMap((segment) => (segment.parts === undefined ? segment.fragments : []));
    return [...near, ...(this.pendingParts === undefined ? this.pending : [])];
  }

  /** Takes what `withoutParts` asked for; what came meanwhile and has none stays without. */
  addParts(parts: ReadonlyMap<string, readonly LivePart[]>): void {
    const all = (fragments: readonly LiveFragment[]): LivePart[] | undefined => {
      const found = fragments.map((fragment) => parts.get(fragment.key) ?? fragment.parts?.());
      return found.includes(undefined) ? undefined : found.flatMap((one) => one ?? []);
    };
    for (const segment of this.segments.slice(-1)) segment.parts ??= all(segment.fragments);
    this.pendingParts ??= all(this.pending);
    for (const part of [...parts.values()].flat()) this.longestPartMs = Math.max(this.longestPartMs, part.durationMs);
  }

  /** Of all parts up to now, ms. */
  get longestPart(): number {
    return this.longestPartMs;
  }

  /** Parts since the end of the newest segment; undefined when some of its media is not there in parts. */
  private get growingParts(): readonly LivePart[] | undefined {
    return this.pendingParts === undefined ? undefined : [...this.pendingParts, ...(this.open?.parts ?? [])];
  }

  private lowLatency(partTargetMs: number): LowLatency {
    const sequence = this.nextSequence;
    const parts = this.growingParts;
    const head = this.pending[0] ?? this.open?.head;
    const facts = { partTargetSeconds: partTargetMs / 1000, partHoldBackSeconds: (3 * partTargetMs) / 1000 };
    if (parts === undefined) return facts;
    const hintUri = `${sequence}-${parts.length}.m4s`;
    if (head === undefined || parts.length === 0) return { ...facts, hintUri };
    return {
      ...facts,
      hintUri,
      growing: {
        programDateTimeMs: head.shownFromMs,
        discontinuity: this.pendingDiscontinuity,
        map: { uri: `init-${head.initId}.mp4` },
        parts: namedParts(sequence, parts),
      },
    };
  }

  /** Where a new fragment begins: ends the segment before it where it must. False: nobody can use it. */
  private begin(head: FragmentHead, durationMs: number): boolean {
    const breaks = this.last === undefined || this.isBreak(this.last, head);
    if (breaks) {
      this.close();
      if (this.hasSegments || this.retired.length > 0) this.pendingDiscontinuity = true;
      this.waitsForKeyframe = true;
      this.previousGroupMs = 0;
    }
    if (this.waitsForKeyframe && !head.independent) return false;
    this.waitsForKeyframe = false;
    const pendingMs = durationOf(this.pending);
    const isFull = pendingMs + durationMs >= this.longestSegmentMs;
    const isShortGroup = this.pending[0]?.independent === true && pendingMs < shortGroupMs;
    if (isFull || (head.independent && !isShortGroup)) this.close();
    if (head.independent) {
      this.previousGroupMs = this.groupMs;
      this.groupMs = 0;
    }
    return true;
  }

  private covers(parts: readonly LivePart[] | undefined, fragment: LiveFragment): boolean {
    return parts !== undefined && Math.abs(durationOf(parts) - fragment.durationMs) < 1;
  }

  /** A segment must not round to more than the target duration (rfc8216bis 4.4.3.1). */
  private get longestSegmentMs(): number {
    return this.targetDurationSeconds * 1000 + 500;
  }

  private get leastListedMs(): number {
    return 3 * this.targetDurationSeconds * 1000;
  }

  private isBreak(last: LiveFragment, next: FragmentHead): boolean {
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
      parts: this.pendingParts,
    });
    this.pending = [];
    this.pendingParts = [];
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

  /**
   * With parts a player begins at the newest keyframe that has enough behind it to play on, else at the oldest: one
   * request gives the first picture, and what follows it is loaded while that is shown.
   */
  private get partStartOffsetSeconds(): number | undefined {
    const growing = this.growingParts;
    if (growing === undefined) return this.startOffsetSeconds;
    let ms = durationOf(growing);
    let fromMs = growing[0]?.independent === true ? ms : undefined;
    for (const segment of this.segments.toReversed()) {
      if (fromMs !== undefined && fromMs >= leastAheadMs) break;
      ms += segment.durationMs;
      if (isIndependent(segment)) fromMs = ms;
    }
    return fromMs === undefined ? undefined : (partInsetMs - fromMs) / 1000;
  }

  private slide(): void {
    let keep = Math.min(listedSegments, this.segments.length);
    while (keep < this.segments.length && lengthOf(this.segments.slice(-keep), 'durationMs') < this.leastListedMs)
      keep += 1;
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
    for (const segment of [...this.retired, ...this.segments.slice(0, -keptPartSegments)]) segment.parts = undefined;
  }
}

function namedParts(sequence: number, parts: readonly LivePart[]): PlaylistPart[] {
  return parts.map(({ durationMs, independent }, index) => ({
    uri: `${sequence}-${index}.m4s`,
    durationSeconds: durationMs / 1000,
    independent,
  }));
}
