// What footage tells the chain of closed files. Who keeps the chain is handed in; footage only waits for it at the two
// moments that matter: before a closed file loses its marker, and before a file is deleted.
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import type { CatalogueRow } from './catalogue-database.js';
import { absolutePath, indexPathOf, parseFootagePath } from './footage-paths.js';
import {
  decodeIndex,
  encodeClosingRecord,
  encodeIndexHeader,
  encodeIndexRecord,
  type IndexHeader,
  type IndexRecord,
} from './index-file.js';
import { encodeTimeBox } from './time-box.js';

/** A closed footage file as its chain entry covers it. Hashes are SHA-256, hex. */
export interface ChainedFile {
  readonly cameraId: string;
  /** Relative to the footage folder, with `/`. */
  readonly path: string;
  readonly startAtMs: number;
  readonly endAtMs: number;
  readonly byteLength: number;
  readonly run: number;
  readonly epoch: number;
  readonly initSha256: string;
  readonly fragments: number;
  /** Covers every byte of the file, see `contentHash`. */
  readonly contentSha256: string;
  /** Of the whole index file. */
  readonly indexSha256: string;
}

/**
 * closed: in order, just now. recovered: after a crash, from what was on the disk. found: closed in order at some time; it
 * may have an entry already.
 */
export type HowClosed = 'closed' | 'recovered' | 'found';

export interface FootageChain {
  /** Durable when it resolves. Never rejects: what cannot be entered now is found and entered later. */
  enter(file: ChainedFile, how: HowClosed): Promise<void>;
  /** Whether the file has an entry. @throws when that cannot be told now */
  has(file: Pick<CatalogueRow, 'cameraId' | 'path'>): Promise<boolean>;
  /** Durable when it resolves. @throws when it could not be written: then the file must stay. */
  tombstone(file: Pick<CatalogueRow, 'cameraId' | 'path'>, why: 'age' | 'headroom'): Promise<void>;
}

/** SHA-256 over `choi-canh content 1\n`, the init segment's hash, then 76 bytes a fragment. */
export function contentHash(initSha256: Buffer, fragments: Iterable<ContentLeaf>): string {
  const hash = createHash('sha256').update('choi-canh content 1\n').update(initSha256);
  for (const { offset, byteLength, timeBox, sha256 } of fragments) {
    const place = Buffer.alloc(12);
    place.writeBigUInt64LE(BigInt(offset), 0);
    place.writeUInt32LE(byteLength, 8);
    hash.update(place).update(timeBox).update(sha256);
  }
  return hash.digest('hex');
}

export interface ContentLeaf {
  /** Of the moof. */
  readonly offset: number;
  readonly byteLength: number;
  /** The 32 bytes before the moof, which say when the pictures were taken. */
  readonly timeBox: Buffer;
  /** Of moof and mdat. */
  readonly sha256: Buffer;
}

export function timeBoxOf(trackId: number, record: IndexRecord): Buffer {
  return encodeTimeBox(trackId, record.startAtMs, record.baseMediaDecodeTime, record.timeSource);
}

/** The index of a closed file, byte for byte. */
export function closedIndexBytes(header: IndexHeader, records: readonly IndexRecord[]): Buffer {
  const last = records.at(-1)!;
  const closing = encodeClosingRecord(last.offset + last.byteLength);
  return Buffer.concat([encodeIndexHeader(header), ...records.map(encodeIndexRecord), closing]);
}

export function chainedFile(
  path: string,
  header: IndexHeader,
  records: readonly IndexRecord[],
  initSha256: Buffer,
): ChainedFile {
  const last = records.at(-1)!;
  const leaves = records.map((record) => ({ ...record, timeBox: timeBoxOf(header.trackId, record) }));
  return {
    cameraId: header.cameraId,
    path,
    startAtMs: records[0]!.startAtMs,
    endAtMs: records.reduce((end, record) => Math.max(end, record.startAtMs + record.durationMs), 0),
    byteLength: last.offset + last.byteLength,
    run: header.run,
    epoch: header.epoch,
    initSha256: initSha256.toString('hex'),
    fragments: records.length,
    contentSha256: contentHash(initSha256, leaves),
    indexSha256: createHash('sha256').update(closedIndexBytes(header, records)).digest('hex'),
  };
}

/**
 * A closed file as it lies on the disk, by its index and its init segment; the media is not read. Undefined where the
 * index is missing, damaged or not closed, or the file is gone.
 */
export async function describeClosedFile(directory: string, path: string): Promise<ChainedFile | undefined> {
  if (parseFootagePath(path) === undefined) return undefined;
  const index = await readFile(absolutePath(directory, indexPathOf(path))).catch(() => undefined);
  const decoded = index === undefined ? undefined : decodeIndex(index);
  if (decoded === undefined || !decoded.closed || decoded.records.length === 0) return undefined;
  const file = await open(absolutePath(directory, path), 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const init = Buffer.alloc(decoded.header.initByteLength);
    const { bytesRead } = await file.read(init, 0, init.length, 0);
    if (bytesRead !== init.length) return undefined;
    const initSha256 = createHash('sha256').update(init).digest();
    const described = chainedFile(path, decoded.header, decoded.records, initSha256);
    return { ...described, indexSha256: createHash('sha256').update(index!).digest('hex') };
  } finally {
    await file.close();
  }
}
