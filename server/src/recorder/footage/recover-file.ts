// Brings a footage file that was not closed in order into the state of one that was: a torn or zero-filled tail is cut
// off, a missing or damaged index is made anew from the boxes, the closing record is written.
import { createHash } from 'node:crypto';
import { open, readFile, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeDurably } from '../../lib/durable-file.js';
import { errorMessage } from '../../lib/errors.js';
import type { InitSegment } from '../../lib/fragment.js';
import type { Logger } from '../../lib/logger.js';
import type { CatalogueRow } from './catalogue-database.js';
import { absolutePath, fileIdOf, indexPathOf, parseFootagePath } from './footage-paths.js';
import {
  decodeIndex,
  encodeClosingRecord,
  encodeIndexHeader,
  encodeIndexRecord,
  spansOf,
  type DecodedIndex,
  type IndexHeader,
  type IndexRecord,
} from './index-file.js';
import { maxFragmentBytes, maxInitBytes, readInitSegment, scanFragments } from './scan-fragments.js';

/** Two of the longest flush intervals: what is older was on the disk long before. */
const verifiedTailMs = 20_000;
/** 800 000 fragments; guards against a large file of somebody else. */
const maxIndexBytes = 64 * 1024 * 1024;

/** A footage file that nothing is appended to any more, with what its index says. */
export interface ClosedFile {
  readonly row: CatalogueRow;
  readonly header: IndexHeader;
  readonly records: readonly IndexRecord[];
  readonly initSha256: Buffer;
  /** It was not closed in order; what was left of it was mended. */
  readonly mended: boolean;
}

export function catalogueRow(header: IndexHeader, records: readonly IndexRecord[], path: string): CatalogueRow {
  const last = records.at(-1)!;
  return {
    id: header.fileId,
    cameraId: header.cameraId,
    path,
    startAtMs: records[0]!.startAtMs,
    endAtMs: records.reduce((end, record) => Math.max(end, record.startAtMs + record.durationMs), 0),
    byteLength: last.offset + last.byteLength,
    initId: header.initId,
    initByteLength: header.initByteLength,
    codec: header.codec,
    width: header.width,
    height: header.height,
    timescale: header.timescale,
    trackId: header.trackId,
    run: header.run,
    epoch: header.epoch,
    spans: spansOf(records),
  };
}

async function isIntact(file: FileHandle, record: IndexRecord): Promise<boolean> {
  if (record.byteLength > maxFragmentBytes) return false;
  const bytes = Buffer.alloc(record.byteLength);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, record.offset);
  return bytesRead === bytes.length && createHash('sha256').update(bytes).digest().equals(record.sha256);
}

/** The records whose bytes are really there: order and bounds of all, the hash of the newest. */
async function intactRecords(file: FileHandle, fileBytes: number, index: DecodedIndex): Promise<IndexRecord[]> {
  const bounded: IndexRecord[] = [];
  let end = index.header.initByteLength;
  for (const record of index.records) {
    if (record.offset < end || record.offset + record.byteLength > fileBytes) break;
    bounded.push(record);
    end = record.offset + record.byteLength;
  }
  const newestAtMs = bounded.at(-1)?.startAtMs ?? 0;
  for (const [at, record] of bounded.entries())
    if (record.startAtMs > newestAtMs - verifiedTailMs && !(await isIntact(file, record))) return bounded.slice(0, at);
  return bounded;
}

async function wholeFragments(
  file: FileHandle,
  fileBytes: number,
  init: InitSegment,
  index: DecodedIndex | undefined,
  startAtMs: number,
): Promise<IndexRecord[]> {
  const known = index?.header.initId === init.id ? index : undefined;
  const records = known === undefined ? [] : await intactRecords(file, fileBytes, known);
  // What the index knows and the file does not hold any more is the end of what can be had. A file that was closed in
  // order goes no further than its index.
  if (known !== undefined && (known.closed || records.length < known.records.length)) return records;
  const last = records.at(-1);
  const position = last === undefined ? init.bytes.length : last.offset + last.byteLength;
  const fallback = last ?? { startAtMs, baseMediaDecodeTime: 0n };
  return [...records, ...(await scanFragments(file, fileBytes, init, position, fallback))];
}

/** The index beside a file, when it is one of ours and belongs to it. */
export async function readIndex(directory: string, path: string): Promise<DecodedIndex | undefined> {
  try {
    const indexPath = absolutePath(directory, indexPathOf(path));
    const { size } = await stat(indexPath);
    const index = size > maxIndexBytes ? undefined : decodeIndex(await readFile(indexPath));
    return index?.header.fileId === fileIdOf(path) ? index : undefined;
  } catch {
    return undefined; // missing or unreadable: it is made anew from the boxes
  }
}

/** The row of a file that was closed in order, by its index and its length alone; undefined when it was not. */
export async function readClosedRow(directory: string, path: string): Promise<CatalogueRow | undefined> {
  const index = await readIndex(directory, path);
  const last = index?.records.at(-1);
  if (index === undefined || !index.closed || last === undefined) return undefined;
  const { size } = await stat(absolutePath(directory, path));
  return last.offset + last.byteLength <= size ? catalogueRow(index.header, index.records, path) : undefined;
}

/**
 * Removes the file and its index, the file first: an index alone is found and removed again, a file alone is footage.
 * The day's folder goes with its last file.
 */
export async function removeFootage(directory: string, path: string): Promise<void> {
  const file = absolutePath(directory, path);
  await rm(file, { force: true });
  await rm(indexPathOf(file), { force: true });
  await rmdir(dirname(file)).catch(() => undefined); // not empty yet
}

async function isZeros(file: FileHandle, from: number, to: number): Promise<boolean> {
  const piece = Buffer.alloc(64 * 1024);
  for (let at = from; at < to;) {
    const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, to - at), at);
    if (bytesRead === 0) return true; // the rest is not there
    if (piece.subarray(0, bytesRead).some((byte) => byte !== 0)) return false;
    at += bytesRead;
  }
  return true;
}

/**
 * Whether a file without a whole fragment is what a crash leaves of one of ours: nothing, zeros, or the torn beginning
 * of an init segment or of the first fragment. Anything else is not understood and stays.
 */
async function isTornBeginning(file: FileHandle, size: number, init: InitSegment | undefined): Promise<boolean> {
  const from = init?.bytes.length ?? 0;
  if (await isZeros(file, from, size)) return true;
  if (size - from > (init === undefined ? maxInitBytes : maxFragmentBytes)) return false;
  const head = Buffer.alloc(8);
  const { bytesRead } = await file.read(head, 0, 8, from);
  const wanted = init === undefined ? 'ftyp' : 'prft';
  return wanted.startsWith(head.toString('latin1', Math.min(4, bytesRead), bytesRead));
}

export interface RecoverOptions {
  /** It was being written when the recorder ended: its torn tail may be cut off, and it goes when nothing whole is in it. */
  readonly wasOpen: boolean;
  /** Of the file, when its index does not tell. */
  readonly epoch: number;
  readonly logger: Logger;
}

/**
 * What is in a footage file, after mending it where it was not closed in order. Undefined when it holds no whole
 * fragment; it is then removed if it `wasOpen` and is the torn beginning of a footage file, left alone otherwise.
 * @throws what the disk throws
 */
export async function recoverFile(
  directory: string,
  path: string,
  options: RecoverOptions,
): Promise<ClosedFile | undefined> {
  const { wasOpen, logger } = options;
  const named = parseFootagePath(path);
  if (named === undefined) return undefined;
  const index = await readIndex(directory, path);
  let file: FileHandle;
  try {
    file = await open(absolutePath(directory, path), 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Only what is left beside it: a file of this name may have begun just now.
    if (wasOpen) await rm(absolutePath(directory, indexPathOf(path)), { force: true });
    return undefined;
  }
  try {
    const { size } = await file.stat();
    const init = await readInitSegment(file, size).catch((error: unknown) => {
      logger.warn({ path, reason: errorMessage(error) }, 'footage file without init segment');
      return undefined;
    });
    const records = init === undefined ? [] : await wholeFragments(file, size, init, index, named.startAtMs);
    const last = records.at(-1);
    if (init === undefined || last === undefined) {
      if (wasOpen && (await isTornBeginning(file, size, init))) await removeFootage(directory, path);
      return undefined;
    }
    const initSha256 = createHash('sha256').update(init.bytes).digest();
    if (index?.closed === true && records.length === index.records.length)
      return {
        row: catalogueRow(index.header, records, path),
        header: index.header,
        records,
        initSha256,
        mended: false,
      };
    const byteLength = last.offset + last.byteLength;
    if (wasOpen && byteLength < size) await file.truncate(byteLength);
    await file.sync();
    const header: IndexHeader = {
      fileId: fileIdOf(path),
      cameraId: named.cameraId,
      run: named.run,
      epoch: index?.header.epoch ?? options.epoch,
      initId: init.id,
      initByteLength: init.bytes.length,
      codec: init.codec,
      width: init.width,
      height: init.height,
      timescale: init.timescale,
      trackId: init.trackId,
    };
    await writeDurably(
      absolutePath(directory, indexPathOf(path)),
      Buffer.concat([encodeIndexHeader(header), ...records.map(encodeIndexRecord), encodeClosingRecord(byteLength)]),
    );
    logger.info({ path, cutBytes: size - byteLength, fragments: records.length }, 'footage file recovered');
    return { row: catalogueRow(header, records, path), header, records, initSha256, mended: true };
  } finally {
    await file.close();
  }
}
