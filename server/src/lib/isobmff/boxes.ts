// The box structure of ISO base media files (ISO/IEC 14496-12 4.2): finding boxes in a buffer and cutting a byte
// stream into whole top-level boxes. Every length is checked against the bytes that are there; what the boxes mean is
// left to the files beside this one.
import { AppError } from '../errors.js';

/** Where one box lies in its buffer. Its payload is [start + headerLength, end). */
export interface Box {
  readonly type: string;
  readonly start: number;
  /** 8, 16 with a 64-bit size, 24 or 32 for `uuid`. */
  readonly headerLength: number;
  readonly end: number;
}

/** Where the four letters of a box's type lie. */
export const nameAt = (box: Box): number => box.start + 4;

export function badMp4(reason: string): AppError {
  return new AppError('invalid', 'bad_mp4', `damaged MP4: ${reason}`);
}

/** Reads the header at `start`. Undefined when fewer bytes than a header are there. @throws AppError invalid bad_mp4 */
function readHeader(
  buffer: Buffer,
  start: number,
  limit: number,
): { type: string; size: number; headerLength: number } | undefined {
  if (limit - start < 8) return undefined;
  const size32 = buffer.readUInt32BE(start);
  const type = buffer.toString('latin1', start + 4, start + 8);
  if (!/^[\x20-\x7e\xa9]{4}$/.test(type)) throw badMp4(`box type is not text at ${start}`);
  let headerLength = 8;
  let size = size32;
  if (size32 === 1) {
    if (limit - start < 16) return undefined;
    const size64 = buffer.readBigUInt64BE(start + 8);
    if (size64 > BigInt(Number.MAX_SAFE_INTEGER)) throw badMp4(`box ${type} is impossibly large`);
    size = Number(size64);
    headerLength = 16;
  } else if (size32 === 0) {
    throw badMp4(`box ${type} has no length`);
  }
  if (type === 'uuid') headerLength += 16;
  if (size < headerLength) throw badMp4(`box ${type} is shorter than its header`);
  return { type, size, headerLength };
}

/** The boxes that lie side by side in [start, end). @throws AppError invalid bad_mp4 where they do not fill it exactly. */
export function* iterateBoxes(buffer: Buffer, start = 0, end = buffer.length): Generator<Box, void, undefined> {
  if (start < 0 || end > buffer.length || start > end) throw badMp4('range outside of the buffer');
  let position = start;
  while (position < end) {
    const header = readHeader(buffer, position, end);
    if (header === undefined) throw badMp4(`half a box header at ${position}`);
    const boxEnd = position + header.size;
    if (boxEnd > end) throw badMp4(`box ${header.type} reaches ${boxEnd - end} bytes past its parent`);
    yield { type: header.type, start: position, headerLength: header.headerLength, end: boxEnd };
    position = boxEnd;
  }
}

export function boxesIn(buffer: Buffer, parent: Box): Generator<Box, void, undefined> {
  return iterateBoxes(buffer, parent.start + parent.headerLength, parent.end);
}

/**
 * The first box reached through `path`, e.g. `findBox(buffer, 'moov', 'trak', 'mdia')`, looking into every branch.
 * Undefined when there is none. @throws AppError invalid bad_mp4
 */
export function findBox(buffer: Buffer, ...path: string[]): Box | undefined {
  return findIn(buffer, { type: '', start: 0, headerLength: 0, end: buffer.length }, path);
}

/** Like findBox, below `parent`. */
export function findIn(buffer: Buffer, parent: Box, path: readonly string[]): Box | undefined {
  const [type, ...rest] = path;
  if (type === undefined) return parent;
  for (const box of boxesIn(buffer, parent)) {
    if (box.type !== type) continue;
    const found = findIn(buffer, box, rest);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The payload of a box, of at least `minimumLength` bytes. A view, not a copy. @throws AppError invalid bad_mp4 */
export function payloadOf(buffer: Buffer, box: Box, minimumLength = 0): Buffer {
  const payload = buffer.subarray(box.start + box.headerLength, box.end);
  if (payload.length < minimumLength) throw badMp4(`box ${box.type} is too short`);
  return payload;
}

/**
 * Cuts a byte stream into whole top-level boxes. `push` returns those that became complete, header included; bytes of
 * an unfinished box are kept, never more than `maxBoxBytes`.
 */
export class BoxStream {
  private chunks: Buffer[] = [];
  private buffered = 0;
  private wanted = 0;

  constructor(private readonly maxBoxBytes = 32 * 1024 * 1024) {}

  /** Bytes of the box that is still incomplete. */
  get pendingBytes(): number {
    return this.buffered;
  }

  /** @throws AppError invalid bad_mp4 when the stream is no MP4 or a box exceeds the limit; the stream is then useless. */
  push(chunk: Buffer): { type: string; bytes: Buffer }[] {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    const complete: { type: string; bytes: Buffer }[] = [];
    if (this.buffered < this.wanted) return complete;
    let all = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks, this.buffered);
    for (;;) {
      const header = readHeader(all, 0, all.length);
      if (header === undefined) {
        this.wanted = 0;
        break;
      }
      if (header.size > this.maxBoxBytes) throw badMp4(`box ${header.type} of ${header.size} bytes exceeds the limit`);
      if (header.size > all.length) {
        this.wanted = header.size;
        break;
      }
      complete.push({ type: header.type, bytes: all.subarray(0, header.size) });
      all = all.subarray(header.size);
    }
    this.chunks = all.length === 0 ? [] : [all];
    this.buffered = all.length;
    return complete;
  }
}
