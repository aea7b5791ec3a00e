// Hands out bytes of footage files, a piece at a time through the lane of the reads, so that however many readers there
// are, an append never waits for them.
import { open, type FileHandle } from 'node:fs/promises';
import { AppError, errorMessage } from '../../lib/errors.js';
import { smallPieceBytes, type DiskLanes } from './disk-lanes.js';
import { createReadHandles } from './read-handles.js';

const maxReadBytes = 256 * 1024 * 1024;
/** Memory for pieces that stays when nobody uses it; 8 MB. */
const mostSpare = 32;

export const footageGone = () => new AppError('not_found', 'footage_gone', 'this footage was deleted');

/** The disk fails, or too many files are open. */
const footageUnreadable = (cause: unknown) =>
  new AppError('unavailable', 'footage_unreadable', `this footage cannot be read now: ${errorMessage(cause)}`, {
    cause,
  });

function assertRange(offset: number, byteLength: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(byteLength) || offset < 0 || byteLength < 0)
    throw new AppError('invalid', 'bad_range', 'not a range of bytes');
}

export function createFootageBytes(options: { lanes: DiskLanes; pathOf: (fileId: string) => Promise<string> }) {
  const { lanes, pathOf } = options;
  /**
   * Lent to one reader after the other: pieces in memory of their own had to be collected twenty times a second with
   * twenty readers, and collecting holds up every append.
   */
  const spare: Buffer[] = [];

  async function openForReading(fileId: string): Promise<FileHandle> {
    const path = await pathOf(fileId);
    return lanes
      .read(() => open(path, 'r'))
      .catch((error: unknown) => {
        throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? footageGone() : footageUnreadable(error);
      });
  }

  const handles = createReadHandles(openForReading);

  /** Fills `into` from `offset` on. */
  async function fill(file: FileHandle, into: Buffer, offset: number): Promise<void> {
    for (let done = 0; done < into.length;) {
      const length = Math.min(lanes.pieceBytes, into.length - done);
      const { bytesRead } = await lanes.read(() => file.read(into, done, length, offset + done), length);
      if (bytesRead === 0) throw footageGone();
      done += bytesRead;
    }
  }

  async function* pieces(fileId: string, offset: number, byteLength: number): AsyncGenerator<Buffer, void, undefined> {
    assertRange(offset, byteLength);
    const { handle, giveBack } = await handles.borrow(fileId);
    const lent = spare.pop() ?? Buffer.allocUnsafeSlow(smallPieceBytes);
    try {
      if (!(await handle.holds(offset + byteLength))) throw footageGone();
      for (let done = 0; done < byteLength;) {
        const piece = lent.subarray(0, Math.min(lent.length, byteLength - done));
        await fill(handle.file, piece, offset + done);
        done += piece.length;
        yield piece;
      }
    } finally {
      if (spare.length < mostSpare) spare.push(lent);
      giveBack();
    }
  }

  return {
    async read(fileId: string, offset: number, byteLength: number, into?: Buffer): Promise<Buffer> {
      assertRange(offset, byteLength);
      if (byteLength > maxReadBytes) throw new AppError('invalid', 'bad_range', 'range too large');
      const { handle, giveBack } = await handles.borrow(fileId);
      try {
        // Before memory is taken for it.
        if (!(await handle.holds(offset + byteLength))) throw footageGone();
        const bytes =
          into === undefined || into.length < byteLength
            ? Buffer.allocUnsafe(byteLength)
            : into.subarray(0, byteLength);
        await fill(handle.file, bytes, offset);
        return bytes;
      } finally {
        giveBack();
      }
    },
    pieces,
  };
}
