// Finds fragments in a footage file by its boxes alone: for files whose index is missing, damaged or behind.
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { badMp4, iterateBoxes } from '../../lib/isobmff/boxes.js';
import { isG711, parseInitSegment } from '../../lib/isobmff/init-segment.js';
import {
  parseMoof,
  parseTrackDefaults,
  parseTrackFragment,
  type FragmentSample,
  type SampleDefaults,
} from '../../lib/isobmff/moof.js';
import type { InitSegment } from '../../lib/fragment.js';
import type { IndexRecord } from './index-file.js';
import { decodeTimeBox, timeBoxBytes, timeBoxHead } from './time-box.js';

/** A moof and its mdat are never larger; guards against lengths that a damaged file makes up. */
export const maxFragmentBytes = 64 * 1024 * 1024;
/** ftyp and moov without samples need a few hundred bytes. */
export const maxInitBytes = 1024 * 1024;

interface Header {
  type: string;
  size: number;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer | undefined> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return bytesRead === length ? buffer : undefined;
}

async function headerAt(file: FileHandle, position: number, fileBytes: number): Promise<Header | undefined> {
  const bytes = await readAt(file, position, 8);
  if (bytes === undefined) return undefined;
  const size = bytes.readUInt32BE(0);
  if (size < 8 || size > maxFragmentBytes || position + size > fileBytes) return undefined;
  return { type: bytes.toString('latin1', 4, 8), size };
}

/** The init segment at the start of the file. @throws AppError invalid bad_mp4 */
export async function readInitSegment(file: FileHandle, fileBytes: number): Promise<InitSegment> {
  let position = 0;
  for (;;) {
    const header = await headerAt(file, position, fileBytes);
    if (header === undefined || !['ftyp', 'moov', 'free'].includes(header.type)) throw badMp4('no init segment');
    position += header.size;
    if (position > maxInitBytes) throw badMp4('the init segment is too long');
    if (header.type === 'moov') break;
  }
  const bytes = await readAt(file, 0, position);
  if (bytes === undefined) throw badMp4('no init segment');
  return parseInitSegment(bytes);
}

/** Every sample must be filled exactly by its length-prefixed NAL units: zeros are none. */
function assertNalUnits(bytes: Buffer, samples: readonly FragmentSample[]): void {
  for (const { offset, size } of samples) {
    let at = offset;
    const end = offset + size;
    while (at < end) {
      const length = at + 4 <= end ? bytes.readUInt32BE(at) : 0;
      if (length === 0 || at + 4 + length > end) throw badMp4('a sample is not made of NAL units');
      at += 4 + length;
    }
  }
}

const jpegCodec = 'mp4v.6C';

/** Every sample is a picture from SOI to EOI (ISO/IEC 10918-1 B.1.1.3). */
function assertJpegs(bytes: Buffer, samples: readonly FragmentSample[]): void {
  for (const { offset, size } of samples)
    if (size < 4 || bytes.readUInt16BE(offset) !== 0xffd8 || bytes.readUInt16BE(offset + size - 2) !== 0xffd9)
      throw badMp4('a sample is not a JPEG picture');
}

/** No picture and no AAC holds so many zeros: a page that never reached the disk does. */
const lostPage = Buffer.alloc(512);

/** @throws AppError invalid bad_mp4 where the disk may not have had all of the fragment when the power went */
function assertWritten(bytes: Buffer, samples: readonly FragmentSample[], init: InitSegment): void {
  const { codec } = init;
  if (/^(avc|hvc|hev)/.test(codec)) assertNalUnits(bytes, samples);
  if (codec === jpegCodec) assertJpegs(bytes, samples);
  const [start, end] = g711Range(bytes, init);
  if (bytes.subarray(0, start).includes(lostPage) || bytes.subarray(end).includes(lostPage))
    throw badMp4('a page of zeros');
}

/**
 * Where the G.711 of a fragment lies; nowhere: at its end. Its bytes may be anything, also nothing but zeros, as a camera
 * without a microphone may send them: the picture beside them is not given up for that.
 */
function g711Range(bytes: Buffer, { audio, bytes: init }: InitSegment): [start: number, end: number] {
  const sound =
    audio !== undefined && isG711(audio.codec)
      ? parseTrackFragment(bytes, parseTrackDefaults(init, audio.trackId))?.samples
      : undefined;
  const last = sound?.at(-1);
  return sound?.[0] === undefined || last === undefined
    ? [bytes.length, bytes.length]
    : [sound[0].offset, last.offset + last.size];
}

/** Reads one fragment, by its boxes alone unless it `mayBeTorn`. @throws AppError invalid bad_mp4 */
export function describeFragment(
  bytes: Buffer,
  init: InitSegment,
  defaults: SampleDefaults,
  mayBeTorn = false,
): Omit<IndexRecord, 'offset' | 'startAtMs' | 'timeSource'> {
  const moof = parseMoof(bytes, defaults);
  if (moof.samples.length === 0) throw badMp4('a fragment without samples');
  if (mayBeTorn) assertWritten(bytes, moof.samples, init);
  const ticks = moof.samples.reduce((sum, sample) => sum + sample.duration, 0);
  return {
    byteLength: bytes.length,
    sampleCount: moof.samples.length,
    durationMs: (ticks * 1000) / init.timescale,
    baseMediaDecodeTime: moof.baseMediaDecodeTime,
    independent: moof.samples[0]!.isSync,
    sha256: createHash('sha256').update(bytes).digest(),
  };
}

export interface FragmentScan {
  readonly file: FileHandle;
  readonly fileBytes: number;
  readonly init: InitSegment;
  /** The record before, or the instant at which the file starts, for fragments that carry no time of their own. */
  readonly fallback: { readonly startAtMs: number; readonly baseMediaDecodeTime: bigint };
  /** The disk may not have had all when the power went: pictures are looked at too, not only boxes. */
  readonly mayBeTorn: boolean;
}

/** The whole fragment at `position`, behind its time box; undefined when there is none. */
async function readFragment(
  { file, fileBytes, init, fallback, mayBeTorn }: FragmentScan,
  defaults: SampleDefaults,
  position: number,
): Promise<IndexRecord | undefined> {
  let header = await headerAt(file, position, fileBytes);
  let time: ReturnType<typeof decodeTimeBox>;
  if (header?.type === 'prft') {
    const box = header.size === timeBoxBytes ? await readAt(file, position, header.size) : undefined;
    time = box === undefined ? undefined : decodeTimeBox(box);
    position += header.size;
    header = await headerAt(file, position, fileBytes);
  }
  if (header?.type !== 'moof') return undefined;
  const data = await headerAt(file, position + header.size, fileBytes);
  if (data?.type !== 'mdat' || header.size + data.size > maxFragmentBytes) return undefined;
  const bytes = await readAt(file, position, header.size + data.size);
  if (bytes === undefined) return undefined;
  // Some cameras end their NAL units with zeros. What a lost page zeroes, it zeroes to beyond the next box.
  const next = position + bytes.length;
  if (mayBeTorn && bytes.at(-1) === 0 && (await headerAt(file, next, fileBytes)) === undefined) return undefined;
  try {
    for (const box of iterateBoxes(bytes)) void box;
    const found = describeFragment(bytes, init, defaults, mayBeTorn);
    const sinceKnownTicks = Number(found.baseMediaDecodeTime - fallback.baseMediaDecodeTime);
    const startAtMs = time?.startAtMs ?? fallback.startAtMs + (sinceKnownTicks * 1000) / init.timescale;
    return { ...found, offset: position, startAtMs, timeSource: time?.timeSource ?? 'arrival' };
  } catch {
    return undefined; // damaged: what lies before and behind it is what can be had
  }
}

const searchBytes = 1024 * 1024;

/** Where the next time box begins, from `position` on. */
export async function nextTimeBox(file: FileHandle, position: number): Promise<number | undefined> {
  const block = Buffer.allocUnsafe(searchBytes);
  for (let at = position; ; at += block.length - timeBoxHead.length + 1) {
    const { bytesRead } = await file.read(block, 0, block.length, at);
    const found = block.subarray(0, bytesRead).indexOf(timeBoxHead);
    if (found >= 0) return at + found;
    if (bytesRead < block.length) return undefined;
  }
}

/** The whole fragments from `position` on, in order of place; what is damaged between them is passed over. */
export async function scanFragments(scan: FragmentScan, position: number): Promise<IndexRecord[]> {
  const { file, init } = scan;
  const defaults = parseTrackDefaults(init.bytes, init.trackId);
  const records: IndexRecord[] = [];
  for (;;) {
    const record = await readFragment(scan, defaults, position);
    if (record !== undefined) {
      records.push(record);
      position = record.offset + record.byteLength;
      continue;
    }
    const next = await nextTimeBox(file, position + 1);
    if (next === undefined) return records;
    position = next;
  }
}
