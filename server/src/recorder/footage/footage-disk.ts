// What footage asks of the disk when it writes, so that tests can put a slow, full or failing one in its place.
import { close, fdatasync, ftruncate, open as openWith, writev } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { syncFolder } from '../../lib/durable-file.js';
import { canWrite, type WriteThread } from './write-thread.js';

/** A file being written. Every call may fail as the system's do, with its `code`. */
export interface WritableFile {
  writev(buffers: Buffer[], position: number): Promise<{ bytesWritten: number }>;
  /** When it resolves, what was written before the call is on the disk. */
  datasync(): Promise<void>;
  truncate(byteLength: number): Promise<void>;
  close(): Promise<void>;
}

export interface FootageDisk {
  /** @throws when the file is not there or shorter */
  read(path: string, offset: number, byteLength: number): Promise<Buffer>;
  /** @throws EEXIST */
  create(path: string): Promise<WritableFile>;
  /** Returns whether a folder had to be made. */
  makeFolder(path: string): Promise<boolean>;
  /** Old or new content after a crash of the process, never a mixture; after a power cut possibly neither. */
  replace(path: string, content: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
  /** Not there is no error. */
  remove(path: string): Promise<void>;
}

async function readPart(path: string, offset: number, byteLength: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(byteLength);
    const { bytesRead } = await file.read(bytes, 0, byteLength, offset);
    if (bytesRead < byteLength) throw new Error('the file is shorter than it was');
    return bytes;
  } finally {
    await file.close();
  }
}

/** By number: a file handle of promises costs twice as much, hundreds of times a second. */
const [openNumber, writeNumber, datasyncNumber, truncateNumber, closeNumber] = [
  promisify(openWith),
  promisify(writev),
  promisify(fdatasync),
  promisify(ftruncate),
  promisify(close),
];

function writableFile(fd: number, thread?: WriteThread): WritableFile {
  let closed = false;
  /** The system gives the number of a closed file to the next one. */
  const use = <T>(call: () => Promise<T>): Promise<T> =>
    closed ? Promise.reject(Object.assign(new Error('the file is closed'), { code: 'EBADF' })) : call();
  return {
    writev: (buffers, position) =>
      use(() =>
        thread !== undefined && canWrite(buffers)
          ? thread.writev(fd, buffers, position)
          : writeNumber(fd, buffers, position),
      ),
    datasync: () => use(() => datasyncNumber(fd)),
    truncate: (byteLength) => use(() => truncateNumber(fd, byteLength)),
    close() {
      const closing = use(() => closeNumber(fd));
      closed = true;
      return closing;
    },
  };
}

const createFile = async (path: string, thread?: WriteThread): Promise<WritableFile> =>
  writableFile(await openNumber(path, 'wx', 0o600), thread);

export const systemDisk: FootageDisk = {
  read: readPart,
  create: (path) => createFile(path),
  makeFolder: async (path) => (await mkdir(path, { recursive: true, mode: 0o700 })) !== undefined,
  async replace(path, content) {
    await writeFile(`${path}.new`, content, { mode: 0o600 });
    await rename(`${path}.new`, path);
  },
  syncFolder,
  remove: (path) => rm(path, { force: true }),
};

/** Its files are written by a thread of their own where it can. */
export function diskWithThread(thread: WriteThread): FootageDisk {
  return { ...systemDisk, create: (path) => createFile(path, thread) };
}

/** Makes nothing new where the footage volume is not: below its mount point lies another disk. */
export function diskOnVolume(disk: FootageDisk, requireMounted: () => Promise<void>): FootageDisk {
  return {
    ...disk,
    async makeFolder(path) {
      await requireMounted();
      return disk.makeFolder(path);
    },
    async replace(path, content) {
      await requireMounted();
      await disk.replace(path, content);
    },
  };
}

/** @throws ENOSPC also where the system wrote only a part and said nothing */
export async function writeAll(file: WritableFile, buffers: Buffer[], position: number): Promise<void> {
  const wanted = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  const { bytesWritten } = await file.writev(buffers, position);
  if (bytesWritten !== wanted)
    throw Object.assign(new Error(`only ${bytesWritten} of ${wanted} bytes were written`), { code: 'ENOSPC' });
}

/** The folder in which a file lies, and the one above it when the folder itself is new. */
export async function syncFoldersOf(disk: FootageDisk, path: string, isNewFolder: boolean): Promise<void> {
  const folder = dirname(path);
  await disk.syncFolder(folder);
  if (isNewFolder) {
    await disk.syncFolder(dirname(folder));
    await disk.syncFolder(dirname(dirname(folder)));
  }
}
