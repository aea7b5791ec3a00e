// Reads a movie fragment (ISO/IEC 14496-12 8.8): where its samples lie, when they are shown, which are keyframes.
import { badMp4, boxesIn, findBox, findIn, iterateBoxes, nameAt, payloadOf, type Box } from './boxes.js';

export interface FragmentSample {
  /** Into the bytes that were parsed (moof+mdat). */
  readonly offset: number;
  readonly size: number;
  /** Ticks of the media timescale. */
  readonly duration: number;
  /** Presentation minus decode time, ticks; may be negative with trun version 1. */
  readonly compositionOffset: number;
  /** sample_flags, 8.8.3.1. */
  readonly flags: number;
  /** Not marked sample_is_non_sync_sample. */
  readonly isSync: boolean;
}

export interface ParsedMoof {
  readonly sequenceNumber: number;
  readonly trackId: number;
  /** tfdt, ticks. */
  readonly baseMediaDecodeTime: bigint;
  readonly samples: FragmentSample[];
  /** Of the first sample: so many more until what is shown is right, for who begins to decode there (10.1 `roll`). */
  readonly recoveryPictures: number;
  /** Where the names of the boxes of other tracks' fragments lie, into the bytes that were parsed; see hidden-tracks.ts. */
  readonly otherTracksAt: readonly number[];
}

/** Defaults of a track for samples whose fragment states nothing (trex, 8.8.3). */
export interface SampleDefaults {
  /** Whose they are; the track fragment that is read. Without it the first one is. */
  readonly trackId?: number;
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

const noDefaults: SampleDefaults = { duration: 0, size: 0, flags: 0 };
const nonSync = 0x10000;
/** Far beyond two seconds of any camera; guards against a count that a damaged file makes up. */
const maxSamples = 20_000;

/** The defaults that moov/mvex/trex of an init segment states for a track. @throws AppError invalid bad_mp4 */
export function parseTrackDefaults(initBytes: Buffer, trackId: number): SampleDefaults {
  const mvex = findBox(initBytes, 'moov', 'mvex');
  if (mvex === undefined) return { ...noDefaults, trackId };
  for (const box of boxesIn(initBytes, mvex)) {
    if (box.type !== 'trex') continue;
    const payload = payloadOf(initBytes, box, 24);
    if (payload.readUInt32BE(4) !== trackId) continue;
    return {
      trackId,
      duration: payload.readUInt32BE(12),
      size: payload.readUInt32BE(16),
      flags: payload.readUInt32BE(20),
    };
  }
  return { ...noDefaults, trackId };
}

class Reader {
  position = 0;
  constructor(private readonly payload: Buffer) {}
  private take(length: number): number {
    const at = this.position;
    if (at + length > this.payload.length) throw badMp4('a fragment header ends early');
    this.position += length;
    return at;
  }
  u32(): number {
    return this.payload.readUInt32BE(this.take(4));
  }
  i32(): number {
    return this.payload.readInt32BE(this.take(4));
  }
  u64(): bigint {
    return this.payload.readBigUInt64BE(this.take(8));
  }
}

interface TrackHeader extends SampleDefaults {
  readonly trackId: number;
  dataOrigin: number;
}

/** tfhd, 8.8.7. Without base-data-offset a track's data counts from its moof (the only form that can be moved about). */
function readTrackHeader(bytes: Buffer, moof: Box, traf: Box, defaults: SampleDefaults): TrackHeader {
  const tfhd = findIn(bytes, traf, ['tfhd']);
  if (tfhd === undefined) throw badMp4('track fragment without header');
  const reader = new Reader(payloadOf(bytes, tfhd, 8));
  const flags = reader.u32() & 0xffffff;
  const trackId = reader.u32();
  if (flags & 0x1) throw badMp4('fragment with an absolute data offset');
  if (flags & 0x2) reader.u32();
  return {
    trackId,
    dataOrigin: moof.start,
    duration: flags & 0x8 ? reader.u32() : defaults.duration,
    size: flags & 0x10 ? reader.u32() : defaults.size,
    flags: flags & 0x20 ? reader.u32() : defaults.flags,
  };
}

function readDecodeTime(bytes: Buffer, traf: Box): bigint {
  const tfdt = findIn(bytes, traf, ['tfdt']);
  if (tfdt === undefined) throw badMp4('track fragment without decode time');
  const reader = new Reader(payloadOf(bytes, tfdt, 8));
  const version = reader.u32() >>> 24;
  return version === 1 ? reader.u64() : BigInt(reader.u32());
}

/** trun, 8.8.8. Returns where the next run's data begins. */
function readRun(
  bytes: Buffer,
  trun: Box,
  header: TrackHeader,
  dataStart: number | undefined,
  fragmentByteLength: number,
  into: FragmentSample[],
): number {
  const reader = new Reader(payloadOf(bytes, trun, 8));
  const versionAndFlags = reader.u32();
  const version = versionAndFlags >>> 24;
  const runFlags = versionAndFlags & 0xffffff;
  const count = reader.u32();
  if (into.length + count > maxSamples) throw badMp4('fragment with too many samples');
  let offset = runFlags & 0x1 ? header.dataOrigin + reader.i32() : dataStart;
  if (offset === undefined) throw badMp4('track run without data offset');
  const firstFlags = runFlags & 0x4 ? reader.u32() : undefined;
  for (let index = 0; index < count; index++) {
    const duration = runFlags & 0x100 ? reader.u32() : header.duration;
    const size = runFlags & 0x200 ? reader.u32() : header.size;
    const ownFlags = runFlags & 0x400 ? reader.u32() : header.flags;
    const compositionOffset = runFlags & 0x800 ? (version === 0 ? reader.u32() : reader.i32()) : 0;
    const flags = index === 0 && firstFlags !== undefined ? firstFlags : ownFlags;
    if (offset < 0 || offset + size > fragmentByteLength) throw badMp4('sample outside of the fragment');
    into.push({ offset, size, duration, compositionOffset, flags, isSync: (flags & nonSync) === 0 });
    offset += size;
  }
  return offset;
}

/** The one roll_distance that a fragment describes (sgpd, 8.9.3), which is its first sample's; 0 without. */
function rollDistance(bytes: Buffer, traf: Box): number {
  const sgpd = findIn(bytes, traf, ['sgpd']);
  if (sgpd === undefined || sgpd.end - sgpd.start < 26) return 0;
  const payload = payloadOf(bytes, sgpd, 18);
  return payload.toString('latin1', 4, 8) === 'roll' ? Math.max(0, payload.readInt16BE(16)) : 0;
}

/** The track fragment of `trackId`, the first one where it is undefined. */
function findTrack(bytes: Buffer, moof: Box, trackId: number | undefined): Box | undefined {
  for (const box of boxesIn(bytes, moof)) {
    if (box.type !== 'traf') continue;
    if (trackId === undefined) return box;
    const tfhd = findIn(bytes, box, ['tfhd']);
    if (tfhd !== undefined && payloadOf(bytes, tfhd, 8).readUInt32BE(4) === trackId) return box;
  }
  return undefined;
}

/**
 * Parses what one fragment holds of the track that `defaults` name: undefined when it is nothing. See parseMoof.
 * @throws AppError invalid bad_mp4
 */
export function parseTrackFragment(
  bytes: Buffer,
  defaults: SampleDefaults = noDefaults,
  fragmentByteLength = bytes.length,
): ParsedMoof | undefined {
  let moof: Box | undefined;
  for (const box of iterateBoxes(bytes)) if (box.type === 'moof') moof ??= box;
  if (moof === undefined) throw badMp4('no moof');
  const mfhd = findIn(bytes, moof, ['mfhd']);
  if (mfhd === undefined) throw badMp4('fragment without header');
  const traf = findTrack(bytes, moof, defaults.trackId);
  if (traf === undefined) return undefined;
  const header = readTrackHeader(bytes, moof, traf, defaults);
  const samples: FragmentSample[] = [];
  let dataStart: number | undefined;
  for (const box of boxesIn(bytes, traf))
    if (box.type === 'trun') dataStart = readRun(bytes, box, header, dataStart, fragmentByteLength, samples);
  return {
    sequenceNumber: payloadOf(bytes, mfhd, 8).readUInt32BE(4),
    trackId: header.trackId,
    baseMediaDecodeTime: readDecodeTime(bytes, traf),
    samples,
    recoveryPictures: rollDistance(bytes, traf),
    otherTracksAt: [...boxesIn(bytes, moof)]
      .filter((box) => box.type === 'traf' && box.start !== traf.start)
      .map((box) => nameAt(box)),
  };
}

/**
 * Parses the part of a fragment that is the track `defaults` name (those of trex where tfhd does not state its own);
 * other tracks are passed over. `bytes` is moof+mdat (boxes before and between are allowed); with `fragmentByteLength`
 * (of moof+mdat) it may be the moof alone. @throws AppError invalid bad_mp4, also when the track is not in it
 */
export function parseMoof(bytes: Buffer, defaults?: SampleDefaults, fragmentByteLength?: number): ParsedMoof {
  const track = parseTrackFragment(bytes, defaults, fragmentByteLength);
  if (track === undefined) throw badMp4('fragment without track');
  return track;
}
