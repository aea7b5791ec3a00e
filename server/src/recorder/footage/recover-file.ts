// Brings a footage file that was not closed in order into the state of one that was: a torn or zero-filled tail is cut
// off, a missing or damaged index is made anew from the boxes, the closing record is written.
import { createHash } from 'node:crypto';
import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { errorMessage } from '../../lib/errors.js';
import type { InitSegment } from '../../lib/fragment.js';
import type { Logger } from '../../lib/logger.js';
import type { CatalogueRow } from './catalogue-database.js';
import { writeDurably } from './durable-json.js';
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
import { readInitSegment, scanFragments } from './scan-fragments.js';

/** Two of the longest flush intervals: what is older was on the disk long before. */
const verifiedTailMs = 20_000;

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
    spans: spansOf(records),
  };
}

async function isIntact(file: FileHandle, record: IndexRecord): Promise<boolean> {
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
  // What the index knows and the file does not hold any more is the end of what can be had.
  if (known !== undefined && records.length < known.records.length) return records;
  const last = records.at(-1);
  const position = last === undefined ? init.bytes.length : last.offset + last.byteLength;
  const fallback = last ?? { startAtMs, baseMediaDecodeTime: 0n };
  return [...records, ...(await scanFragments(file, fileBytes, init, position, fallback))];
}

async function readIndex(path: string): Promise<DecodedIndex | undefined> {
  try {
    return decodeIndex(await readFile(path));
  } catch {
    return undefined; // missing or unreadable: it is made anew from the boxes
  }
}

/** Removes the file and its index, the file first: an index alone is found and removed again, a file alone is footage. */
export async function removeFootage(directory: string, path: string): Promise<void> {
  await rm(absolutePath(directory, path), { force: true });
  await rm(absolutePath(directory, indexPathOf(path)), { force: true });
}

/**
 * Returns the catalogue's row of a file, after mending it where it was not closed in order. Undefined when it holds no
 * whole fragment; it is then removed if `path` was being written, left alone otherwise.
 */
export async function recoverFile(
  directory: string,
  path: string,
  logger: Logger,
  wasOpen: boolean,
): Promise<CatalogueRow | undefined> {
  const named = parseFootagePath(path);
  if (named === undefined) return undefined;
  const indexPath = absolutePath(directory, indexPathOf(path));
  const index = await readIndex(indexPath);
  let file: FileHandle;
  try {
    file = await open(absolutePath(directory, path), 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await removeFootage(directory, path);
    return undefined;
  }
  try {
    const { size } = await file.stat();
    if (index?.closed === true && index.records.length > 0) {
      const last = index.records.at(-1)!;
      if (last.offset + last.byteLength <= size) return catalogueRow(index.header, index.records, path);
    }
    const init = await readInitSegment(file, size).catch((error: unknown) => {
      logger.warn({ path, reason: errorMessage(error) }, 'footage file without init segment');
      return undefined;
    });
    const records = init === undefined ? [] : await wholeFragments(file, size, init, index, named.startAtMs);
    const last = records.at(-1);
    if (init === undefined || last === undefined) {
      if (wasOpen) await removeFootage(directory, path);
      return undefined;
    }
    const byteLength = last.offset + last.byteLength;
    if (byteLength < size) await file.truncate(byteLength);
    await file.sync();
    const header: IndexHeader = {
      fileId: fileIdOf(path),
      cameraId: named.cameraId,
      run: named.run,
      epoch: index?.header.epoch ?? 0,
      initId: init.id,
      initByteLength: init.bytes.length,
      codec: init.codec,
      width: init.width,
      height: init.height,
      timescale: init.timescale,
      trackId: init.trackId,
    };
    await writeDurably(
      indexPath,
      Buffer.concat([encodeIndexHeader(header), ...records.map(encodeIndexRecord), encodeClosingRecord(byteLength)]),
    );
    logger.info({ path, cutBytes: size - byteLength, fragments: records.length }, 'footage file recovered');
    return catalogueRow(header, records, path);
  } finally {
    await file.close();
  }
}
