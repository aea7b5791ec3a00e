// What of an access unit goes into its sample. Parameter sets are in the sample entry and left out of the samples, where
// that is enough: not where they change between two pictures at which decoding can begin, nor where the camera signs its
// stream, which is a sum over every NAL unit (ONVIF Media Signing).
import { ParameterSets, type SetsInUse } from './parameter-sets.js';
import { readSei } from './sei.js';
import { nalRole, type VideoCodec } from './video-codec.js';

export interface ReadPicture {
  /** An IDR picture, or of H.265 any at which decoding can begin. */
  readonly isKey: boolean;
  /** Nothing that comes after it, or is shown before it, refers to what came before: IDR, BLA without leading pictures. */
  readonly isClosed: boolean;
  /** Recovery point: pictures until what is shown is right; undefined: it is none. */
  readonly recoveryPictures: number | undefined;
  /** Refers to what lies before the picture at which decoding can begin (H.265 RASL). */
  readonly isSkippedLeading: boolean;
  readonly slices: readonly Buffer[];
  readonly sliceBytes: number;
}

/** Where the samples' parameter sets are. */
export type SetsPlace =
  | 'entry'
  /** In the samples too: all at each picture at which decoding can begin, and what changes between. */
  | 'samples'
  /** As the camera sends them, with all else. */
  | 'untouched';

/** H.265 table 7-1: RASL_N, RASL_R; IDR_W_RADL, IDR_N_LP and BLA_N_LP are closed. */
const skippedLeading = new Set([8, 9]);
const closedIrap = new Set([18, 19, 20]);
const none: readonly Buffer[] = [];

export class PictureReader {
  readonly sets: ParameterSets;
  #place: SetsPlace = 'entry';
  #wantedPlace: SetsPlace = 'entry';
  /** Of the picture that was read last: all NAL units, and those without parameter sets, delimiters and filler. */
  #all: readonly Buffer[] = [];
  #kept: readonly Buffer[] = [];
  /** Picture parameter sets that changed and stand in no sample and no sample entry yet. */
  #unwritten: Buffer[] = [];

  constructor(private readonly codec: VideoCodec) {
    this.sets = new ParameterSets(codec);
  }

  get place(): SetsPlace {
    return this.#place;
  }

  /** Of samples from the next sample entry on. */
  get wantedPlace(): SetsPlace {
    return this.#wantedPlace;
  }

  /** The stream is known to be of this kind from before. */
  expect(place: SetsPlace): void {
    this.#wantedPlace = place;
  }

  /** A sample entry was made of these sets, for samples of the wanted place. */
  entered(): void {
    this.#place = this.#wantedPlace;
    this.#unwritten = [];
  }

  /** NAL units of one access unit, valid during the call and that of `sampleOf`. Undefined where there is no picture. */
  read(nals: readonly Buffer[]): ReadPicture | undefined {
    const { codec } = this;
    // The lists are made only where they differ from `nals`, or as long as they become: this is done for every picture.
    let kept: Buffer[] | undefined;
    let slices: Buffer[] | undefined;
    let sliceBytes = 0;
    let isKey = false;
    let recoveryPictures: number | undefined;
    for (let index = 0; index < nals.length; index++) {
      const nal = nals[index]!;
      const role = nalRole(codec, nal);
      if (role === 'vps' || role === 'sps' || role === 'pps' || role === 'dropped') {
        if (role !== 'dropped' && this.sets.keep(role, nal) && role === 'pps') this.#unwritten.push(Buffer.from(nal));
        kept ??= nals.slice(0, index);
        continue;
      }
      if (role === 'sei') {
        const { recoveryPictures: found, isSigned } = readSei(codec, nal);
        recoveryPictures ??= found;
        if (isSigned) this.#wantedPlace = 'untouched';
      } else if (role !== 'other') {
        isKey ||= role === 'key';
        if (slices === undefined) slices = [nal];
        else slices.push(nal);
        sliceBytes += nal.length;
      }
      kept?.push(nal);
    }
    if (slices === undefined) return undefined;
    const first = slices[0]!;
    this.#all = nals;
    this.#kept = kept ?? nals;
    const type = codec === 'h264' ? first[0]! & 31 : (first[0]! >> 1) & 63;
    return {
      isKey,
      isClosed: codec === 'h264' ? isKey : closedIrap.has(type),
      recoveryPictures,
      isSkippedLeading: codec === 'h265' && skippedLeading.has(type),
      slices,
      sliceBytes,
    };
  }

  /** What goes into the sample of the picture that was read last. `begins`: decoding can begin with it. */
  sampleOf(begins: boolean): readonly Buffer[] {
    const [all, kept] = [this.#all, this.#kept];
    this.#all = this.#kept = none;
    if (this.#place === 'untouched') return all;
    if (begins) {
      this.#unwritten = [];
      const sets = this.#place === 'samples' ? this.sets.inUse() : undefined;
      return sets === undefined ? kept : [...allOf(sets), ...kept];
    }
    if (this.#unwritten.length === 0) return kept;
    const written = this.#unwritten;
    this.#unwritten = [];
    if (this.#wantedPlace === 'entry') this.#wantedPlace = 'samples';
    return [...written, ...kept];
  }
}

const allOf = ({ vps, sps, pps }: SetsInUse): Buffer[] => [...vps, ...sps, ...pps];
