// A few megabytes that are kept for the day on which the disk is full: a deletion must be noted before it makes room, and
// the note itself needs some.
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { open, rm, stat, statfs } from 'node:fs/promises';

const reserveBytes = 4 * 1024 * 1024;
/** It is not made again before there is so much room: it must not take the last of it. */
const roomBytes = 16 * reserveBytes;

export interface ChainReserve {
  /** Makes it, where it is missing and there is room. */
  keep(): Promise<void>;
  /** Gives it up; false when it was gone already. */
  release(): Promise<boolean>;
}

export function createChainReserve(path: string): ChainReserve {
  return {
    async keep() {
      const size = await stat(path).then(
        (found) => found.size,
        () => 0,
      );
      if (size === reserveBytes) return;
      const { bavail, bsize } = await statfs(dirname(path));
      if (bavail * bsize < roomBytes) return;
      const file = await open(path, 'w', 0o600);
      try {
        // Bytes that no file system can leave out.
        await file.writeFile(randomBytes(reserveBytes));
        await file.sync();
      } catch (error) {
        await rm(path, { force: true }); // no room now: it is tried again later
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
      } finally {
        await file.close();
      }
    },
    async release() {
      const there = await stat(path).then(
        () => true,
        () => false,
      );
      if (there) await rm(path, { force: true });
      return there;
    },
  };
}
