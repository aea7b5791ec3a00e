// Writes the init segment and the fragments of one video track (ISO/IEC 14496-12 8.2 to 8.8, 14496-15 5.3.3, 8.3.3),
// with a track of sound beside it where the camera's sound is recorded.
import type { InitSegment } from '../../../lib/fragment.js';
import { parseInitSegment } from '../../../lib/isobmff/init-segment.js';
import type { SetsInUse } from './parameter-sets.js';
import { parseH264Sps, parseH265Sps, saysSampleFormat, type PictureSize } from './sequence-parameters.js';
import {
  audioTraf,
  audioTrafLength,
  audioTrackBoxes,
  type AudioRun,
  type SoundFormat,
} from '../../../lib/isobmff/sound-track.js';
import type { VideoCodec } from './video-codec.js';

/** Of RTP video (RFC 6184 5.1, RFC 7798 4.1). */
export const timescale = 90_000;
const trackId = 1;

function u8(...values: number[]): Buffer {
  return Buffer.from(values);
}
function u16(value: number): Buffer {
  return u8((value >> 8) & 255, value & 255);
}
function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value >>> 0);
  return buffer;
}
function box(type: string, ...parts: Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 8);
  return Buffer.concat([u32(length), Buffer.from(type, 'latin1'), ...parts], length);
}
function fullBox(type: string, version: number, flags: number, ...parts: Buffer[]): Buffer {
  return box(type, u32((version << 24) | flags), ...parts);
}
const zeros = (length: number): Buffer => Buffer.alloc(length);
const sized = (nal: Buffer): Buffer => Buffer.concat([u16(nal.length), nal]);

/** The format of the samples, which a High profile's record ends with (ISO/IEC 14496-15 5.3.3.1.2). */
function sampleFormat(sps: Buffer): Buffer {
  if (!saysSampleFormat(sps[1]!)) return zeros(0);
  const { chroma, bitDepthLuma, bitDepthChroma } = parseH264Sps(sps);
  return u8(0xfc | chroma, 0xf8 | (bitDepthLuma - 8), 0xf8 | (bitDepthChroma - 8), 0);
}

function avcC({ sps, pps }: SetsInUse): Buffer {
  const first = sps[0]!;
  return box(
    'avcC',
    u8(1, first[1] ?? 0, first[2] ?? 0, first[3] ?? 0, 0xff, 0xe0 | sps.length),
    ...sps.map(sized),
    u8(pps.length),
    ...pps.map(sized),
    sampleFormat(first),
  );
}

/** `complete`: there are no parameter sets in the samples. */
function hvcC({ vps, sps, pps }: SetsInUse, complete: boolean): Buffer {
  const facts = parseH265Sps(sps[0]!);
  const array = (type: number, nals: readonly Buffer[]) => [
    u8((complete ? 0x80 : 0) | type),
    u16(nals.length),
    ...nals.map(sized),
  ];
  return box(
    'hvcC',
    u8(1),
    facts.profileTierLevel,
    u8(0xf0, 0, 0xfc, 0xfc | facts.chroma, 0xf8 | (facts.bitDepthLuma - 8), 0xf8 | (facts.bitDepthChroma - 8), 0, 0),
    u8((facts.temporalLayers << 3) | (facts.temporalNesting << 2) | 3, 3),
    ...array(32, vps),
    ...array(33, sps),
    ...array(34, pps),
  );
}

const unityMatrix = Buffer.concat([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32));

/** ISO/IEC 14496-15: parameter sets in the sample entry only, or in the samples too. */
const entryNames = {
  h264: { outOfBand: 'avc1', inBand: 'avc3' },
  h265: { outOfBand: 'hvc1', inBand: 'hev1' },
} as const;

function sampleEntry({ codec, sets, inBand = false }: VideoTrackFacts, size: PictureSize): Buffer {
  const { sampleAspect } = size;
  return box(
    entryNames[codec][inBand ? 'inBand' : 'outOfBand'],
    zeros(6),
    u16(1),
    zeros(16),
    u16(size.width),
    u16(size.height),
    u32(0x480000),
    u32(0x480000),
    zeros(4),
    u16(1),
    zeros(32),
    u16(24),
    u16(0xffff),
    codec === 'h264' ? avcC(sets) : hvcC(sets, !inBand),
    ...(sampleAspect === undefined ? [] : [box('pasp', u32(sampleAspect.width), u32(sampleAspect.height))]),
  );
}

export interface VideoTrackFacts {
  readonly codec: VideoCodec;
  readonly sets: SetsInUse;
  /** The samples hold parameter sets too, which may differ from these. */
  readonly inBand?: boolean;
  /** Fragments begin at recovery points too (`beginsAtRecoveryPoints` reads it). */
  readonly recoveryPoints?: boolean;
}

/** A description of open random access points whose leading samples are not counted (14496-12 8.9.3, 10.4.2). */
const randomAccessDescription = fullBox('sgpd', 1, 0, Buffer.from('rap ', 'latin1'), u32(1), u32(1), u8(0));

/** Pixels wide on a screen (tkhd, 14496-12 8.3.2), 16.16. */
const shownWidth = ({ width, sampleAspect }: PictureSize): number =>
  Math.min(0xffffffff, Math.round(width * 65536 * (sampleAspect ? sampleAspect.width / sampleAspect.height : 1)));

/** The init segment of a track. @throws IngestFailure bad_answer when its parameters are damaged */
export function buildInitSegment(track: VideoTrackFacts, audio?: SoundFormat): InitSegment {
  const { codec, sets, inBand = false } = track;
  const size = codec === 'h264' ? parseH264Sps(sets.sps[0]!) : parseH265Sps(sets.sps[0]!);
  // `avc1` says what a reader of AVC must know; H.265 has no brand of its own.
  const brands = ['iso6', 'iso6', 'mp41', ...(codec === 'h264' && !inBand ? ['avc1'] : [])].map((brand) =>
    Buffer.from(brand, 'latin1'),
  );
  const ftyp = box('ftyp', brands[0]!, u32(0), ...brands.slice(1));
  const emptyTable = (type: string) => fullBox(type, 0, 0, u32(0));
  const stbl = box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), sampleEntry(track, size)),
    emptyTable('stts'),
    emptyTable('stsc'),
    fullBox('stsz', 0, 0, u32(0), u32(0)),
    emptyTable('stco'),
    ...(track.recoveryPoints === true ? [randomAccessDescription] : []),
  );
  const dinf = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)));
  const minf = box('minf', fullBox('vmhd', 0, 1, zeros(8)), dinf, stbl);
  const mdhd = fullBox('mdhd', 0, 0, zeros(8), u32(timescale), u32(0), u16(0x55c4), u16(0));
  const hdlr = fullBox(
    'hdlr',
    0,
    0,
    u32(0),
    Buffer.from('vide', 'latin1'),
    zeros(12),
    Buffer.from('Video\0', 'latin1'),
  );
  const tkhd = fullBox(
    'tkhd',
    0,
    3,
    zeros(8),
    u32(trackId),
    zeros(8),
    zeros(16),
    unityMatrix,
    u32(shownWidth(size)),
    u32(size.height * 65536),
  );
  const mvhd = fullBox(
    'mvhd',
    0,
    0,
    zeros(8),
    u32(1000),
    u32(0),
    u32(0x10000),
    u16(0x100),
    zeros(10),
    unityMatrix,
    zeros(24),
    u32(audio === undefined ? trackId + 1 : trackId + 2),
  );
  const trex = fullBox('trex', 0, 0, u32(trackId), u32(1), u32(0), u32(0), u32(0));
  const video = box('trak', tkhd, box('mdia', mdhd, hdlr, minf));
  const sound = audio === undefined ? undefined : audioTrackBoxes(audio);
  const moov =
    sound === undefined
      ? box('moov', mvhd, video, box('mvex', trex))
      : box('moov', mvhd, video, sound.trak, box('mvex', trex, sound.trex));
  return parseInitSegment(Buffer.concat([ftyp, moov]));
}

export interface SampleFacts {
  readonly byteLength: number;
  readonly isKey: boolean;
  /** Ticks. */
  readonly duration: number;
  /** Presentation minus decode time, ticks; may be negative. */
  readonly compositionOffset: number;
  /**
   * Of the first one, where decoding can begin with it and takes so many more until what is shown is right: a gradual
   * refresh, told by a sample group of type `roll` (14496-12 10.1).
   */
  readonly recoveryPictures?: number;
}

const keyFlags = 0x02000000;
const otherFlags = 0x01010000;

const boxType = (name: string): number => Buffer.from(name, 'latin1').readUInt32BE(0);
const boxTypes = {
  moof: boxType('moof'),
  mfhd: boxType('mfhd'),
  traf: boxType('traf'),
  tfhd: boxType('tfhd'),
  tfdt: boxType('tfdt'),
  trun: boxType('trun'),
  mdat: boxType('mdat'),
  sgpd: boxType('sgpd'),
  sbgp: boxType('sbgp'),
  roll: boxType('roll'),
};

const soundBytesOf = (audio: AudioRun | undefined): number =>
  audio === undefined ? 0 : audio.samples.reduce((sum, { data }) => sum + data.length, 0);

const rollDistanceOf = (samples: readonly SampleFacts[]): number => samples[0]?.recoveryPictures ?? 0;
/** sgpd 26 and sbgp 20 with a row or two of 8. */
const rollBytes = (samples: readonly SampleFacts[]): number =>
  rollDistanceOf(samples) === 0 ? 0 : 46 + 8 * Math.min(2, samples.length);

/** Of moof and mdat's header: mfhd 16, tfhd 16, tfdt 20, trun 20 + rows, traf 8, moof 8, mdat 8. */
const headersBytes = (samples: readonly SampleFacts[], audio: AudioRun | undefined): number =>
  96 + samples.length * 16 + rollBytes(samples) + (audio === undefined ? 0 : audioTrafLength(audio));

/** Of what stands before the pictures of a fragment, which `writeFragmentHead` writes. */
export const fragmentHeadBytes = (samples: readonly SampleFacts[], audio?: AudioRun): number =>
  headersBytes(samples, audio) + soundBytesOf(audio);

/**
 * Writes moof, mdat's header and the sound to the beginning of `out`; behind that stand the pictures, NAL units with
 * 4-byte lengths. The sound's track fragment stands behind the video's, its data before the video's: a tail that a power
 * cut filled with zeros then always ends in video, where it is noticed.
 */
export function writeFragmentHead(
  out: Buffer,
  sequenceNumber: number,
  baseMediaDecodeTime: bigint,
  samples: readonly SampleFacts[],
  audio?: AudioRun,
): void {
  const rowBytes = samples.length * 16;
  // data-offset counts from the moof to behind the mdat header.
  const dataOffset = headersBytes(samples, audio);
  let dataBytes = soundBytesOf(audio);
  let at = 0;
  const put = (value: number) => void (at = out.writeUInt32BE(value >>> 0, at));
  const begin = (type: number, byteLength: number) => {
    put(byteLength);
    put(type);
  };
  begin(boxTypes.moof, dataOffset - 8);
  begin(boxTypes.mfhd, 16);
  put(0);
  put(sequenceNumber);
  begin(boxTypes.traf, 64 + rowBytes + rollBytes(samples));
  begin(boxTypes.tfhd, 16);
  put(0x20000);
  put(trackId);
  begin(boxTypes.tfdt, 20);
  put(0x1000000);
  at = out.writeBigUInt64BE(baseMediaDecodeTime, at);
  begin(boxTypes.trun, 20 + rowBytes);
  put(0x1000f01);
  put(samples.length);
  put(dataOffset + dataBytes);
  for (const sample of samples) {
    dataBytes += sample.byteLength;
    put(sample.duration);
    put(sample.byteLength);
    put(sample.isKey ? keyFlags : otherFlags);
    at = out.writeInt32BE(sample.compositionOffset, at);
  }
  const rollDistance = rollDistanceOf(samples);
  if (rollDistance > 0) {
    // One description in this fragment, of which the first sample is (8.9.2, 8.9.3).
    begin(boxTypes.sgpd, 26);
    put(0x1000000);
    put(boxTypes.roll);
    put(2);
    put(1);
    at = out.writeInt16BE(rollDistance, at);
    const rows = Math.min(2, samples.length);
    begin(boxTypes.sbgp, 20 + 8 * rows);
    put(0);
    put(boxTypes.roll);
    put(rows);
    put(1);
    put(0x10001);
    if (rows === 2) {
      put(samples.length - 1);
      put(0);
    }
  }
  if (audio !== undefined) at += audioTraf(audio, dataOffset).copy(out, at);
  begin(boxTypes.mdat, 8 + dataBytes);
  if (audio !== undefined) for (const { data } of audio.samples) at += data.copy(out, at);
}

/** moof+mdat of its own, of a stretch of pictures. */
export function buildFragment(
  sequenceNumber: number,
  baseMediaDecodeTime: bigint,
  samples: readonly SampleFacts[],
  pictures: Buffer,
): Buffer {
  const headBytes = fragmentHeadBytes(samples);
  const out = Buffer.allocUnsafe(headBytes + pictures.length);
  writeFragmentHead(out, sequenceNumber, baseMediaDecodeTime, samples);
  pictures.copy(out, headBytes);
  return out;
}
