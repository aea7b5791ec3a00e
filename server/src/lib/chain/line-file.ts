// Files of chain lines, read without ever holding more than a piece: their end, a place in their middle, all in order.
import { open, type FileHandle } from 'node:fs/promises';
import { decodeChainLine, type ChainLine } from './chain-line.js';

const lineFeed = 10;
const firstWindowBytes = 64 * 1024;
const readBytes = 256 * 1024;

export interface RawLine {
  /** Where it begins in the file. */
  readonly offset: number;
  /** Without its line feed. */
  readonly bytes: Buffer;
  /** False for what stands behind the last line feed, and for the pieces of a line longer than allowed. */
  readonly whole: boolean;
}

/** Every line from `offset` on, which must be where one begins. A line longer than `maxLineBytes` comes in pieces. */
export async function* linesFrom(file: FileHandle, offset = 0, maxLineBytes = 1_600_000): AsyncGenerator<RawLine> {
  let rest = Buffer.alloc(0);
  let restAt = offset;
  for (;;) {
    const chunk = Buffer.allocUnsafe(readBytes);
    const { bytesRead } = await file.read(chunk, 0, readBytes, restAt + rest.length);
    if (bytesRead === 0) break;
    const bytes =
      rest.length === 0 ? chunk.subarray(0, bytesRead) : Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let at = 0;
    for (let end = bytes.indexOf(lineFeed, at); end >= 0; end = bytes.indexOf(lineFeed, at)) {
      yield { offset: restAt + at, bytes: bytes.subarray(at, end), whole: true };
      at = end + 1;
    }
    rest = bytes.subarray(at);
    restAt += at;
    if (rest.length > maxLineBytes) {
      yield { offset: restAt, bytes: rest, whole: false };
      restAt += rest.length;
      rest = Buffer.alloc(0);
    }
  }
  if (rest.length > 0) yield { offset: restAt, bytes: rest, whole: false };
}

export interface LineTail {
  readonly fileBytes: number;
  /** Where the last whole line ends; what follows was never finished or is damaged. */
  readonly validBytes: number;
  /** Whole lines at the end, in order; at least the last one of the file, where there is any. */
  readonly lines: readonly ChainLine[];
  /** Unreadable lines between those. */
  readonly damagedLines: number;
  /** Behind the last whole line: line feeds, i.e. ends of lines that had been finished once. */
  readonly lostLines: number;
}

/** The end of a file of chain lines; undefined where there is no file. */
export async function readLineTail(path: string, windowBytes = firstWindowBytes): Promise<LineTail | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = await file.stat();
    for (let window = windowBytes; ; window *= 4) {
      const tail = await tailWithin(file, size, Math.min(window, size));
      if (tail.lines.length > 0 || window >= size) return tail;
    }
  } finally {
    await file.close();
  }
}

async function tailWithin(file: FileHandle, fileBytes: number, window: number): Promise<LineTail> {
  const bytes = Buffer.alloc(window);
  const { bytesRead } = await file.read(bytes, 0, window, fileBytes - window);
  const from = fileBytes - window;
  // Unless the window holds the whole file it begins inside a line.
  let at = from === 0 ? 0 : bytes.indexOf(lineFeed) + 1;
  const lines: ChainLine[] = [];
  let validBytes = 0;
  let damagedLines = 0;
  let unreadable = 0;
  if (from === 0 || at > 0) {
    for (let end = bytes.indexOf(lineFeed, at); end >= 0; end = bytes.indexOf(lineFeed, at)) {
      const line = decodeChainLine(bytes.toString('utf8', at, end));
      at = end + 1;
      if (line === undefined) {
        unreadable += 1;
        continue;
      }
      lines.push(line);
      validBytes = from + at;
      damagedLines += unreadable;
      unreadable = 0;
    }
  }
  return { fileBytes: from + bytesRead, validBytes, lines, damagedLines, lostLines: unreadable };
}

/**
 * Halves its way through a file whose lines are more or less in order: an offset at which a line begins and before which
 * (but for the disorder) every line is `before`. `order` says undefined for lines that do not tell.
 */
export async function seekLines(
  file: FileHandle,
  fileBytes: number,
  order: (line: string) => 'before' | 'behind' | undefined,
  blockBytes = firstWindowBytes,
): Promise<number> {
  let low = 0;
  let high = fileBytes;
  while (high - low > 2 * blockBytes) {
    const middle = low + Math.floor((high - low) / 2);
    const found = await firstTelling(file, middle, Math.min(high, middle + 16 * blockBytes), order);
    if (found === undefined || found.order === 'behind') high = middle;
    else low = found.offset;
  }
  return low;
}

async function firstTelling(
  file: FileHandle,
  from: number,
  to: number,
  order: (line: string) => 'before' | 'behind' | undefined,
): Promise<{ offset: number; order: 'before' | 'behind' } | undefined> {
  let first = true;
  for await (const line of linesFrom(file, from)) {
    if (line.offset >= to) return undefined;
    // `from` lies inside some line.
    const told = first || !line.whole ? undefined : order(line.bytes.toString('utf8'));
    first = false;
    if (told !== undefined) return { offset: line.offset, order: told };
  }
  return undefined;
}
