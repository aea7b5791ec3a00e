// The sliding window of one live stream: fragments and their chunks in, HLS segments, partial segments and their playlist
// out. Pure; it reads no clock and no file.
import { renderMediaPlaylist, type LowLatency, type PlaylistPart } from '../../lib/hls/media-playlist.js';
import { NewestPicture } from './newest-picture.js';
import {
  choosePartTargetMs,
  durationOf,
  joinChunks,
  PartAssembler,
  usualPartTargetMs,
  type LiveChunk,
  type LivePart,
} from './part-assembler.js';

/** What is known of a fragment when its first chunk is there. */
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

/** Media that a segment is made of: a fragment, or some chunks of one. */
export interface SegmentPiece extends Pick<FragmentHead, 'independent' | 'shownFromMs' | 'initId'> {
  readonly durationMs: number;
  readonly byteLength: number;
  load(): Promise<Buffer>;
}

/** A fragment that can be had, from a file or from memory. */
export interface LiveFragment extends FragmentHead, SegmentPiece {
  readonly sampleCount: number;
  /** So many pictures follow the first one until what is shown is right, where decoding begins with it; mostly none. */
  readonly recoveryPictures: number;
  /** The same media in chunks; asked once, when they did not come before it. Undefined: nobody wants them. */
  readonly chunks?: () => readonly LiveChunk[] | undefined;
}

/** A fragment whose chunks come now. */
interface OpenFragment {
  readonly head: FragmentHead;
  readonly chunks: LiveChunk[];
  /** So many of them belong to a segment that ended within the fragment. */
  ended: number;
}

interface LiveSegment {
  readonly sequence: number;
  readonly pieces: readonly SegmentPiece[];
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
/**
 * Parts are listed of the growing segment and these before it: no further back than three target durations (rfc8216bis
 * 4.4.4.9). Three target durations longer they can be fetched.
 */
const listedPartSegments = 2;
const keptPartTargets = 5;
/** Longer fragments than native makes; a segment is cut before one that may not fit. */
const expectedFragmentMs = 1200;

const isFragment = (piece: SegmentPiece | LiveFragment): piece is LiveFragment => 'key' in piece;
const isIndependent = (segment: LiveSegment) => segment.pieces[0]?.independent === true;
const lengthOf = (segments: readonly LiveSegment[], of: 'durationMs' | 'byteLength') =>
  segments.reduce((sum, segment) => sum + segment[of], 0);

export class LiveWindow {
  /** Whole seconds; the same for the life of the window. */
  readonly targetDurationSeconds: number;
  private segments: LiveSegment[] = [];
  private retired: LiveSegment[] = [];
  private pending: SegmentPiece[] = [];
  /** Of the growing segment; undefined when some of its media did not come in chunks. */
  private assembler: PartAssembler | undefined;
  private pendingDiscontinuity = false;
  private open: OpenFragment | undefined;
  /** Chosen when chunks are there for the first time, and constant then (rfc8216bis 4.4.3.7). */
  private chosenPartTargetMs: number | undefined;
  private readonly keys = new Set<string>();
  private last: LiveFragment | undefined;
  private readonly picture = new NewestPicture();
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

  /** The fragments that give the newest picture; undefined before the first. */
  get newestPicture(): readonly LiveFragment[] | undefined {
    return this.picture.fragments;
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
    const opened = this.open?.head.key === fragment.key;
    if (!opened) this.dropOpen();
    const taken = opened || this.begin(fragment, fragment.durationMs);
    this.last = fragment;
    if (!taken) return true;
    this.picture.take(fragment);
    if (opened) this.complete(fragment);
    else this.takeWhole(fragment);
    this.open = undefined;
    this.groupMs += fragment.durationMs;
    const longGroup = this.groupMs > longGroupMs || this.previousGroupMs > longGroupMs;
    // With a keyframe far off there is nothing to wait for.
    if (longGroup && durationOf(this.pending) >= this.targetDurationSeconds * 1000 - 1) this.close();
    return true;
  }

  /** Takes the next chunk of a fragment that is still being made. Returns whether there is something new to show. */
  pushChunk(head: FragmentHead, chunk: LiveChunk, isFirst: boolean): boolean {
    if (this.keys.has(head.key)) return false;
    const before = this.nextSequence;
    let open = this.open;
    if (open?.head.key !== head.key) {
      this.dropOpen();
      // Whoever came in the middle gets the rest when the whole is there.
      if (!isFirst || !this.begin(head, expectedFragmentMs)) return false;
      open = this.open = { head, chunks: [], ended: 0 };
    }
    return this.takeChunk(open, chunk) || this.nextSequence > before;
  }

  /** A stream that has just come is shown at once, before its first group of pictures is complete. */
  showBeginning(): void {
    if (!this.hasSegments) this.close();
  }

  /** @returns undefined before the first segment. `lowLatency`: with parts, where there are any. */
  playlist({ lowLatency }: { lowLatency: boolean } = { lowLatency: false }): string | undefined {
    const [first] = this.segments;
    if (first === undefined) return undefined;
    const startOffsetSeconds = lowLatency ? this.partStartOffsetSeconds : this.startOffsetSeconds;
    const withPartsFrom = lowLatency ? this.segments.length - listedPartSegments : Infinity;
    return renderMediaPlaylist({
      ...(startOffsetSeconds === undefined ? {} : { startOffsetSeconds }),
      ...(lowLatency ? { lowLatency: this.lowLatency() } : {}),
      targetDurationSeconds: this.targetDurationSeconds,
      mediaSequence: first.sequence,
      discontinuitySequence: this.discontinuitySequence,
      complete: false,
      independentSegments: false,
      segments: this.segments.map((segment, index) => ({
        uri: `${segment.sequence}.m4s`,
        durationSeconds: segment.durationMs / 1000,
        programDateTimeMs: segment.pieces[0]?.shownFromMs ?? 0,
        discontinuity: segment.discontinuity,
        map: { uri: `init-${segment.pieces[0]?.initId}.mp4` },
        ...(index < withPartsFrom || segment.parts === undefined
          ? {}
          : { parts: namedParts(segment.sequence, segment.parts) }),
      })),
    });
  }

  /** The media of a segment, also of one that has just left the playlist. */
  segment(sequence: number): readonly SegmentPiece[] | undefined {
    return [...this.segments, ...this.retired].find((segment) => segment.sequence === sequence)?.pieces;
  }

  /** A part, also of a segment that grows. Undefined when it is not there, yet or any longer. */
  part(sequence: number, index: number): LivePart | undefined {
    if (sequence === this.nextSequence) return this.growingParts?.[index];
    return this.segments.find((segment) => segment.sequence === sequence)?.parts?.[index];
  }

  /** Whether a part may still come: it belongs to the growing segment, or is the first after one that comes whole. */
  mayCome(sequence: number, index: number): boolean {
    if (this.growingParts === undefined && sequence === this.nextSequence + 1) return index === 0;
    return sequence === this.nextSequence && index >= (this.growingParts?.length ?? 0);
  }

  /** Whether a playlist of now answers a request for this segment or part (rfc8216bis 6.2.5.2). */
  reaches(sequence: number, part: number | undefined): boolean {
    if (sequence < this.nextSequence) return true;
    return part !== undefined && sequence === this.nextSequence && part < (this.growingParts?.length ?? 0);
  }

  /** Fragments near the end that a viewer of low latency needs in parts and that have none. */
  withoutParts(): LiveFragment[] {
    const near = this.segments.slice(-1).flatMap((segment) => (segment.parts === undefined ? segment.pieces : []));
    return [...near, ...(this.assembler === undefined ? this.pending : [])].filter(isFragment);
  }

  /** Takes what `withoutParts` asked for, by the fragments' keys; what came meanwhile and has none stays without. */
  addChunks(chunks: ReadonlyMap<string, readonly LiveChunk[]>): void {
    const all = (pieces: readonly SegmentPiece[]): LiveChunk[] | undefined => {
      const found = pieces.map((piece) =>
        isFragment(piece) ? (chunks.get(piece.key) ?? piece.chunks?.()) : undefined,
      );
      return found.includes(undefined) ? undefined : found.flatMap((some) => some ?? []);
    };
    const last = this.segments.at(-1);
    const ofLast = last === undefined || last.parts !== undefined ? undefined : all(last.pieces);
    const pending = this.assembler === undefined ? all(this.pending) : undefined;
    const { open } = this;
    const growing = pending === undefined ? undefined : [...pending, ...(open?.chunks.slice(open.ended) ?? [])];
    const partTargetMs = this.choosePartTarget([ofLast ?? [], growing ?? []]);
    if (partTargetMs === undefined) return;
    if (last !== undefined && ofLast !== undefined) last.parts = assemble(ofLast, partTargetMs)?.finish();
    if (growing !== undefined) this.assembler = assemble(growing, partTargetMs);
  }

  /** Undefined while nothing is known of the stream's chunks. */
  private choosePartTarget(stretches: readonly (readonly LiveChunk[])[]): number | undefined {
    const known = stretches.filter((chunks) => chunks.length > 0);
    if (known.length > 0) this.chosenPartTargetMs ??= choosePartTargetMs(known);
    return this.chosenPartTargetMs;
  }

  /** Parts since the end of the newest segment; undefined when some of its media is not there in parts. */
  private get growingParts(): readonly LivePart[] | undefined {
    return this.assembler?.parts;
  }

  private lowLatency(): LowLatency {
    const sequence = this.nextSequence;
    const parts = this.growingParts;
    const partTargetMs = (this.chosenPartTargetMs ??= usualPartTargetMs);
    const head = this.pending[0] ?? this.openRest;
    const facts = { partTargetSeconds: partTargetMs / 1000, partHoldBackSeconds: (3 * partTargetMs) / 1000 };
    // A segment that comes whole is followed by one in parts.
    if (parts === undefined) return { ...facts, hintUri: `${sequence + 1}-0.m4s` };
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

  /** The whole of a fragment whose chunks came before it. */
  private complete(fragment: LiveFragment): void {
    const open = this.open!;
    const given = open.chunks.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
    if (given !== fragment.sampleCount) {
      // Pictures that are shown before what was given came only with the whole.
      this.assembler = undefined;
      if (open.ended > 0) {
        const endedMs = durationOf(open.chunks.slice(0, open.ended));
        const whole = fragment.chunks?.() ?? [];
        open.chunks.splice(
          open.ended,
          Infinity,
          ...whole.filter((_, at) => durationOf(whole.slice(0, at + 1)) > endedMs),
        );
      }
    }
    const piece = open.ended === 0 ? fragment : this.openRest;
    if (piece !== undefined) this.pending.push(piece);
  }

  /** A fragment of which nothing came before. */
  private takeWhole(fragment: LiveFragment): void {
    const chunks = fragment.chunks?.();
    if (chunks === undefined) {
      this.assembler = undefined;
      this.pending.push(fragment);
      return;
    }
    if (this.chosenPartTargetMs === undefined) {
      const partTargetMs = this.choosePartTarget([chunks]);
      if (this.pending.length === 0 && partTargetMs !== undefined) this.assembler = new PartAssembler(partTargetMs);
    }
    const open: OpenFragment = { head: fragment, chunks: [], ended: 0 };
    this.open = open;
    for (const chunk of chunks) this.takeChunk(open, chunk);
    const piece = open.ended === 0 ? fragment : this.openRest;
    if (piece !== undefined) this.pending.push(piece);
  }

  /** Returns whether a part is complete by it. */
  private takeChunk(open: OpenFragment, chunk: LiveChunk): boolean {
    if (this.assembler?.accepts(chunk) === false) this.endSegmentWithin(open);
    open.chunks.push(chunk);
    // Longer than a part may be: the segment that it begins comes whole.
    if (this.assembler?.accepts(chunk) === false) this.assembler = undefined;
    return this.assembler?.push(chunk) === true;
  }

  /** A part that is too short must be the last of its segment. */
  private endSegmentWithin(open: OpenFragment): void {
    const piece = this.openRest;
    if (piece !== undefined) this.pending.push(piece);
    open.ended = open.chunks.length;
    this.close();
  }

  /** What came of the open fragment and is in no segment yet. */
  private get openRest(): SegmentPiece | undefined {
    if (this.open === undefined) return undefined;
    const { head, chunks, ended } = this.open;
    const rest = chunks.slice(ended);
    if (rest.length === 0) return undefined;
    return {
      independent: rest[0]?.independent === true,
      shownFromMs: head.shownFromMs + durationOf(chunks.slice(0, ended)),
      initId: head.initId,
      durationMs: durationOf(rest),
      byteLength: rest.reduce((sum, { bytes }) => sum + bytes.length, 0),
      load: () => Promise.resolve(joinChunks(rest).bytes),
    };
  }

  /** The rest of the open fragment never came. */
  private dropOpen(): void {
    if (this.open !== undefined) this.assembler = undefined;
    this.open = undefined;
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
      pieces: this.pending,
      durationMs: durationOf(this.pending),
      byteLength: this.pending.reduce((sum, { byteLength }) => sum + byteLength, 0),
      discontinuity: this.pendingDiscontinuity,
      parts: this.assembler?.finish(),
    });
    this.pending = [];
    this.assembler = this.chosenPartTargetMs === undefined ? undefined : new PartAssembler(this.chosenPartTargetMs);
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
    let newerMs = 0;
    for (const segment of this.segments.toReversed()) {
      if (newerMs > keptPartTargets * this.targetDurationSeconds * 1000) segment.parts = undefined;
      newerMs += segment.durationMs;
    }
    for (const segment of this.retired) segment.parts = undefined;
  }
}

/** Undefined where one segment cannot have these chunks in parts. */
function assemble(chunks: readonly LiveChunk[], partTargetMs: number): PartAssembler | undefined {
  const assembler = new PartAssembler(partTargetMs);
  for (const chunk of chunks) {
    if (!assembler.accepts(chunk)) return undefined;
    assembler.push(chunk);
  }
  return assembler;
}

function namedParts(sequence: number, parts: readonly LivePart[]): PlaylistPart[] {
  return parts.map(({ durationMs, independent }, index) => ({
    uri: `${sequence}-${index}.m4s`,
    durationSeconds: durationMs / 1000,
    independent,
  }));
}
