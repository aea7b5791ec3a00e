// Reads an initialisation segment (ftyp+moov, ISO/IEC 14496-12 8.2): which codec, how large, which clock.
import { createHash } from 'node:crypto';
import type { AudioTrack, InitSegment } from '../fragment.js';
import { badMp4, boxesIn, findBox, findIn, payloadOf, type Box } from './boxes.js';

const hex2 = (value: number): string => value.toString(16).padStart(2, '0');

/** A full box (4.2) carries version and flags in its first four bytes. */
function timescaleOf(bytes: Buffer, mdhd: Box): number {
  const payload = payloadOf(bytes, mdhd, 24);
  const version = payload.readUInt8(0);
  if (version === 1) payloadOf(bytes, mdhd, 36);
  const timescale = payload.readUInt32BE(version === 1 ? 20 : 12);
  if (timescale === 0) throw badMp4('media timescale is zero');
  return timescale;
}

/** RFC 6381 3.3: profile, constraints and level of the AVCDecoderConfigurationRecord. */
function avcCodec(sampleEntry: string, avcC: Buffer): string {
  return `${sampleEntry}.${hex2(avcC.readUInt8(1))}${hex2(avcC.readUInt8(2))}${hex2(avcC.readUInt8(3))}`;
}

/** ISO/IEC 14496-15 annex E.3, of the HEVCDecoderConfigurationRecord (8.3.3.1). */
function hevcCodec(sampleEntry: string, hvcC: Buffer): string {
  const space = ['', 'A', 'B', 'C'][hvcC.readUInt8(1) >> 6] ?? '';
  const tier = (hvcC.readUInt8(1) >> 5) & 1 ? 'H' : 'L';
  const profile = hvcC.readUInt8(1) & 31;
  let compatibility = hvcC.readUInt32BE(2);
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) {
    reversed = ((reversed << 1) | (compatibility & 1)) >>> 0;
    compatibility >>>= 1;
  }
  const constraints = [...hvcC.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const tail = constraints.map((byte) => `.${byte.toString(16).toUpperCase()}`).join('');
  return `${sampleEntry}.${space}${profile}.${reversed.toString(16).toUpperCase()}.${tier}${hvcC.readUInt8(12)}${tail}`;
}

/** Length of an expandable class (ISO/IEC 14496-1 8.3.3) and where its content begins. */
function descriptorAt(bytes: Buffer, at: number): { start: number; end: number } {
  let length = 0;
  let place = at + 1;
  for (let count = 0; count < 4; count++) {
    const byte = bytes[place++];
    if (byte === undefined) throw badMp4('esds ends early');
    length = length * 128 + (byte & 127);
    if (byte < 128) break;
  }
  return { start: place, end: Math.min(bytes.length, place + length) };
}

/**
 * Object type of an ES descriptor (14496-1 7.2.6.5, 7.2.6.6) and, of MPEG-4 Visual, profile and level (RFC 6381 3.3):
 * `mp4v.20.9`, `mp4v.6C` for JPEG.
 */
function mpeg4Codec(sampleEntry: string, esds: Buffer): string {
  const stream = descriptorAt(esds, 4);
  const flags = esds[stream.start + 2] ?? 0;
  let at = stream.start + 3 + (flags & 0x80 ? 2 : 0) + (flags & 0x20 ? 2 : 0);
  if (flags & 0x40) at += 1 + (esds[at] ?? 0);
  if (esds[at] !== 4) throw badMp4('esds without decoder configuration');
  const decoder = descriptorAt(esds, at);
  const objectType = esds[decoder.start];
  if (objectType === undefined) throw badMp4('esds ends early');
  const name = `${sampleEntry}.${hex2(objectType).toUpperCase()}`;
  if (objectType !== 0x20) return name;
  const sequence = esds.indexOf(visualSequenceStart, decoder.start);
  const profile = sequence < 0 ? undefined : esds[sequence + visualSequenceStart.length];
  return profile === undefined ? name : `${name}.${profile}`;
}
const visualSequenceStart = Buffer.from([0, 0, 1, 0xb0]);

/** The visual sample entries that can be recorded, with the box that configures their decoder. */
const configurationOf = new Map([
  ['avc1', 'avcC'],
  ['avc3', 'avcC'],
  ['hvc1', 'hvcC'],
  ['hev1', 'hvcC'],
  // MPEG-4 Visual and motion JPEG, kept as they come.
  ['mp4v', 'esds'],
]);

function codecOf(sampleEntry: string, configuration: Buffer): string {
  if (sampleEntry === 'mp4v') return mpeg4Codec(sampleEntry, configuration);
  return sampleEntry.startsWith('avc') ? avcCodec(sampleEntry, configuration) : hevcCodec(sampleEntry, configuration);
}

interface VideoTrack {
  trackId: number;
  timescale: number;
  sampleEntry: string;
  width: number;
  height: number;
  /** Payload of avcC, hvcC or esds; undefined for other codecs. */
  configuration: Buffer | undefined;
}

/** Length of the fixed part of a VisualSampleEntry behind the box header (12.1.3.2). */
const visualSampleEntryBytes = 78;

function readTrack(bytes: Buffer, trak: Box): VideoTrack | undefined {
  const hdlr = findIn(bytes, trak, ['mdia', 'hdlr']);
  if (hdlr === undefined || payloadOf(bytes, hdlr, 12).toString('latin1', 8, 12) !== 'vide') return undefined;
  const tkhd = findIn(bytes, trak, ['tkhd']);
  const mdhd = findIn(bytes, trak, ['mdia', 'mdhd']);
  const stsd = findIn(bytes, trak, ['mdia', 'minf', 'stbl', 'stsd']);
  if (tkhd === undefined || mdhd === undefined || stsd === undefined) throw badMp4('video track lacks a header');
  const tkhdPayload = payloadOf(bytes, tkhd, 24);
  const trackId = tkhdPayload.readUInt32BE(tkhdPayload.readUInt8(0) === 1 ? 20 : 12);
  const entryStart = stsd.start + stsd.headerLength + 8;
  if (entryStart >= stsd.end) throw badMp4('video track has no sample entry');
  const entry = boxesIn(bytes, { ...stsd, headerLength: stsd.headerLength + 8 }).next().value;
  if (entry === undefined) throw badMp4('video track has no sample entry');
  const payload = payloadOf(bytes, entry, visualSampleEntryBytes);
  const configurationType = configurationOf.get(entry.type);
  const configurationBox =
    configurationType === undefined
      ? undefined
      : findIn(bytes, { ...entry, headerLength: entry.headerLength + visualSampleEntryBytes }, [configurationType]);
  if (configurationType !== undefined && configurationBox === undefined)
    throw badMp4(`${entry.type} without ${configurationType}`);
  return {
    trackId,
    timescale: timescaleOf(bytes, mdhd),
    sampleEntry: entry.type,
    width: payload.readUInt16BE(24),
    height: payload.readUInt16BE(26),
    configuration:
      configurationBox === undefined
        ? undefined
        : payloadOf(bytes, configurationBox, configurationType === 'hvcC' ? 23 : 7),
  };
}

/** What the first track of which `read` can make something is. */
function firstTrack<T>(bytes: Buffer, read: (bytes: Buffer, trak: Box) => T | undefined): T | undefined {
  const moov = findBox(bytes, 'moov');
  if (moov === undefined) throw badMp4('no moov');
  for (const box of boxesIn(bytes, moov)) {
    if (box.type !== 'trak') continue;
    const track = read(bytes, box);
    if (track !== undefined) return track;
  }
  return undefined;
}

const videoTrack = (bytes: Buffer) => firstTrack(bytes, readTrack);

/** Length of the fixed part of an AudioSampleEntry behind the box header (12.2.3.2). */
const audioSampleEntryBytes = 28;
/** Bytes of an esds behind version and flags are looked through; ours has 37. */
const maxDescriptorBytes = 256;

/** AudioSpecificConfig, found by its descriptor (ISO/IEC 14496-1 7.2.6.7). */
function audioSpecificConfig(esds: Buffer): Buffer | undefined {
  let at = 4;
  while (at < Math.min(esds.length, maxDescriptorBytes)) {
    const tag = esds[at++];
    let length = 0;
    for (let byte = 0x80; byte & 0x80 && at < esds.length;) {
      byte = esds[at++] ?? 0;
      length = length * 128 + (byte & 127);
    }
    if (tag === 3) at += 3;
    else if (tag === 4) at += 13;
    else if (tag === 5 && length >= 2 && at + 2 <= esds.length) return esds.subarray(at, at + length);
    else at += length;
  }
  return undefined;
}

/** Audio object type (ISO/IEC 14496-3 1.6.2.1). */
function audioObjectType(esds: Buffer): number | undefined {
  const config = audioSpecificConfig(esds)?.readUInt16BE(0);
  if (config === undefined) return undefined;
  return config >> 11 === 31 ? 32 + ((config >> 5) & 63) : config >> 11;
}

function esdsOf(bytes: Buffer, trak: Box): Buffer | undefined {
  const stsd = findIn(bytes, trak, ['mdia', 'minf', 'stbl', 'stsd']);
  if (stsd === undefined || stsd.start + stsd.headerLength + 8 >= stsd.end) return undefined;
  const entry = boxesIn(bytes, { ...stsd, headerLength: stsd.headerLength + 8 }).next().value;
  if (entry?.type !== 'mp4a') return undefined;
  const esds = findIn(bytes, { ...entry, headerLength: entry.headerLength + audioSampleEntryBytes }, ['esds']);
  return esds === undefined ? undefined : payloadOf(bytes, esds, 4);
}

/** AudioSpecificConfig of the track of AAC, where there is one. @throws AppError invalid bad_mp4 */
export function audioConfigOf(bytes: Buffer): Buffer | undefined {
  return firstTrack(bytes, (_, trak) => {
    const esds = esdsOf(bytes, trak);
    return esds === undefined ? undefined : audioSpecificConfig(esds);
  });
}

/** The names that QuickTime gave the two laws of G.711; there is nothing else that a decoder must know. */
const g711Entries = new Set(['alaw', 'ulaw']);

/** Whether `codec` of an audio track is G.711: a byte a sample and channel, which browsers do not play. */
export const isG711 = (codec: string): codec is 'alaw' | 'ulaw' => g711Entries.has(codec);

function audioCodecOf(bytes: Buffer, trak: Box, entry: Box): string | undefined {
  if (isG711(entry.type)) return entry.type;
  const esds = esdsOf(bytes, trak);
  const objectType = esds === undefined ? undefined : audioObjectType(esds);
  return objectType === undefined ? undefined : `mp4a.40.${objectType}`;
}

/** AAC and G.711; any other track is none. */
function readAudioTrack(bytes: Buffer, trak: Box): AudioTrack | undefined {
  const stsd = findIn(bytes, trak, ['mdia', 'minf', 'stbl', 'stsd']);
  const tkhd = findIn(bytes, trak, ['tkhd']);
  const mdhd = findIn(bytes, trak, ['mdia', 'mdhd']);
  if (stsd === undefined || tkhd === undefined || mdhd === undefined) return undefined;
  if (stsd.start + stsd.headerLength + 8 >= stsd.end) return undefined;
  const entry = boxesIn(bytes, { ...stsd, headerLength: stsd.headerLength + 8 }).next().value;
  const codec = entry === undefined ? undefined : audioCodecOf(bytes, trak, entry);
  if (entry === undefined || codec === undefined) return undefined;
  const channels = payloadOf(bytes, entry, audioSampleEntryBytes).readUInt16BE(16);
  const header = payloadOf(bytes, tkhd, 24);
  const trackId = header.readUInt32BE(header.readUInt8(0) === 1 ? 20 : 12);
  return { trackId, timescale: timescaleOf(bytes, mdhd), codec, channels };
}

/** The track of sound beside the video, where there is one that is AAC or G.711. @throws AppError invalid bad_mp4 */
export function audioTrackOf(bytes: Buffer): AudioTrack | undefined {
  return firstTrack(bytes, readAudioTrack);
}

/** Whether the movie holds a video track of a codec that can be recorded. @throws AppError invalid bad_mp4 */
export function hasVideo(bytes: Buffer): boolean {
  return videoTrack(bytes)?.configuration !== undefined;
}

/** Payload of the video track's avcC, hvcC or esds (ISO/IEC 14496-15 5.3.3, 8.3.3). @throws AppError invalid bad_mp4 */
export function decoderConfiguration(bytes: Buffer): { sampleEntry: string; record: Buffer } {
  const track = videoTrack(bytes);
  if (track?.configuration === undefined) throw badMp4('no video track that can be recorded');
  return { sampleEntry: track.sampleEntry, record: track.configuration };
}

/** Reads ftyp+moov. Keeps `bytes`, does not copy. @throws AppError invalid bad_mp4 on damage or without video that can be recorded. */
export function parseInitSegment(bytes: Buffer): InitSegment {
  const track = videoTrack(bytes);
  if (track?.configuration === undefined) throw badMp4('no video track that can be recorded');
  const { sampleEntry, configuration, width, height, timescale, trackId } = track;
  const audio = audioTrackOf(bytes);
  return {
    id: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
    bytes,
    codec: codecOf(sampleEntry, configuration),
    width,
    height,
    timescale,
    trackId,
    ...(audio === undefined ? {} : { audio }),
  };
}

/** Type of the sample group that describes open random access points (ISO/IEC 14496-12 10.4). */
const randomAccessGroup = 'rap ';

/**
 * Whether decoding begins at recovery points too, and not at IDR pictures alone: the init segment then describes a sample
 * group of such. Browsers begin at IDR pictures. @throws AppError invalid bad_mp4
 */
export function beginsAtRecoveryPoints(bytes: Buffer): boolean {
  const describes = (_: Buffer, trak: Box): true | undefined => {
    const sgpd = findIn(bytes, trak, ['mdia', 'minf', 'stbl', 'sgpd']);
    return sgpd !== undefined && payloadOf(bytes, sgpd, 8).toString('latin1', 4, 8) === randomAccessGroup
      ? true
      : undefined;
  };
  return firstTrack(bytes, describes) === true;
}
