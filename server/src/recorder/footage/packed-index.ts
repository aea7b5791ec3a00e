// The records of a file that is being written, kept as the bytes that stand in its index: 80 bytes a fragment instead
// of several objects, since a recorder keeps those of hundreds of files for ten minutes each.
import type { StoredFragment } from '../../lib/fragment.js';
import { decodeIndexRecord, indexRecordBytes, type IndexRecord } from './index-file.js';

export interface PackedIndex {
  readonly count: number;
  /** The bytes as they stand in the index file; copied. */
  push(encoded: Buffer): void;
  /** Negative counts from the end, as with Array.at. */
  at(position: number): IndexRecord | undefined;
  all(): IndexRecord[];
}

export function createPackedIndex(): PackedIndex {
  let bytes = Buffer.alloc(32 * indexRecordBytes);
  let count = 0;
  const read = (position: number) =>
    decodeIndexRecord(bytes.subarray(position * indexRecordBytes, (position + 1) * indexRecordBytes));
  return {
    get count() {
      return count;
    },
    push(encoded) {
      if ((count + 1) * indexRecordBytes > bytes.length) {
        const larger = Buffer.alloc(bytes.length * 2);
        bytes.copy(larger);
        bytes = larger;
      }
      encoded.copy(bytes, count * indexRecordBytes);
      count += 1;
    },
    at(position) {
      const wanted = position < 0 ? count + position : position;
      return wanted >= 0 && wanted < count ? read(wanted) : undefined;
    },
    all: () => Array.from({ length: count }, (_, position) => read(position)),
  };
}

/** What the index says of a fragment, with what its file says of all. */
export function storedFragment(
  file: { id: string; run: number; epoch: number; initId: string },
  record: IndexRecord,
): StoredFragment & { readonly epoch: number } {
  return {
    fileId: file.id,
    offset: record.offset,
    byteLength: record.byteLength,
    startAtMs: record.startAtMs,
    durationMs: record.durationMs,
    independent: record.independent,
    baseMediaDecodeTime: record.baseMediaDecodeTime,
    run: file.run,
    epoch: file.epoch,
    initId: file.initId,
    timeSource: record.timeSource,
    sampleCount: record.sampleCount,
  };
}
