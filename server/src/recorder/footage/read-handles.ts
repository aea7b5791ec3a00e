// Keeps files that are being read open for a moment: whoever reads a clip or a playlist's media asks for the same file
// hundreds of times a second, and finding and opening it costs more than the read.
import type { FileHandle } from 'node:fs/promises';

const idleMs = 500;
const maxOpen = 32;
/** A file that retention deleted while it was open here is noticed after so long. */
const checkMs = 100;

export interface ReadHandle {
  readonly file: FileHandle;
  /** Whether the file is there and has so many bytes. */
  holds(byteLength: number): Promise<boolean>;
}

interface Held {
  readonly opening: Promise<ReadHandle>;
  users: number;
  timer: NodeJS.Timeout | undefined;
}

function readHandle(file: FileHandle): ReadHandle {
  let size = -1;
  let checkedAt = 0;
  return {
    file,
    async holds(byteLength) {
      if (byteLength <= size && performance.now() - checkedAt < checkMs) return true;
      checkedAt = performance.now();
      const stats = await file.stat();
      size = stats.nlink === 0 ? -1 : stats.size;
      return byteLength <= size;
    },
  };
}

export function createReadHandles(open: (fileId: string) => Promise<FileHandle>) {
  const held = new Map<string, Held>();

  function forget(fileId: string, one: Held): void {
    if (held.get(fileId) === one) held.delete(fileId);
    clearTimeout(one.timer);
    // Nobody could do anything about a file that was only read and does not close.
    one.opening.then(({ file }) => file.close()).catch(() => undefined);
  }

  function makeRoom(): void {
    for (const [fileId, one] of held) {
      if (held.size < maxOpen) return;
      if (one.users === 0) forget(fileId, one);
    }
  }

  function take(fileId: string): Held {
    const known = held.get(fileId);
    if (known !== undefined) return known;
    makeRoom();
    const one: Held = { opening: open(fileId).then(readHandle), users: 0, timer: undefined };
    held.set(fileId, one);
    one.opening.catch(() => {
      if (held.get(fileId) === one) held.delete(fileId); // the next one tries again
    });
    return one;
  }

  return {
    /** The open file; it stays open until `giveBack` is called. @throws what opening throws */
    async borrow(fileId: string): Promise<{ handle: ReadHandle; giveBack: () => void }> {
      const one = take(fileId);
      one.users += 1;
      clearTimeout(one.timer);
      const giveBack = () => {
        one.users -= 1;
        if (one.users === 0 && held.get(fileId) === one)
          one.timer = setTimeout(() => forget(fileId, one), idleMs).unref();
      };
      try {
        return { handle: await one.opening, giveBack };
      } catch (error) {
        giveBack();
        throw error;
      }
    },
  };
}
