// Access units of one stream to fragments, for both engines: where decoding can begin, what stands in the sample entry
// and what in the samples, and when another run begins.
import { errorMessage } from '../../../lib/errors.js';
import type { Fragment, InitSegment } from '../../../lib/fragment.js';
import type { PartSink } from '../fragment-source.js';
import { IngestFailure } from '../ingest-failure.js';
import type { TimeAnchor } from '../time-anchor.js';
import type { BlockPool } from './block-pool.js';
import { Fragmenter, type FragmentSound } from './fragmenter.js';
import { buildInitSegment, timescale, type VideoTrackFacts } from './mp4-writer.js';
import type { SetsInUse } from './parameter-sets.js';
import { PictureReader, type ReadPicture, type SetsPlace } from './picture-reader.js';
import type { VideoCodec } from './video-codec.js';

/** So many keyframes without a recovery point between: the camera does without those now. */
const idrHabit = 12;
/** A recovery point begins a group where none came for so long: every picture may be called one … */
const leastGroupTicks = timescale / 2;
/** … and where the camera sends IDR pictures, with which every player can begin, these are enough. */
const sendsIdrTicks = 5 * timescale;

/** What shows only in the course of a stream, and would make the next connection's begin twice. */
export interface StreamHabits {
  readonly setsPlace: SetsPlace;
  /** Without IDR pictures in a while. */
  readonly recoveryPoints: boolean;
}

export const usualHabits: StreamHabits = { setsPlace: 'entry', recoveryPoints: false };

export interface PictureRecorderOptions {
  readonly codec: VideoCodec;
  readonly anchor: TimeAnchor;
  readonly nextRun: () => number;
  readonly onFragment: (fragment: Fragment) => void;
  readonly parts?: PartSink | undefined;
  readonly pool?: BlockPool | undefined;
  /** Of former connections; absent: as usual. */
  readonly habits?: StreamHabits | undefined;
  /** This one shows others. */
  readonly onHabits?: (habits: StreamHabits) => void;
  /** A sample entry holds parameters that the camera does not send. */
  readonly onParametersMade?: () => void;
  /** Of a run that begins: the sound beside it, undefined without. */
  readonly soundOf?: (track: VideoTrackFacts) => FragmentSound | undefined;
}

/** What a sample entry was made of. */
interface Entry {
  readonly sets: SetsInUse;
  readonly place: SetsPlace;
  readonly recoveryPoints: boolean;
  readonly changes: number;
}

const isSameSequence = (a: SetsInUse, b: SetsInUse): boolean =>
  a.sps[0]!.equals(b.sps[0]!) && (a.vps[0] === undefined || b.vps[0]?.equals(a.vps[0]) === true);

export class PictureRecorder {
  readonly #options: PictureRecorderOptions;
  readonly #reader: PictureReader;
  #habits: StreamHabits;
  #entry: Entry | undefined;
  #init: InitSegment | undefined;
  #fragmenter: Fragmenter | undefined;
  /** The newest pictures at which decoding can begin, and of them those that are IDR, ticks. */
  #begunTicks = -Infinity;
  #idrTicks = -Infinity;
  #keyframesInRow = 0;
  /** The first picture of the run, where those that are shown before it cannot be decoded. */
  #openStartTicks: number | undefined;
  #newRunAtKey = false;

  constructor(options: PictureRecorderOptions) {
    this.#options = options;
    this.#reader = new PictureReader(options.codec);
    this.#habits = options.habits ?? usualHabits;
    this.#reader.expect(this.#habits.setsPlace);
  }

  /** Of the newest run; without its sound. */
  get init(): InitSegment | undefined {
    return this.#init;
  }

  /** A run is under way: pictures are recorded. */
  get isRecording(): boolean {
    return this.#fragmenter !== undefined;
  }

  /** NAL units of one access unit, valid until it is pushed. Undefined where there is no picture in it. */
  read(nals: readonly Buffer[]): ReadPicture | undefined {
    return this.#reader.read(nals);
  }

  /** Another run begins with the next picture at which decoding can begin. */
  beginNewRun(): void {
    this.#newRunAtKey = true;
  }

  /**
   * Whether decoding can begin with the picture that was read last, shown at `ticks`; then it begins what it must.
   * @throws IngestFailure bad_answer where the first parameter sets are damaged
   */
  begin(picture: ReadPicture, ticks: number): boolean {
    const begins = this.#isPlaceToBegin(picture, ticks);
    if (begins) this.#beginAtKey(picture, ticks);
    return begins;
  }

  /** Records the picture that was read last; `begins` as `begin` answered. Where no run is under way it is dropped. */
  push(picture: ReadPicture, begins: boolean, ticks: number, monotonicMs: number): void {
    const nals = this.#reader.sampleOf(begins);
    if (this.#fragmenter === undefined || this.#isUndecodable(picture, begins, ticks)) return;
    const { isKey, isClosed, recoveryPictures = 0 } = picture;
    this.#fragmenter.push(
      { ticks, nals, isKey: begins, isOpen: !isClosed, recoveryPictures: isKey ? 0 : recoveryPictures },
      monotonicMs,
    );
  }

  /** What goes on belongs to the picture that was pushed last. */
  pushMore(nals: readonly Buffer[], ticks: number, monotonicMs: number): void {
    this.#fragmenter?.push({ ticks, nals, isKey: false }, monotonicMs);
  }

  /** What was collected becomes a fragment. */
  flush(): void {
    this.#fragmenter?.flush(undefined);
  }

  flushLate(monotonicMs: number): void {
    this.#fragmenter?.flushLate(monotonicMs);
  }

  /** The stream is over. */
  end(): void {
    this.#endRun();
    if (this.#keyframesInRow >= idrHabit) this.#learn({ ...this.#habits, recoveryPoints: false });
  }

  #learn(habits: StreamHabits): void {
    const before = this.#habits;
    if (habits.setsPlace === before.setsPlace && habits.recoveryPoints === before.recoveryPoints) return;
    this.#habits = habits;
    this.#options.onHabits?.(habits);
  }

  #endRun(): void {
    this.flush();
    this.#fragmenter = undefined;
  }

  #isPlaceToBegin({ isKey, isClosed, recoveryPictures }: ReadPicture, ticks: number): boolean {
    const begins =
      isKey ||
      (recoveryPictures !== undefined &&
        ticks - this.#begunTicks >= leastGroupTicks &&
        ticks - this.#idrTicks >= sendsIdrTicks);
    if (begins) this.#begunTicks = ticks;
    if (isKey && isClosed) this.#idrTicks = ticks;
    return begins;
  }

  /** A run that begins in the midst of a stream lacks what the pictures refer to that are shown before its first one. */
  #isUndecodable({ isClosed, isSkippedLeading }: ReadPicture, begins: boolean, ticks: number): boolean {
    const openStartTicks = this.#openStartTicks;
    if (begins) {
      // The first of the run it is only where nothing was decoded before.
      if (openStartTicks !== undefined && (isClosed || ticks > openStartTicks)) this.#openStartTicks = undefined;
      return false;
    }
    if (openStartTicks === undefined) return false;
    return this.#options.codec === 'h265' ? isSkippedLeading : ticks < openStartTicks;
  }

  #beginAtKey({ slices, isClosed, isKey }: ReadPicture, ticks: number): void {
    const reader = this.#reader;
    this.#keyframesInRow = isKey ? this.#keyframesInRow + 1 : 0;
    this.#learn({ setsPlace: reader.wantedPlace, recoveryPoints: this.#habits.recoveryPoints || !isKey });
    const habits = this.#habits;
    reader.sets.use(slices[0]!);
    const isEntered =
      reader.sets.changes === this.#entry?.changes &&
      habits.setsPlace === this.#entry.place &&
      habits.recoveryPoints === this.#entry.recoveryPoints;
    if (!isEntered) this.#useSets();
    // With an open group the run begins here and not in its midst, so that its leading pictures are known not to be shown.
    if (this.#newRunAtKey || (!isClosed && this.#fragmenter?.mustBeginRun === true)) {
      this.#newRunAtKey = false;
      this.#endRun();
    }
    const [entry, init] = [this.#entry, this.#init];
    if (this.#fragmenter !== undefined || init === undefined || entry === undefined) return;
    this.#openStartTicks = isClosed ? undefined : ticks;
    const { anchor, nextRun, onFragment, parts, pool, soundOf } = this.#options;
    const sound = soundOf?.(this.#trackOf(entry));
    this.#fragmenter = new Fragmenter({
      ...{ init, anchor, nextRun, onFragment },
      ...(sound === undefined ? {} : { sound }),
      ...(parts === undefined ? {} : { parts }),
      ...(pool === undefined ? {} : { pool }),
    });
  }

  #trackOf({ sets, place, recoveryPoints }: Entry): VideoTrackFacts {
    return { codec: this.#options.codec, sets, inBand: place !== 'entry', recoveryPoints };
  }

  #useSets(): void {
    const reader = this.#reader;
    const sets = reader.sets.inUse();
    if (sets === undefined) return;
    const { recoveryPoints } = this.#habits;
    const entry: Entry = { sets, place: reader.wantedPlace, recoveryPoints, changes: reader.sets.changes };
    const before = this.#entry;
    // With all in the samples only another sequence needs another entry.
    if (
      before?.place === 'samples' &&
      entry.place === 'samples' &&
      before.recoveryPoints === recoveryPoints &&
      isSameSequence(before.sets, sets)
    ) {
      this.#entry = { ...before, changes: entry.changes };
      return;
    }
    let init: InitSegment;
    try {
      init = buildInitSegment(this.#trackOf(entry));
    } catch (error) {
      // Damaged on the way: what was recorded so far goes on, and the camera repeats them.
      if (this.#init !== undefined) return;
      throw error instanceof IngestFailure ? error : new IngestFailure('bad_answer', errorMessage(error).slice(0, 200));
    }
    this.#entry = entry;
    if (reader.sets.isVpsMade) this.#options.onParametersMade?.();
    if (init.id !== this.#init?.id) {
      this.#endRun();
      this.#init = init;
    }
    reader.entered();
  }
}
