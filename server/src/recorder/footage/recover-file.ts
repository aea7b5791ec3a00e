// Brings a footage file that was not closed in order into the state of one that was: a torn or zero-filled tail is cut
// off, a missing or damaged index is made anew from the boxes, the closing record is written. Of a file that may have
// been closed in order no byte is touched, whatever is damaged in it: only its index is made anew.
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
import { maxFragmentBytes, maxInitBytes, nextTimeBox, readInitSegment, scanFragments } from './scan-fragments.js';
import { timeBoxBytes } from './time-box.js';

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

/** The records for whose bytes the file has room, in order. */
function boundedRecords(index: DecodedIndex, fileBytes: number): IndexRecord[] {
  const bounded: IndexRecord[] = [];
  let end = index.header.initByteLength;
  for (const record of index.records) {
    if (record.offset < end || record.offset + record.byteLength > fileBytes) break;
    bounded.push(record);
    end = record.offset + record.byteLength;
  }
  return bounded;
}

/** Up to what the disk did not have when the power went: the first damage in the newest part, if anything is before it. */
function beforeHole(records: readonly IndexRecord[], position: number, initByteLength: number): readonly IndexRecord[] {
  const newestAtMs = records.at(-1)?.startAtMs ?? 0;
  let end = position;
  for (const [at, record] of records.entries()) {
    const isHole = end > initByteLength && record.offset - end > timeBoxBytes;
    if (isHole && record.startAtMs > newestAtMs - verifiedTailMs) return records.slice(0, at);
    end = record.offset + record.byteLength;
  }
  return records;
}

async function wholeFragments(
  file: FileHandle,
  fileBytes: number,
  init: InitSegment,
  index: DecodedIndex | undefined,
  startAtMs: number,
  state: FileState,
): Promise<IndexRecord[]> {
  const known = index?.header.initId === init.id ? index : undefined;
  const bounded = known === undefined ? [] : boundedRecords(known, fileBytes);
  const last = bounded.at(-1);
  const records: IndexRecord[] = [];
  for (const record of bounded) {
    if (record.startAtMs <= last!.startAtMs - verifiedTailMs || (await isIntact(file, record))) records.push(record);
    else if (state === 'open') break;
  }
  // What the index knows and the file does not hold any more is the end of what can be had.
  if (state === 'open' && known !== undefined && records.length < known.records.length) return records;
  const position = last === undefined ? init.bytes.length : last.offset + last.byteLength;
  const fallback = last ?? { startAtMs, baseMediaDecodeTime: 0n };
  const found = await scanFragments({ file, fileBytes, init, fallback, mayBeTorn: state !== 'closed' }, position);
  return [...records, ...(state === 'open' ? beforeHole(found, position, init.bytes.length) : found)];
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

/** Of a file that was closed in order: what its index says, as far as the file reaches; the media is not read. */
function closedRecords(index: DecodedIndex | undefined, fileBytes: number): IndexRecord[] {
  return index?.closed === true ? boundedRecords(index, fileBytes) : [];
}

/** The row of a file that was closed in order, by its index and its length alone; undefined when it was not. */
export async function readClosedRow(directory: string, path: string): Promise<CatalogueRow | undefined> {
  const index = await readIndex(directory, path);
  if (index === undefined) return undefined;
  const { size } = await stat(absolutePath(directory, path));
  const records = closedRecords(index, size);
  return records.length === 0 ? undefined : catalogueRow(index.header, records, path);
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
 * open: it was being written when the recorder ended, so its tail may be torn. found: nobody knows; the marker that named
 * it may be lost, or it was closed in order and is damaged. closed: in order, whatever became of it.
 */
export type FileState = 'open' | 'found' | 'closed';

/**
 * Whether a file without a whole fragment is what a crash leaves of one of ours. Of an `open` one nothing, zeros, or the
 * torn beginning of an init segment or of the first fragment; of one that was `found` not even a box behind the init
 * segment. Anything else is not understood and stays.
 */
async function isTornBeginning(
  file: FileHandle,
  size: number,
  init: InitSegment | undefined,
  state: FileState,
): Promise<boolean> {
  if (state === 'closed') return false;
  const from = init?.bytes.length ?? 0;
  if (await isZeros(file, from, size)) return true;
  if (state === 'found' && (init === undefined || size - from >= timeBoxBytes)) return false;
  if (size - from > (init === undefined ? maxInitBytes : maxFragmentBytes)) return false;
  const first = await nextTimeBox(file, from);
  if (first !== undefined && (await nextTimeBox(file, first + 1)) !== undefined) return false;
  const head = Buffer.alloc(8);
  const { bytesRead } = await file.read(head, 0, 8, from);
  const wanted = init === undefined ? 'ftyp' : 'prft';
  return wanted.startsWith(head.toString('latin1', Math.min(4, bytesRead), bytesRead));
}

export interface RecoverOptions {
  readonly state: FileState;
  /** Of the file, when its index does not tell. */
  readonly epoch: number;
  readonly logger: Logger;
}

/** What is in a file; `mended`: its index was made anew. */
export type RecoveredFile = Pick<ClosedFile, 'row' | 'records' | 'mended'>;

/**
 * What is in a footage file, after making its index anew where that is not whole. The torn tail of an `open` file is cut
 * off. Undefined when there is no whole fragment; it is then removed if it is the torn beginning of a
 * footage file and not `closed`, left alone otherwise.
 * @throws what the disk throws
 */
export async function recoverFile(
  directory: string,
  path: string,
  options: RecoverOptions,
): Promise<RecoveredFile | undefined> {
  const { state, logger } = options;
  const named = parseFootagePath(path);
  if (named === undefined) return undefined;
  const index = await readIndex(directory, path);
  let file: FileHandle;
  try {
    file = await open(absolutePath(directory, path), 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Only what is left beside it: a file of this name may have begun just now.
    if (state === 'open') await rm(absolutePath(directory, indexPathOf(path)), { force: true });
    return undefined;
  }
  try {
    const { size } = await file.stat();
    // All of it was on the disk before its index was closed: what differs now is damage, which index and chain tell.
    const closed = closedRecords(index, size);
    if (index !== undefined && closed.length > 0)
      return { row: catalogueRow(index.header, closed, path), records: closed, mended: false };
    const init = await readInitSegment(file, size).catch((error: unknown) => {
      logger.warn({ path, reason: errorMessage(error) }, 'footage file without init segment');
      return undefined;
    });
    const records = init === undefined ? [] : await wholeFragments(file, size, init, index, named.startAtMs, state);
    const last = records.at(-1);
    if (init === undefined || last === undefined) {
      if (await isTornBeginning(file, size, init, state)) await removeFootage(directory, path);
      else logger.warn({ path, bytes: size }, 'nothing whole was found in a footage file; it is left alone');
      return undefined;
    }
    const byteLength = last.offset + last.byteLength;
    if (state === 'open' && byteLength < size) await file.truncate(byteLength);
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
    logger.info({ path, state, bytesBehind: size - byteLength, fragments: records.length }, 'footage file recovered');
    return { row: catalogueRow(header, records, path), records, mended: true };
  } finally {
    await file.close();
  }
}
