import { spawnSync } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface SmallFileSystem {
  /** Takes all room that is left. */
  fill(): Promise<void>;
  /** Gives it back. */
  release(): Promise<void>;
  unmount(): void;
}

/** A file system of `byteLength` of its own at `folder`, which exists; undefined where mounting is not permitted. */
export function smallFileSystem(folder: string, byteLength: number): SmallFileSystem | undefined {
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${byteLength}`, 'tmpfs', folder]);
  if (mount.status !== 0) return undefined;
  const filler = join(folder, 'somebody-elses.bin');
  return {
    fill: async () => {
      const { bavail, bsize } = await statfs(folder);
      await writeFile(filler, Buffer.alloc(bavail * bsize, 1));
    },
    release: () => rm(filler, { force: true }),
    unmount: () => void spawnSync('umount', ['-l', folder]),
  };
}
