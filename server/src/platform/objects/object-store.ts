import type { Readable } from 'node:stream';

/** What must be true of the bytes; checked while they are written. */
export interface ObjectDigest {
  /** Lower-case hex. */
  sha256: string;
  bytes: number;
}

/** Half-open range of bytes: `end` is exclusive. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Whole files that never change, by key: clips and packages. Keys are words of `[a-z0-9._-]` joined by slashes, made
 * by us and never taken from a request.
 */
export interface ObjectStore {
  /**
   * Durable when it resolves, and then the object is there whole; otherwise nothing is.
   * @throws AppError unavailable `object_damaged` when the bytes are not those promised, `disk_full`.
   */
  put(key: string, content: Readable, expected?: ObjectDigest): Promise<ObjectDigest>;
  /** @throws AppError not_found `object_missing`. */
  get(key: string, range?: ByteRange): Promise<{ stream: Readable; bytes: number }>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
}
