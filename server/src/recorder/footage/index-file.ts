// The sidecar index of a footage file: a header, then one record of fixed size a fragment, each with its CRC, at last
// a closing record. Append-only; whatever a crash leaves of it is found by the first record that is not whole.
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { TimeSource } from '../../lib/fragment.js';
import type { Span } from './footage-types.js';

const count = z.number().int().min(0);
const headerSchema = z.object({
  fileId: z.string(),
  cameraId: z.string(),
  run: count,
  /** Grows when the host's clock stepped by more than 5 s. */
  epoch: count,
  initId: z.string(),
  initByteLength: count,
  codec: z.string(),
  width: count,
  height: count,
  timescale: z.number().int().min(1),
  trackId: count,
});
export type IndexHeader = Readonly<z.infer<typeof headerSchema>>;

export interface IndexRecord {
  /** Of the moof in the footage file. */
  readonly offset: number;
  readonly byteLength: number;
  readonly sampleCount: number;
  readonly startAtMs: number;
  readonly durationMs: number;
  readonly baseMediaDecodeTime: bigint;
  readonly independent: boolean;
  readonly timeSource: TimeSource;
  /** SHA-256 of the fragment's bytes. */
  readonly sha256: Buffer;
}

export interface DecodedIndex {
  readonly header: IndexHeader;
  readonly records: IndexRecord[];
  /** The file was closed in order; nothing is appended any more. */
  readonly closed: boolean;
}

const magic = Buffer.from('CHOIIDX1', 'latin1');
export const indexRecordBytes = 80;
const maxHeaderBytes = 4096;
const independentFlag = 1;
const rtcpFlag = 2;
const closedFlag = 0x80000000;

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value >>> 0);
  return buffer;
}

export function encodeIndexHeader(header: IndexHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  return Buffer.concat([magic, u32(json.length), json, u32(crc32(json))]);
}

function encode(record: IndexRecord, flags: number): Buffer {
  const buffer = Buffer.alloc(indexRecordBytes);
  buffer.writeBigUInt64LE(BigInt(record.offset), 0);
  buffer.writeUInt32LE(record.byteLength, 8);
  buffer.writeUInt32LE(record.sampleCount, 12);
  buffer.writeDoubleLE(record.startAtMs, 16);
  buffer.writeDoubleLE(record.durationMs, 24);
  buffer.writeBigUInt64LE(record.baseMediaDecodeTime, 32);
  buffer.writeUInt32LE(flags >>> 0, 40);
  record.sha256.copy(buffer, 44, 0, 32);
  buffer.writeUInt32LE(crc32(buffer.subarray(0, 76)), 76);
  return buffer;
}

export function encodeIndexRecord(record: IndexRecord): Buffer {
  return encode(record, (record.independent ? independentFlag : 0) | (record.timeSource === 'rtcp' ? rtcpFlag : 0));
}

/** `byteLength` is that of the whole footage file. */
export function encodeClosingRecord(byteLength: number): Buffer {
  const nothing = { sampleCount: 0, startAtMs: 0, durationMs: 0, baseMediaDecodeTime: 0n, sha256: Buffer.alloc(32) };
  return encode(
    { ...nothing, offset: byteLength, byteLength: 0, independent: false, timeSource: 'arrival' },
    closedFlag,
  );
}

/** One record; its CRC is not looked at. `sha256` is a copy. */
export function decodeIndexRecord(bytes: Buffer): IndexRecord {
  const flags = bytes.readUInt32LE(40);
  return {
    offset: Number(bytes.readBigUInt64LE(0)),
    byteLength: bytes.readUInt32LE(8),
    sampleCount: bytes.readUInt32LE(12),
    startAtMs: bytes.readDoubleLE(16),
    durationMs: bytes.readDoubleLE(24),
    baseMediaDecodeTime: bytes.readBigUInt64LE(32),
    independent: (flags & independentFlag) !== 0,
    timeSource: (flags & rtcpFlag) !== 0 ? 'rtcp' : 'arrival',
    sha256: Buffer.from(bytes.subarray(44, 76)),
  };
}

function decodeHeader(json: string): IndexHeader | undefined {
  try {
    return headerSchema.parse(JSON.parse(json));
  } catch {
    return undefined; // not a header of ours, though its checksum fits
  }
}

/** Everything up to the first record that is not whole. Undefined when the header is damaged. */
export function decodeIndex(bytes: Buffer): DecodedIndex | undefined {
  if (bytes.length < 16 || !bytes.subarray(0, 8).equals(magic)) return undefined;
  const jsonLength = bytes.readUInt32LE(8);
  if (jsonLength > maxHeaderBytes || bytes.length < 16 + jsonLength) return undefined;
  const json = bytes.subarray(12, 12 + jsonLength);
  if (crc32(json) !== bytes.readUInt32LE(12 + jsonLength)) return undefined;
  const header = decodeHeader(json.toString('utf8'));
  if (header === undefined) return undefined;
  const records: IndexRecord[] = [];
  for (let at = 16 + jsonLength; at + indexRecordBytes <= bytes.length; at += indexRecordBytes) {
    if (crc32(bytes.subarray(at, at + 76)) !== bytes.readUInt32LE(at + 76)) break;
    if (bytes.readUInt32LE(at + 40) === closedFlag) return { header, records, closed: true };
    const record = decodeIndexRecord(bytes.subarray(at, at + indexRecordBytes));
    if (!Number.isSafeInteger(record.offset) || !Number.isFinite(record.startAtMs + record.durationMs)) break;
    records.push(record);
  }
  return { header, records, closed: false };
}

/** Gaps up to here are frames that came late, not missing footage. */
const joinedGapMs = 250;

/** Joins what is continuous and timed alike; `spans` in order of time. */
export function joinSpans(spans: Iterable<Span>): Span[] {
  const joined: { fromMs: number; toMs: number; timeSource: TimeSource }[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && span.timeSource === last.timeSource && span.fromMs <= last.toMs + joinedGapMs) {
      last.toMs = Math.max(last.toMs, span.toMs);
      continue;
    }
    const fromMs = last !== undefined && Math.abs(span.fromMs - last.toMs) <= joinedGapMs ? last.toMs : span.fromMs;
    if (span.toMs > fromMs) joined.push({ ...span, fromMs });
  }
  return joined;
}

export function spansOf(records: readonly IndexRecord[]): Span[] {
  return joinSpans(
    records.map(({ startAtMs, durationMs, timeSource }) => ({
      fromMs: startAtMs,
      toMs: startAtMs + durationMs,
      timeSource,
    })),
  );
}
