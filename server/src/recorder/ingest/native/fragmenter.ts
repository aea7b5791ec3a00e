// Access units of one run to fragments: cut before a keyframe and by duration, decode times laid out so that every
// picture is shown exactly at its RTP timestamp, also with reordered (B) pictures.
import type { Fragment, InitSegment } from '../../../lib/fragment.js';
import { ChunkCutter } from '../../../lib/chunk-cutter.js';
import type { PartSink } from '../fragment-source.js';
import { RunClock, type TimeAnchor } from '../time-anchor.js';
import type { BlockPool } from './block-pool.js';
import { buildFragment, fragmentHeadBytes, timescale, writeFragmentHead, type SampleFacts } from './mp4-writer.js';
import { SampleBody } from './sample-body.js';
import type { AudioRun } from '../../../lib/isobmff/sound-track.js';

export interface Picture {
  /** Presentation time, ticks. */
  readonly ticks: number;
  /** Without parameter sets and delimiters; looked at during the call only. */
  readonly nals: readonly Buffer[];
  /** Decoding can begin with it. */
  readonly isKey: boolean;
  /** … and pictures that come after it may be shown before it. */
  readonly isOpen?: boolean;
  /** Pictures after it until what is shown is right, where decoding begins with it. */
  readonly recoveryPictures?: number;
}

/** A picture that lies in the body of the fragment. */
interface Collected {
  readonly ticks: number;
  readonly isKey: boolean;
  /** A run can begin with it, whatever comes after it. */
  readonly isClosed: boolean;
  readonly recoveryPictures: number;
  byteLength: number;
}

/** The sound of the same camera. All ticks are RTP time of the picture. */
export interface FragmentSound {
  /** With both tracks. */
  readonly init: InitSegment;
  /** Whether sound comes or is expected; asked where a keyframe begins a fragment. */
  isFlowing(monotonicMs: number): boolean;
  /** What goes into the fragment [startTicks, endTicks) of a run whose media timeline is zero at `zeroTicks`. */
  take(run: number, zeroTicks: number, startTicks: number, endTicks: number): AudioRun | undefined;
  /** The fragment that ends there has no sound. */
  skip(endTicks: number): void;
}

export interface FragmenterOptions {
  readonly init: InitSegment;
  readonly sound?: FragmentSound;
  readonly nextRun: () => number;
  readonly anchor: TimeAnchor;
  readonly onFragment: (fragment: Fragment) => void;
  readonly parts?: PartSink;
  /** Where the memory of fragments comes from, and returns to when they are released. */
  readonly pool?: BlockPool;
}

/** A fragment without a keyframe in sight is cut after this. */
const targetTicks = timescale;
/** Of a stream that is pulled for viewers alone and not recorded: what they wait for comes sooner. */
const viewedTicks = timescale / 2;
/** … and at the latest here, in whatever place: with its way to the disk it is under the 2 s that a crash may take. */
const longestTicks = 1.7 * timescale;
/** A pause between frames beyond this is missing footage and not a long picture. */
const longestPictureTicks = 2 * timescale;
const longestWaitMs = 1250;
const assumedFrameTicks = timescale / 25;
/** The first fragment that somebody waits for is about a third of a second long. */
const firstViewedTicks = 0.334 * timescale;

/** The chunks of the fragment that is being collected. */
interface Parting {
  readonly cutter: ChunkCutter;
  /** Index of the first picture that is in no chunk yet. */
  from: number;
  /** Newest picture that is in a chunk. */
  newestTicks: number;
  start: ReturnType<RunClock['place']> | undefined;
}

export class Fragmenter {
  private pictures: Collected[] = [];
  private readonly body: SampleBody;
  private newestTicks = -Infinity;
  /** The picture that was a fragment by itself, before it was known when the next one comes. */
  private loneTicks: number | undefined;
  private sequence = 0;
  /** Timestamp at which the media timeline of the run is zero, plus the delay. */
  private baseTicks = 0;
  /** By how much decoding is ahead of showing; fixed by the first fragment of the run. */
  private delayTicks = 0;
  private frameTicks = assumedFrameTicks;
  private firstArrivalMs = 0;
  /** Pictures before the first keyframe, which nobody could decode. */
  droppedPictures = 0;

  private run: { number: number; clock: RunClock } | undefined;
  /** Of the fragment that is being collected; with sound or without, which changes at keyframes only. */
  private init: InitSegment;
  private parting: Parting | undefined;
  private partSequence = 0;

  constructor(private readonly options: FragmenterOptions) {
    this.init = options.init;
    this.body = new SampleBody(options.pool);
  }

  /** Takes the next picture in decoding order. */
  push(picture: Picture, monotonicMs: number): void {
    const first = this.pictures[0];
    if (first === undefined) {
      if (this.run === undefined && !picture.isKey) {
        this.droppedPictures += 1;
        return;
      }
    } else {
      const last = this.pictures.at(-1)!;
      if (picture.ticks === last.ticks) {
        last.byteLength += this.body.add(picture.nals);
        return;
      }
      if (this.mustCut(first, picture)) this.flush(picture);
    }
    if (this.pictures.length === 0) {
      this.firstArrivalMs = monotonicMs;
      if (this.loneTicks !== undefined) this.learnFrameTicks(picture.ticks - this.loneTicks);
      const { sound, init } = this.options;
      if (sound !== undefined && picture.isKey) this.init = sound.isFlowing(monotonicMs) ? sound.init : init;
      this.beginParts();
    }
    if (this.parting !== undefined) this.partBefore(picture, this.parting);
    const { ticks, isKey, isOpen = false, recoveryPictures = 0 } = picture;
    this.pictures.push({
      ticks,
      isKey,
      isClosed: isKey && !isOpen,
      recoveryPictures,
      byteLength: this.body.add(picture.nals),
    });
    this.newestTicks = Math.max(this.newestTicks, picture.ticks);
  }

  /** Called now and then: a camera of a frame in seconds must not keep the last one in memory only. */
  flushLate(monotonicMs: number): void {
    if (this.pictures.length > 0 && monotonicMs - this.firstArrivalMs >= longestWaitMs) this.flush(undefined);
  }

  /** The instants are somewhere else by now: the next picture at which decoding can begin begins another run. */
  get mustBeginRun(): boolean {
    return this.run?.clock.jumps === true;
  }

  private mustCut(first: Collected, next: Picture): boolean {
    if (next.isKey) return true;
    if (next.ticks - this.newestTicks > longestPictureTicks) return true;
    const span = next.ticks - first.ticks;
    // A picture that is shown after all before it: none of those that follow it is shown among them.
    return (span >= this.wantedTicks && next.ticks > this.newestTicks) || span >= longestTicks;
  }

  /** The first fragment of a run has no parts: who waits for a picture gets it when it is about as long as one. */
  private get wantedTicks(): number {
    const { parts } = this.options;
    if (parts?.awaited() !== true) return targetTicks;
    if (this.run === undefined) return firstViewedTicks;
    return parts.wanted() ? targetTicks : viewedTicks;
  }

  /** Makes a fragment of what is there. `next`: the picture that comes after it, where it is known. */
  flush(next: Picture | undefined): void {
    const pictures = this.pictures;
    const first = pictures[0];
    if (first === undefined) return;
    this.pictures = [];
    this.newestTicks = -Infinity;
    const shown = pictures.map(({ ticks }) => ticks).sort((a, b) => a - b);
    const firstShown = shown[0]!;
    const lastShown = shown.at(-1)!;
    if (shown.length > 1) this.learnFrameTicks((lastShown - firstShown) / (shown.length - 1));
    this.loneTicks = shown.length === 1 && next === undefined ? lastShown : undefined;
    const parting = this.parting;
    this.parting = undefined;
    if (this.run === undefined || firstShown < this.baseTicks) this.beginRun(pictures, shown);
    // Where parts were given their instant is the fragment's.
    let start = parting?.start ?? this.run!.clock.place(firstShown - this.delayTicks, first.isClosed);
    if (start === 'jumped') {
      this.beginRun(pictures, shown);
      start = this.run!.clock.place(firstShown - this.delayTicks, false);
    }
    if (start === 'jumped') {
      this.body.drop();
      return; // a new clock does not jump
    }
    const samples = this.samplesOf(pictures, shown, this.endOf(lastShown, next));
    if (parting?.start !== undefined) this.givePart(parting, samples, shown, start.atMs);
    const baseMediaDecodeTime = BigInt(firstShown - this.baseTicks);
    const durationTicks = samples.reduce((sum, { duration }) => sum + duration, 0);
    const sound = this.soundOf(firstShown, firstShown + durationTicks);
    this.options.onFragment({
      init: this.init,
      ...this.whole(baseMediaDecodeTime, samples, sound),
      independent: first.isKey,
      startAtMs: start.atMs,
      durationMs: (durationTicks * 1000) / timescale,
      baseMediaDecodeTime,
      sampleCount: samples.length,
      timeSource: start.timeSource,
      run: this.run!.number,
    });
  }

  /** The body with its head in front. */
  private whole(decodeTime: bigint, samples: readonly SampleFacts[], sound: AudioRun | undefined) {
    const taken = this.body.take(fragmentHeadBytes(samples, sound));
    writeFragmentHead(taken.bytes, ++this.sequence, decodeTime, samples, sound);
    return taken;
  }

  private samplesOf(pictures: readonly Collected[], shown: readonly number[], endTicks: number): SampleFacts[] {
    return pictures.map((picture, index) => ({
      byteLength: picture.byteLength,
      isKey: picture.isKey,
      duration: Math.max(1, Math.round((shown[index + 1] ?? endTicks) - shown[index]!)),
      compositionOffset: picture.ticks - (shown[index]! - this.delayTicks),
      recoveryPictures: picture.recoveryPictures,
    }));
  }

  /** The first fragment of a run only tells by how much decoding is ahead: it comes whole. */
  private beginParts(): void {
    this.parting =
      this.run !== undefined && this.options.parts?.wanted() === true
        ? { cutter: new ChunkCutter(), from: 0, newestTicks: -Infinity, start: undefined }
        : undefined;
  }

  private partBefore(next: Picture, parting: Parting): void {
    // Shown before what was given already: the rest comes with the whole fragment.
    if (next.ticks < parting.newestTicks) this.parting = { ...parting, from: Infinity };
    else if (parting.cutter.push(next.ticks)) this.endPart(next, parting);
  }

  /** Every picture so far is shown before all that come, so their decode times are final. */
  private endPart(next: Picture, parting: Parting): void {
    const shown = this.pictures.map(({ ticks }) => ticks).sort((a, b) => a - b);
    const { isClosed } = this.pictures[0]!;
    const known = shown[0]! >= this.baseTicks;
    if (known) parting.start ??= this.run!.clock.place(shown[0]! - this.delayTicks, isClosed);
    if (!known || parting.start === undefined || parting.start === 'jumped') {
      this.parting = undefined;
      return;
    }
    const samples = this.samplesOf(this.pictures, shown, this.endOf(shown.at(-1)!, next));
    this.givePart(parting, samples, shown, parting.start.atMs);
  }

  private givePart(parting: Parting, all: readonly SampleFacts[], shown: readonly number[], startAtMs: number): void {
    const samples = all.slice(parting.from);
    const [first] = samples;
    if (first === undefined) return;
    const durationTicks = samples.reduce((sum, { duration }) => sum + duration, 0);
    const startByte = all.slice(0, parting.from).reduce((sum, { byteLength }) => sum + byteLength, 0);
    const endByte = samples.reduce((sum, { byteLength }) => sum + byteLength, startByte);
    const data = this.body.part(startByte, endByte);
    this.options.parts?.onPart({
      init: this.init,
      bytes: buildFragment(++this.partSequence, BigInt(shown[parting.from]! - this.baseTicks), samples, data),
      run: this.run!.number,
      fragmentDecodeTime: BigInt(shown[0]! - this.baseTicks),
      startAtMs,
      isFirst: parting.from === 0,
      independent: first.isKey,
      durationMs: (durationTicks * 1000) / timescale,
      sampleCount: samples.length,
    });
    parting.from = all.length;
    parting.newestTicks = shown.at(-1)!;
  }

  /** The sound that came so far; the picture never waits for it, what comes later goes into the next fragment. */
  private soundOf(startTicks: number, endTicks: number): AudioRun | undefined {
    const { sound } = this.options;
    if (sound === undefined) return undefined;
    if (this.init === sound.init)
      return sound.take(this.run!.number, this.baseTicks - this.delayTicks, startTicks, endTicks);
    sound.skip(endTicks);
    return undefined;
  }

  private beginRun(pictures: readonly Collected[], shown: readonly number[]): void {
    this.run = { number: this.options.nextRun(), clock: new RunClock(this.options.anchor, timescale) };
    this.baseTicks = shown[0]!;
    this.delayTicks = pictures.reduce((most, { ticks }, index) => Math.max(most, shown[index]! - ticks), 0);
  }

  /** How long a picture is that ends where none is known to follow. */
  private learnFrameTicks(ticks: number): void {
    if (ticks > 0 && ticks <= longestPictureTicks) this.frameTicks = ticks;
  }

  /** Where the last picture's time ends. */
  private endOf(lastShown: number, next: Picture | undefined): number {
    const assumed = lastShown + this.frameTicks;
    if (next === undefined || next.ticks <= lastShown) return assumed;
    if (next.ticks - lastShown > longestPictureTicks) return assumed;
    // With reordered pictures the one that is shown next need not be the one that came next.
    return this.delayTicks === 0 || (next.isKey && next.isOpen !== true) ? next.ticks : assumed;
  }
}
