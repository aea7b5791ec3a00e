import { spawnSync } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemDisk, type FootageDisk } from '../footage-disk.js';
import type { DiskSpace } from '../retention.js';
import { noSpace } from './fake-disk.js';

export interface SmallDisk {
  readonly disk: FootageDisk;
  readonly space: () => Promise<DiskSpace>;
  /** Takes room away, as a file of somebody else does; `release` gives it back. */
  fill(byteLength: number): Promise<void>;
  release(): Promise<void>;
  unmount(): void;
}

/**
 * A file system of its own of `byteLength` at `folder`, so that everything, the catalogue included, meets the full disk;
 * where that is not permitted, a counted one.
 */
export function mountedDisk(folder: string, byteLength: number): SmallDisk {
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${byteLength}`, 'tmpfs', folder]);
  if (mount.status !== 0) return countedDisk(byteLength);
  const filler = join(folder, 'somebody-elses.bin');
  return {
    disk: systemDisk,
    fill: (bytes) => writeFile(filler, Buffer.alloc(bytes, 1)),
    release: () => rm(filler),
    async space() {
      const stats = await statfs(folder);
      return { freeBytes: stats.bavail * stats.bsize, totalBytes: stats.blocks * stats.bsize };
    },
    unmount: () => void spawnSync('umount', ['-l', folder]),
  };
}

/** The system's disk, with room for so many bytes of footage files. */
export function countedDisk(byteLength: number): SmallDisk {
  let freeBytes = byteLength;
  let filled = 0;
  const sizes = new Map<string, number>();
  return {
    fill(bytes) {
      filled += bytes;
      freeBytes -= bytes;
      return Promise.resolve();
    },
    release() {
      freeBytes += filled;
      filled = 0;
      return Promise.resolve();
    },
    unmount: () => undefined,
    space: () => Promise.resolve({ freeBytes, totalBytes: byteLength }),
    disk: {
      ...systemDisk,
      async create(path) {
        if (freeBytes < 4096) throw noSpace();
        const file = await systemDisk.create(path);
        sizes.set(path, 0);
        const resize = (size: number) => {
          freeBytes -= size - (sizes.get(path) ?? 0);
          sizes.set(path, size);
        };
        return {
          async writev(buffers, position) {
            const end = position + buffers.reduce((sum, buffer) => sum + buffer.length, 0);
            const room = freeBytes + (sizes.get(path) ?? 0) - position;
            if (room <= 0) throw noSpace();
            const fitting = Buffer.concat(buffers).subarray(0, room);
            // At once: another write may be under way.
            resize(Math.max(sizes.get(path) ?? 0, Math.min(end, position + fitting.length)));
            return file.writev([fitting], position);
          },
          datasync: () => file.datasync(),
          async truncate(length) {
            await file.truncate(length);
            resize(length);
          },
          close: () => file.close(),
        };
      },
      async remove(path) {
        await systemDisk.remove(path);
        freeBytes += sizes.get(path) ?? 0;
        sizes.delete(path);
      },
    },
  };
}
