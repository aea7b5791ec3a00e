// What the recorder must know of parameter sets: which replaces which, of the sequence's the picture size, and for H.265
// what its decoder record repeats.
import { BitReader, rawPayload } from './bit-reader.js';
import type { VideoCodec } from './video-codec.js';

export interface PictureSize {
  readonly width: number;
  readonly height: number;
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

/** ITU-T H.264 7.3.2.1.1. @throws IngestFailure bad_answer */
export function parseH264Sps(nal: Buffer): PictureSize {
  const reader = new BitReader(rawPayload(nal.subarray(1)));
  const profile = reader.bits(8);
  reader.skip(16);
  reader.unsigned();
  let chroma = 1;
  if (highProfiles.has(profile)) {
    chroma = reader.unsigned();
    if (chroma === 3) reader.skip(1);
    reader.unsigned();
    reader.unsigned();
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
  };
}

export interface H265Sps extends PictureSize {
  /** profile_tier_level: 12 bytes as the decoder record wants them. */
  readonly profileTierLevel: Buffer;
  readonly chroma: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
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
  };
}

/** An id of at most 255 takes 17 bits. */
const idBytes = 4;

/** ITU-T H.264 7.3.2.2, H.265 7.3.2.3: pps_pic_parameter_set_id. @throws IngestFailure bad_answer */
export function pictureSetId(codec: VideoCodec, nal: Buffer): number {
  const headerBytes = codec === 'h264' ? 1 : 2;
  return new BitReader(rawPayload(nal.subarray(headerBytes, headerBytes + idBytes))).unsigned();
}
