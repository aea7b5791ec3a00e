// Finds fragments in a footage file by its boxes alone: for files whose index is missing, damaged or behind.
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { badMp4, iterateBoxes } from '../../lib/isobmff/boxes.js';
import { parseInitSegment } from '../../lib/isobmff/init-segment.js';
import { parseMoof, parseTrackDefaults, type SampleDefaults } from '../../lib/isobmff/moof.js';
import type { InitSegment } from '../../lib/fragment.js';
import type { IndexRecord } from './index-file.js';
import { decodeTimeBox, timeBoxBytes } from './time-box.js';

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

/**
 * Every sample must be filled exactly by its length-prefixed NAL units, and none ends with a zero (H.264 and H.265
 * 7.4.1): so zeros and torn ends are found.
 */
function assertWholeSamples(bytes: Buffer, samples: { offset: number; size: number }[]): void {
  for (const { offset, size } of samples) {
    let at = offset;
    const end = offset + size;
    while (at < end) {
      const length = at + 4 <= end ? bytes.readUInt32BE(at) : 0;
      if (length === 0 || at + 4 + length > end) throw badMp4('a sample is not made of NAL units');
      at += 4 + length;
      if (bytes[at - 1] === 0) throw badMp4('a NAL unit ends with zeros');
    }
  }
}

/** No picture and no sound holds so many zeros: a page that never reached the disk does. */
const lostPage = Buffer.alloc(512);

/** Reads one fragment. @throws AppError invalid bad_mp4 */
export function describeFragment(
  bytes: Buffer,
  init: InitSegment,
  defaults: SampleDefaults,
): Omit<IndexRecord, 'offset' | 'startAtMs' | 'timeSource'> {
  const moof = parseMoof(bytes, defaults);
  if (moof.samples.length === 0) throw badMp4('a fragment without samples');
  assertWholeSamples(bytes, moof.samples);
  if (bytes.includes(lostPage)) throw badMp4('a page of zeros');
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

/**
 * The whole fragments from `position` on, ending at the first thing that is not one. `known` is the record before, or
 * the instant at which the file starts, for fragments that carry no time of their own.
 */
export async function scanFragments(
  file: FileHandle,
  fileBytes: number,
  init: InitSegment,
  position: number,
  fallback: { startAtMs: number; baseMediaDecodeTime: bigint },
): Promise<IndexRecord[]> {
  const defaults = parseTrackDefaults(init.bytes, init.trackId);
  const records: IndexRecord[] = [];
  let time: ReturnType<typeof decodeTimeBox>;
  for (;;) {
    const header = await headerAt(file, position, fileBytes);
    if (header === undefined) return records;
    if (header.type === 'prft') {
      const box = header.size === timeBoxBytes ? await readAt(file, position, header.size) : undefined;
      time = box === undefined ? undefined : decodeTimeBox(box);
      position += header.size;
      continue;
    }
    if (header.type !== 'moof') return records;
    const data = await headerAt(file, position + header.size, fileBytes);
    if (data?.type !== 'mdat' || header.size + data.size > maxFragmentBytes) return records;
    const bytes = await readAt(file, position, header.size + data.size);
    if (bytes === undefined) return records;
    try {
      for (const box of iterateBoxes(bytes)) void box;
      const found = describeFragment(bytes, init, defaults);
      const sinceKnownTicks = Number(found.baseMediaDecodeTime - fallback.baseMediaDecodeTime);
      const startAtMs = time?.startAtMs ?? fallback.startAtMs + (sinceKnownTicks * 1000) / init.timescale;
      records.push({ ...found, offset: position, startAtMs, timeSource: time?.timeSource ?? 'arrival' });
    } catch {
      return records; // damaged: what lies before it is what can be had
    }
    time = undefined;
    position += bytes.length;
  }
}
