// What the recorder must know of parameter sets: which replaces which, of the sequence's the picture size, and for H.265
// what its decoder record repeats.
import { BitReader, rawPayload } from './bit-reader.js';
import type { VideoCodec } from './video-codec.js';

export interface PictureSize {
  /** Of the picture without what is cropped, in samples of luma. */
  readonly width: number;
  readonly height: number;
  /** Width and height of a sample where they differ (H.264 and H.265 E.2.1). */
  readonly sampleAspect?: SampleAspect;
}

export interface SampleAspect {
  readonly width: number;
  readonly height: number;
}

export interface SampleFormat {
  /** chroma_format_idc */
  readonly chroma: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
}

export interface H264Sps extends PictureSize, SampleFormat {
  /** No picture is coded as two fields. */
  readonly framesOnly: boolean;
}

/** aspect_ratio_idc 1 to 16, H.264 table E-1, which H.265's is too. */
const aspectRatios: readonly (readonly [number, number])[] = [
  ...([
    [1, 1],
    [12, 11],
    [10, 11],
    [16, 11],
    [40, 33],
    [24, 11],
    [20, 11],
    [32, 11],
  ] as const),
  ...([
    [80, 33],
    [18, 11],
    [15, 11],
    [64, 33],
    [160, 99],
    [4, 3],
    [3, 2],
    [2, 1],
  ] as const),
];
const extendedSar = 255;

/** The beginning of vui_parameters(): the same in both codecs. */
function sampleAspectOf(reader: BitReader): { sampleAspect?: SampleAspect } {
  if (reader.bit() === 0) return {};
  const idc = reader.bits(8);
  const [width, height] = idc === extendedSar ? [reader.bits(16), reader.bits(16)] : (aspectRatios[idc - 1] ?? [1, 1]);
  return width === height || width === 0 || height === 0 ? {} : { sampleAspect: { width, height } };
}

/** What stands at the end may be damaged, or of a later edition: without it the picture is shown all the same. */
function whereReadable(read: () => { sampleAspect?: SampleAspect }): { sampleAspect?: SampleAspect } {
  try {
    return read();
  } catch {
    return {};
  }
}

const highProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

function skipScalingList(reader: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let index = 0; index < size; index++) {
    if (next !== 0) next = (last + reader.signed() + 256) % 256;
    if (next !== 0) last = next;
  }
}

/** Profiles of H.264 whose parameters say the format of the samples, and whose avcC does (ISO/IEC 14496-15 5.3.3.1.2). */
export const saysSampleFormat = (profile: number): boolean => highProfiles.has(profile);

/** ITU-T H.264 7.3.2.1.1. @throws IngestFailure bad_answer */
export function parseH264Sps(nal: Buffer): H264Sps {
  const reader = new BitReader(rawPayload(nal.subarray(1)));
  const profile = reader.bits(8);
  reader.skip(16);
  reader.unsigned();
  let [chroma, bitDepthLuma, bitDepthChroma] = [1, 8, 8];
  if (highProfiles.has(profile)) {
    chroma = reader.unsigned();
    if (chroma === 3) reader.skip(1);
    bitDepthLuma = reader.unsigned() + 8;
    bitDepthChroma = reader.unsigned() + 8;
    reader.skip(1);
    if (reader.bit() === 1)
      for (let list = 0; list < (chroma === 3 ? 12 : 8); list++)
        if (reader.bit() === 1) skipScalingList(reader, list < 6 ? 16 : 64);
  }
  reader.unsigned();
  const orderType = reader.unsigned();
  if (orderType === 0) reader.unsigned();
  else if (orderType === 1) {
    reader.skip(1);
    reader.signed();
    reader.signed();
    const count = reader.unsigned();
    for (let index = 0; index < count; index++) reader.signed();
  }
  reader.unsigned();
  reader.skip(1);
  const widthInBlocks = reader.unsigned() + 1;
  const heightInUnits = reader.unsigned() + 1;
  const framesOnly = reader.bit();
  if (framesOnly === 0) reader.skip(1);
  reader.skip(1);
  let [left, right, top, bottom] = [0, 0, 0, 0];
  if (reader.bit() === 1)
    [left, right, top, bottom] = [reader.unsigned(), reader.unsigned(), reader.unsigned(), reader.unsigned()];
  const cropX = chroma === 1 || chroma === 2 ? 2 : 1;
  const cropY = (chroma === 1 ? 2 : 1) * (2 - framesOnly);
  return {
    width: widthInBlocks * 16 - (left + right) * cropX,
    height: heightInUnits * 16 * (2 - framesOnly) - (top + bottom) * cropY,
    framesOnly: framesOnly === 1,
    chroma,
    bitDepthLuma,
    bitDepthChroma,
    ...whereReadable(() => (reader.bit() === 0 ? {} : sampleAspectOf(reader))),
  };
}

export interface H265Sps extends PictureSize, SampleFormat {
  /** profile_tier_level: 12 bytes as the decoder record wants them. */
  readonly profileTierLevel: Buffer;
  readonly temporalLayers: number;
  readonly temporalNesting: number;
}

/** ITU-T H.265 7.3.2.2.1, 7.3.3. @throws IngestFailure bad_answer */
export function parseH265Sps(nal: Buffer): H265Sps {
  const payload = rawPayload(nal.subarray(2));
  const reader = new BitReader(payload);
  reader.skip(4);
  const subLayers = reader.bits(3);
  const temporalNesting = reader.bit();
  const profileTierLevel = Buffer.from(payload.subarray(1, 13));
  reader.skip(96);
  const present: [number, number][] = [];
  for (let layer = 0; layer < subLayers; layer++) present.push([reader.bit(), reader.bit()]);
  if (subLayers > 0) reader.skip((8 - subLayers) * 2);
  for (const [profile, level] of present) reader.skip(profile * 88 + level * 8);
  reader.unsigned();
  const chroma = reader.unsigned();
  const separate = chroma === 3 ? reader.bit() : 0;
  const width = reader.unsigned();
  const height = reader.unsigned();
  let [left, right, top, bottom] = [0, 0, 0, 0];
  if (reader.bit() === 1)
    [left, right, top, bottom] = [reader.unsigned(), reader.unsigned(), reader.unsigned(), reader.unsigned()];
  const cropX = separate === 0 && (chroma === 1 || chroma === 2) ? 2 : 1;
  const cropY = separate === 0 && chroma === 1 ? 2 : 1;
  return {
    width: width - (left + right) * cropX,
    height: height - (top + bottom) * cropY,
    profileTierLevel,
    chroma,
    bitDepthLuma: reader.unsigned() + 8,
    bitDepthChroma: reader.unsigned() + 8,
    temporalLayers: subLayers + 1,
    temporalNesting,
    ...whereReadable(() => aspectBehindDepths(reader, subLayers)),
  };
}

const mostReferenceSets = 64;

/** st_ref_pic_set(), 7.3.7: read over. Returns NumDeltaPocs. */
function skipReferenceSet(reader: BitReader, index: number, previous: number): number {
  if (index > 0 && reader.bit() === 1) {
    reader.skip(1);
    reader.unsigned();
    let count = 0;
    for (let picture = 0; picture <= previous; picture++) {
      const isUsed = reader.bit() === 1;
      if (isUsed || reader.bit() === 1) count += 1;
    }
    return count;
  }
  const count = reader.unsigned() + reader.unsigned();
  if (count > mostReferenceSets) throw new RangeError('more pictures than can be referred to');
  for (let picture = 0; picture < count; picture++) {
    reader.unsigned();
    reader.skip(1);
  }
  return count;
}

/** scaling_list_data(), 7.3.4: read over. */
function skipH265ScalingLists(reader: BitReader): void {
  for (let size = 0; size < 4; size++)
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (reader.bit() === 0) {
        reader.unsigned();
        continue;
      }
      if (size > 1) reader.signed();
      for (let index = 0; index < Math.min(64, 1 << (4 + (size << 1))); index++) reader.signed();
    }
}

/** From log2_max_pic_order_cnt_lsb_minus4 to the beginning of vui_parameters(), 7.3.2.2.1. */
function aspectBehindDepths(reader: BitReader, subLayers: number): { sampleAspect?: SampleAspect } {
  const orderBits = reader.unsigned() + 4;
  const perLayer = reader.bit() === 1;
  for (let layer = perLayer ? 0 : subLayers; layer <= subLayers; layer++)
    for (let field = 0; field < 3; field++) reader.unsigned();
  for (let field = 0; field < 6; field++) reader.unsigned();
  if (reader.bit() === 1 && reader.bit() === 1) skipH265ScalingLists(reader);
  reader.skip(2);
  if (reader.bit() === 1) {
    reader.skip(8);
    reader.unsigned();
    reader.unsigned();
    reader.skip(1);
  }
  const referenceSets = reader.unsigned();
  if (referenceSets > mostReferenceSets) throw new RangeError('too many sets of references');
  for (let index = 0, previous = 0; index < referenceSets; index++)
    previous = skipReferenceSet(reader, index, previous);
  if (reader.bit() === 1)
    for (let left = reader.unsigned(); left > 0; left--) {
      reader.bits(orderBits);
      reader.skip(1);
    }
  reader.skip(2);
  return reader.bit() === 0 ? {} : sampleAspectOf(reader);
}

/** Two ids of at most 255 take 34 bits; emulation prevention may add a byte or two. */
const idBytes = 8;

const headerBytesOf = (codec: VideoCodec): number => (codec === 'h264' ? 1 : 2);
const idReader = (codec: VideoCodec, nal: Buffer): BitReader =>
  new BitReader(rawPayload(nal.subarray(headerBytesOf(codec), headerBytesOf(codec) + idBytes)));

/** ITU-T H.264 7.3.2.2, H.265 7.3.2.3: a picture parameter set's id and whose it is. @throws IngestFailure bad_answer */
export function pictureSetIds(codec: VideoCodec, nal: Buffer): { id: number; sequenceSetId: number } {
  const reader = idReader(codec, nal);
  return { id: reader.unsigned(), sequenceSetId: reader.unsigned() };
}

/** ITU-T H.264 7.3.2.1.1, H.265 7.3.2.2.1. @throws IngestFailure bad_answer */
export function sequenceSetId(codec: VideoCodec, nal: Buffer): number {
  if (codec === 'h264') {
    const reader = new BitReader(rawPayload(nal.subarray(4, 4 + idBytes)));
    return reader.unsigned();
  }
  const reader = new BitReader(rawPayload(nal.subarray(2)));
  reader.skip(4);
  const subLayers = reader.bits(3);
  reader.skip(1 + 96);
  const present: [number, number][] = [];
  for (let layer = 0; layer < subLayers; layer++) present.push([reader.bit(), reader.bit()]);
  if (subLayers > 0) reader.skip((8 - subLayers) * 2);
  for (const [profile, level] of present) reader.skip(profile * 88 + level * 8);
  return reader.unsigned();
}

/** Which picture parameter set a slice uses: H.264 7.3.3, H.265 7.3.6.1. @throws IngestFailure bad_answer */
export function pictureSetOfSlice(codec: VideoCodec, nal: Buffer): number {
  const reader = new BitReader(rawPayload(nal.subarray(headerBytesOf(codec), headerBytesOf(codec) + 2 * idBytes)));
  if (codec === 'h264') {
    reader.unsigned();
    reader.unsigned();
    return reader.unsigned();
  }
  const type = (nal[0]! >> 1) & 63;
  reader.skip(type >= 16 && type <= 23 ? 2 : 1);
  return reader.unsigned();
}
