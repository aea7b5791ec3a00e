import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { syncFolder } from '../../lib/durable-file.js';
import { AppError, isAppError } from '../../lib/errors.js';
import type { ByteRange, ObjectDigest, ObjectStore } from './object-store.js';

const keyPattern = /^[a-z0-9_-][a-z0-9._-]{0,99}(\/[a-z0-9_-][a-z0-9._-]{0,99}){0,5}$/i;

/** Objects as files below one folder. */
export function createDiskObjectStore(folder: string): ObjectStore {
  const root = resolve(folder);

  const pathOf = (key: string): string => {
    const path = join(root, key);
    const inside = relative(root, path);
    if (!keyPattern.test(key) || inside === '' || inside.startsWith('..') || isAbsolute(inside)) {
      throw new AppError('invalid', 'bad_object_key', 'not a key of this store');
    }
    return path;
  };

  return {
    put: async (key, content, expected) => {
      const path = pathOf(key);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      // A name that no key can have, so that a torn write is never taken for an object.
      const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
      try {
        const written = await writeDurably(temporary, content);
        if (expected && (written.sha256 !== expected.sha256 || written.bytes !== expected.bytes)) {
          throw new AppError('unavailable', 'object_damaged', `${key}: the bytes are not those that were promised`);
        }
        await rename(temporary, path);
        await syncFolder(dirname(path));
        return written;
      } catch (error) {
        await rm(temporary, { force: true });
        throw diskError(error);
      }
    },

    get: async (key, range) => {
      const path = pathOf(key);
      const bytes = (await stat(path).catch(missing(key))).size;
      const { start, end } = checkedRange(range, bytes);
      return { stream: start === end ? Readable.from([]) : createReadStream(path, { start, end: end - 1 }), bytes };
    },

    delete: async (key) => {
      await rm(pathOf(key), { force: true });
    },
  };
}

async function writeDurably(path: string, content: Readable): Promise<ObjectDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of content) {
      const buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as Uint8Array | string);
      hash.update(buffer);
      bytes += buffer.length;
      await file.writeFile(buffer);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sha256: hash.digest('hex'), bytes };
}

function checkedRange(range: ByteRange | undefined, bytes: number): ByteRange {
  if (range === undefined) return { start: 0, end: bytes };
  if (!(range.start >= 0 && range.start <= range.end && range.end <= bytes)) {
    throw new AppError('invalid', 'bad_range', `the object has ${bytes} bytes`);
  }
  return range;
}

function missing(key: string) {
  return (error: NodeJS.ErrnoException): never => {
    if (error.code === 'ENOENT') throw new AppError('not_found', 'object_missing', `${key} is not in the store`);
    throw error;
  };
}

function diskError(error: unknown): unknown {
  if (isAppError(error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('unavailable', 'disk_full', 'no space left on the disk', { cause: error });
  }
  return error;
}
