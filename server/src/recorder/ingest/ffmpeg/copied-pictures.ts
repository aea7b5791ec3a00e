// H.264 and H.265 that ffmpeg copies, rewritten by the rules of the native engine: one access unit is one sample, one
// place for the parameter sets, fragments cut alike.
import type { Fragment, InitSegment } from '../../../lib/fragment.js';
import { decoderConfiguration } from '../../../lib/isobmff/init-segment.js';
import type { ParsedMoof } from '../../../lib/isobmff/moof.js';
import type { PullOptions } from '../fragment-source.js';
import { buildInitSegment, timescale } from '../native/mp4-writer.js';
import type { ReadPicture } from '../native/picture-reader.js';
import { PictureRecorder } from '../native/picture-recorder.js';
import { nalRole, type VideoCodec } from '../native/video-codec.js';
import type { TimeAnchor } from '../time-anchor.js';
import { CopiedSound } from './copied-sound.js';

export interface CopiedPicturesOptions {
  readonly codec: VideoCodec;
  /** What ffmpeg wrote. */
  readonly init: InitSegment;
  /** Of ticks of 90 kHz. */
  readonly anchor: TimeAnchor;
  readonly pull: PullOptions;
  readonly monotonicMs: () => number;
  readonly onFragment: (fragment: Fragment) => void;
  /** A picture came. */
  readonly onPicture: (picture: ReadPicture, begins: boolean) => void;
}

/**
 * NAL units of a sample, behind lengths of four bytes; what reaches beyond it is cut off, and so are zeros at the end of a
 * unit, which belong to the start code that stood behind it (H.264 B.1, H.265 B.2).
 */
export function nalUnitsOf(sample: Buffer): Buffer[] {
  const nals: Buffer[] = [];
  for (let at = 0; at + 4 < sample.length;) {
    const end = at + 4 + sample.readUInt32BE(at);
    let nalEnd = Math.min(end, sample.length);
    while (nalEnd > at + 4 && sample[nalEnd - 1] === 0) nalEnd -= 1;
    if (nalEnd > at + 4) nals.push(sample.subarray(at + 4, nalEnd));
    at = end;
  }
  return nals;
}

/** Parameter sets of an avcC or hvcC (ISO/IEC 14496-15 5.3.3.1.2, 8.3.3.1.2). */
function setsOf(codec: VideoCodec, record: Buffer): Buffer[] {
  const sets: Buffer[] = [];
  let at = codec === 'h264' ? 5 : 22;
  const take = (count: number) => {
    for (let index = 0; index < count && at + 2 <= record.length; index++) {
      const end = at + 2 + record.readUInt16BE(at);
      if (end <= record.length) sets.push(record.subarray(at + 2, end));
      at = end;
    }
  };
  if (codec === 'h264') {
    take((record[at++] ?? 0) & 31);
    take(record[at++] ?? 0);
  } else
    for (let arrays = record[at++] ?? 0; arrays > 0 && at + 3 <= record.length; arrays--) {
      at += 3;
      take(record.readUInt16BE(at - 2));
    }
  return sets;
}

/** first_mb_in_slice is 0, first_slice_segment_in_pic_flag is set: each is one bit. */
const isFirstSlice = (codec: VideoCodec, slice: Buffer): boolean =>
  ((slice[codec === 'h264' ? 1 : 2] ?? 0x80) & 0x80) !== 0;

/**
 * NAL units of a sample by pictures. ffmpeg's parsers end a picture where parameter sets stand before one of its later
 * slices: what is left of it comes as a sample of its own, or with the next picture.
 */
function byPictures(codec: VideoCodec, nals: readonly Buffer[]): Buffer[][] {
  const pictures: Buffer[][] = [[]];
  let hasSlices = false;
  /** Of what comes before the first slice of the next picture. */
  let head: Buffer[] = [];
  for (const nal of nals) {
    const role = nalRole(codec, nal);
    if (role !== 'key' && role !== 'picture') {
      head.push(nal);
      continue;
    }
    if (hasSlices && isFirstSlice(codec, nal)) pictures.push([]);
    hasSlices = true;
    pictures.at(-1)!.push(...head, nal);
    head = [];
  }
  pictures.at(-1)!.push(...head);
  return pictures;
}

export class CopiedPictures {
  readonly sound: CopiedSound | undefined;
  readonly #options: CopiedPicturesOptions;
  readonly #recorder: PictureRecorder;
  #last: { ticks: number; isKey: boolean } | undefined;
  /** The first picture of all, for as long as nothing that came after it shows its time. */
  #first: Buffer | undefined;
  #hasBegun = false;

  constructor(options: CopiedPicturesOptions) {
    this.#options = options;
    const { codec, init, anchor, pull, onFragment } = options;
    const sound = CopiedSound.of(init);
    this.sound = sound;
    this.#recorder = new PictureRecorder({
      ...{ codec, anchor, onFragment, nextRun: pull.nextRun, parts: pull.parts },
      soundOf: (track) => sound?.beside(buildInitSegment(track, sound.format)),
    });
    this.#recorder.read(setsOf(codec, decoderConfiguration(init.bytes).record));
  }

  get init(): InitSegment | undefined {
    return this.#recorder.init;
  }

  /**
   * What ffmpeg wrote, moof and mdat. Its first picture has no time (as if it had come when the stream was opened, up to
   * a group of pictures too early): it is shown one picture before whatever comes after it. @throws IngestFailure,
   * AppError bad_mp4
   */
  push(bytes: Buffer, moof: ParsedMoof): void {
    const { codec, init, monotonicMs } = this.#options;
    this.sound?.add(bytes);
    const nowMs = monotonicMs();
    const toOwn = (ticks: number) => Math.round((ticks * timescale) / init.timescale);
    let decodeTicks = Number(moof.baseMediaDecodeTime);
    const samples = moof.samples.map(({ offset, size, duration, compositionOffset }) => {
      const shown = decodeTicks + compositionOffset;
      decodeTicks += duration;
      return { data: bytes.subarray(offset, offset + size), shown, duration };
    });
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#first = samples.shift()?.data;
    }
    const [next] = samples;
    if (this.#first !== undefined && next !== undefined) {
      const earliest = samples.reduce((least, { shown }) => Math.min(least, shown), next.shown);
      samples.unshift({ data: this.#first, shown: earliest - next.duration, duration: next.duration });
      this.#first = undefined;
    }
    for (const { data, shown } of samples)
      for (const nals of byPictures(codec, nalUnitsOf(data))) this.#picture(nals, toOwn(shown), nowMs);
    this.#recorder.flushLate(nowMs);
  }

  #picture(nals: readonly Buffer[], ticks: number, nowMs: number): void {
    const picture = this.#recorder.read(nals);
    if (picture === undefined) return;
    const last = this.#last;
    if (last?.isKey === picture.isKey && !isFirstSlice(this.#options.codec, picture.slices[0]!)) {
      this.#recorder.push(picture, false, last.ticks, nowMs);
      return;
    }
    // Two pictures of one sample are not shown at once.
    const shown = last?.ticks === ticks ? ticks + 1 : ticks;
    const begins = this.#recorder.begin(picture, shown);
    this.#options.onPicture(picture, begins);
    this.#recorder.push(picture, begins, shown, nowMs);
    this.#last = { ticks: shown, isKey: picture.isKey };
  }

  /** The host's clock stepped: what came before ends here. */
  flush(): void {
    this.#recorder.flush();
  }

  end(): void {
    this.#recorder.end();
  }
}
