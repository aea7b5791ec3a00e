// One footage file against its index and its chain entry. Reads every byte once; only where the index is not the one that
// the chain covers are the boxes themselves read, to tell whether the pictures or the index changed.
import { hash as digest } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { contentHash, timeBoxOf, type ContentLeaf } from '../../server/src/recorder/footage/footage-chain.js';
import { fileIdOf, indexPathOf } from '../../server/src/recorder/footage/footage-paths.js';
import {
  decodeIndex,
  indexRecordBytes,
  type DecodedIndex,
  type IndexRecord,
} from '../../server/src/recorder/footage/index-file.js';
import { readInitSegment, scanFragments } from '../../server/src/recorder/footage/scan-fragments.js';
import { timeBoxBytes } from '../../server/src/recorder/footage/time-box.js';
import type { Failure, FileTask, FileVerdict, NoteCode } from './finding.js';

const maxIndexBytes = 64 * 1024 * 1024;
const blockBytes = 1024 * 1024;
const sha256 = (bytes: Buffer): Buffer => digest('sha256', bytes, 'buffer');

interface Index {
  readonly bytes: Buffer;
  readonly hash: string;
  readonly decoded: DecodedIndex | undefined;
  /** First record or part that cannot be right: fragment from 1 (0 for the header) and its bytes. */
  readonly fault: { fragment: number; bytes: [number, number] } | undefined;
}

function readIndexFile(path: string): Index | undefined {
  let bytes: Buffer;
  try {
    if (statSync(path).size > maxIndexBytes) return undefined;
    bytes = readFileSync(path);
  } catch {
    return undefined; // missing, or as good as that
  }
  const decoded = decodeIndex(bytes);
  return { bytes, hash: sha256(bytes).toString('hex'), decoded, fault: faultOf(bytes, decoded) };
}

function faultOf(bytes: Buffer, decoded: DecodedIndex | undefined): Index['fault'] {
  if (decoded === undefined) return { fragment: 0, bytes: [0, Math.min(bytes.length, headerBytes(bytes))] };
  const at = headerBytes(bytes) + decoded.records.length * indexRecordBytes;
  const end = at + indexRecordBytes;
  if (!decoded.closed)
    return {
      fragment: decoded.records.length + 1,
      bytes: [at, Math.min(Math.max(end, at), Math.max(bytes.length, at))],
    };
  if (bytes.length > end) return { fragment: decoded.records.length + 1, bytes: [end, bytes.length] };
  return undefined;
}

const headerBytes = (bytes: Buffer): number =>
  bytes.length < 12 ? bytes.length : 16 + Math.min(bytes.readUInt32LE(8), bytes.length);

/** Reads forward through a file, a block at a time. */
class Forward {
  readBytes = 0;
  #block = Buffer.allocUnsafe(blockBytes);
  #from = 0;
  #to = 0;
  readonly #file: number;

  constructor(file: number) {
    this.#file = file;
  }

  /** The bytes [from, to); shorter at the end of the file. Valid until the next call. */
  slice(from: number, to: number): Buffer {
    if (from < this.#from || to > this.#to) this.#fill(from, to);
    return this.#block.subarray(from - this.#from, Math.max(from, Math.min(to, this.#to)) - this.#from);
  }

  #fill(from: number, to: number): void {
    const kept =
      from >= this.#from && from < this.#to
        ? this.#block.subarray(from - this.#from, this.#to - this.#from)
        : undefined;
    const wanted = Math.max(blockBytes, to - from);
    const block =
      this.#block.length < wanted || kept !== undefined
        ? Buffer.allocUnsafe(Math.max(wanted, this.#block.length))
        : this.#block;
    let length = kept === undefined ? 0 : kept.copy(block, 0);
    while (length < wanted) {
      const read = readSync(this.#file, block, length, Math.min(block.length - length, blockBytes), from + length);
      if (read === 0) break;
      length += read;
      this.readBytes += read;
    }
    this.#block = block;
    this.#from = from;
    this.#to = from + length;
  }
}

interface Walk {
  /** In order of place. */
  readonly failures: Failure[];
  readonly fragmentsWrong: number;
  readonly content: string;
  readonly initHash: string;
  readonly readBytes: number;
}

/** The media as the index says it is. */
function walk(task: FileTask, file: number, index: DecodedIndex): Walk {
  const { size } = fstatSync(file);
  const forward = new Forward(file);
  const { header, records } = index;
  const failures: Failure[] = [];
  const leaves: ContentLeaf[] = [];
  let fragmentsWrong = 0;
  const place = (record: IndexRecord, at: number) => ({
    cameraId: task.cameraId,
    path: task.path,
    fragment: at + 1,
    fromMs: record.startAtMs,
    toMs: record.startAtMs + record.durationMs,
  });

  const initHash = sha256(forward.slice(0, header.initByteLength));
  if (initHash.toString('hex').slice(0, header.initId.length) !== header.initId)
    failures.push({
      code: 'init_changed',
      cameraId: task.cameraId,
      path: task.path,
      bytes: [0, header.initByteLength],
      fromMs: records[0]?.startAtMs,
      toMs: lastMsOf(records),
    });
  let end = header.initByteLength;
  for (const [at, record] of records.entries()) {
    const boxAt = record.offset - timeBoxBytes;
    const timeBox = Buffer.from(forward.slice(Math.max(end, boxAt), record.offset));
    const bytes = forward.slice(record.offset, record.offset + record.byteLength);
    const found = sha256(bytes);
    leaves.push({ offset: record.offset, byteLength: bytes.length, timeBox, sha256: found });
    const next = record.offset + record.byteLength;
    let wrong: Failure | undefined;
    if (bytes.length < record.byteLength) {
      wrong = { ...place(record, at), code: 'file_cut', bytes: [Math.max(0, Math.min(size, next)), next] };
    } else if (!found.equals(record.sha256)) {
      wrong = { ...place(record, at), code: 'media_changed', bytes: [record.offset, next] };
    } else if (boxAt !== end || !timeBox.equals(timeBoxOf(header.trackId, record))) {
      wrong = { ...place(record, at), code: 'time_changed', bytes: [end, record.offset] };
    }
    if (wrong !== undefined) {
      fragmentsWrong += 1;
      if (failures.length < 2) failures.push(wrong);
    }
    end = next;
  }
  if (size > end) failures.push({ code: 'file_longer', cameraId: task.cameraId, path: task.path, bytes: [end, size] });
  return {
    failures,
    fragmentsWrong,
    content: contentHash(initHash, leaves),
    initHash: initHash.toString('hex'),
    readBytes: forward.readBytes,
  };
}

const lastMsOf = (records: readonly IndexRecord[]): number | undefined => {
  const last = records.at(-1);
  return last === undefined ? undefined : last.startAtMs + last.durationMs;
};

interface Boxes {
  readonly content: string;
  readonly records: IndexRecord[];
  readonly trackId: number;
}

/** What is in the file by its boxes alone; undefined where it is no footage file, or not to its end. */
async function readBoxes(path: string, startMs: number): Promise<Boxes | undefined> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const init = await readInitSegment(file, size);
    const fallback = { startAtMs: startMs, baseMediaDecodeTime: 0n };
    // By the boxes alone: whether the pictures are what they were, the chain tells.
    const scan = { file, fileBytes: size, init, fallback, mayBeTorn: false };
    const records = await scanFragments(scan, init.bytes.length);
    let end = init.bytes.length;
    const leaves: ContentLeaf[] = [];
    for (const record of records) {
      if (record.offset - timeBoxBytes !== end) return undefined;
      const timeBox = Buffer.alloc(timeBoxBytes);
      await file.read(timeBox, 0, timeBoxBytes, end);
      leaves.push({ offset: record.offset, byteLength: record.byteLength, timeBox, sha256: record.sha256 });
      end = record.offset + record.byteLength;
    }
    if (end !== size) return undefined;
    return { content: contentHash(sha256(init.bytes), leaves), records, trackId: init.trackId };
  } catch {
    return undefined; // damaged so far that its boxes cannot be read: what is wrong is found by its index
  } finally {
    await file.close();
  }
}

/** The first record of the index that does not say what is in the file. */
function firstUntrue(index: DecodedIndex, boxes: Boxes): number | undefined {
  const count = Math.max(index.records.length, boxes.records.length);
  for (let at = 0; at < count; at++) {
    const said = index.records[at];
    const found = boxes.records[at];
    if (said === undefined || found === undefined) return at;
    const same =
      said.offset === found.offset &&
      said.byteLength === found.byteLength &&
      said.sampleCount === found.sampleCount &&
      said.independent === found.independent &&
      said.baseMediaDecodeTime === found.baseMediaDecodeTime &&
      Math.abs(said.durationMs - found.durationMs) < 0.01 &&
      said.sha256.equals(found.sha256) &&
      timeBoxOf(index.header.trackId, said).equals(timeBoxOf(boxes.trackId, found));
    if (!same) return at;
  }
  return undefined;
}

/** The index is not the one that the chain covers: which of the two changed, the pictures or what is said of them? */
async function verifyBeside(task: FileTask, index: Index | undefined, walked: Walk | undefined): Promise<FileVerdict> {
  const { cameraId, path, expected } = task;
  const mediaPath = join(task.directory, path);
  const { size } = statSync(mediaPath);
  const boxes = await readBoxes(mediaPath, expected?.startMs ?? 0);
  const base = {
    fragments: boxes?.records.length ?? index?.decoded?.records.length ?? 0,
    readBytes: size + (walked?.readBytes ?? 0),
    gone: false,
  };
  const mediaWhole = expected === undefined ? undefined : boxes?.content === expected.content;
  const indexPath = indexPathOf(path);
  const ofIndex = (
    code: 'index_missing' | 'index_damaged' | 'index_changed',
    at: number | undefined,
    bytes?: [number, number],
  ): Failure => {
    const record = at === undefined || at < 1 ? undefined : (boxes?.records[at - 1] ?? index?.decoded?.records[at - 1]);
    return {
      code,
      cameraId,
      path: indexPath,
      mediaWhole,
      ...(at === undefined || at < 1 ? {} : { fragment: at }),
      ...(bytes === undefined ? {} : { bytes }),
      ...(record === undefined
        ? { fromMs: expected?.startMs, toMs: expected?.endMs }
        : { fromMs: record.startAtMs, toMs: record.startAtMs + record.durationMs }),
    };
  };

  const failures: Failure[] = [];
  const notes: NoteCode[] = [];
  if (index === undefined) failures.push(ofIndex('index_missing', undefined));
  else if (index.fault !== undefined) failures.push(ofIndex('index_damaged', index.fault.fragment, index.fault.bytes));
  if (mediaWhole === true && boxes !== undefined && index?.decoded !== undefined && index.fault === undefined) {
    const untrue = firstUntrue(index.decoded, boxes);
    const foreign = index.decoded.header.fileId !== fileIdOf(path);
    if (untrue === undefined && !foreign) notes.push('index_rebuilt');
    else {
      const at = headerBytes(index.bytes) + (untrue ?? 0) * indexRecordBytes;
      failures.push(
        ofIndex('index_changed', untrue === undefined ? undefined : untrue + 1, [
          at,
          Math.min(index.bytes.length, at + indexRecordBytes),
        ]),
      );
    }
    return { ...base, failures, notes };
  }
  if (mediaWhole === true) return { ...base, failures, notes };
  const wrong = wholeFileWrong(task, size);
  if (walked !== undefined && walked.failures.length > 0) failures.unshift(...counted(walked));
  else if (expected !== undefined) failures.unshift(wrong);
  const named = index?.decoded?.header.cameraId;
  return {
    ...base,
    failures,
    notes,
    content: boxes?.content,
    foreignCameraId: named === cameraId ? undefined : named,
  };
}

function wholeFileWrong({ cameraId, path, expected }: FileTask, size: number): Failure {
  return {
    code: 'content_changed',
    cameraId,
    path,
    bytes: [0, size],
    entry: expected?.n,
    fromMs: expected?.startMs,
    toMs: expected?.endMs,
  };
}

const counted = ({ failures, fragmentsWrong }: Walk): Failure[] => failures.map((one) => ({ ...one, fragmentsWrong }));

export async function verifyFile(task: FileTask): Promise<FileVerdict> {
  const mediaPath = join(task.directory, task.path);
  let file: number;
  try {
    file = openSync(mediaPath, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { failures: [], notes: [], fragments: 0, readBytes: 0, gone: true };
    throw error;
  }
  try {
    const { expected } = task;
    const index = readIndexFile(join(task.directory, indexPathOf(task.path)));
    const usable = index?.decoded !== undefined && index.fault === undefined;
    const walked = usable ? walk(task, file, index.decoded!) : undefined;
    if (walked === undefined || (expected !== undefined && index!.hash !== expected.index))
      return await verifyBeside(task, index, walked);
    const failures = counted(walked);
    const same = expected === undefined || (walked.content === expected.content && walked.initHash === expected.init);
    if (failures.length === 0 && !same) failures.push(wholeFileWrong(task, fstatSync(file).size));
    return {
      failures,
      notes: [],
      fragments: index!.decoded!.records.length,
      readBytes: walked.readBytes,
      gone: false,
      content: same ? undefined : walked.content,
    };
  } finally {
    closeSync(file);
  }
}
