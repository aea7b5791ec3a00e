// The newest records of a file that is being written, kept as the bytes that stand in its index. Hundreds of files are
// written for ten minutes each: what is older is read back from the index when somebody asks, so that memory is the same
// from the first minute on. A digest tells whether what is read is what was written.
import { createHash, hash } from 'node:crypto';
import type { StoredFragment } from '../../lib/fragment.js';
import { decodeIndexRecord, indexRecordBytes, type IndexRecord } from './index-file.js';

/** More than two minutes of one fragment a second, for whoever begins to watch. */
export const rememberedRecords = 160;

export interface PackedIndex {
  readonly count: number;
  readonly first: IndexRecord | undefined;
  /** The bytes as they stand in the index file; copied. */
  push(encoded: Buffer): void;
  /** Negative counts from the end, as with Array.at. Undefined also for what is not remembered any more. */
  at(position: number): IndexRecord | undefined;
  /** All that have been pushed by now; `readBack` gives the bytes of the first `byteLength` bytes of records. */
  all(readBack: (byteLength: number) => Promise<Buffer>): Promise<IndexRecord[]>;
}

export function createPackedIndex(): PackedIndex {
  // Filled at once: memory that is not touched yet would be counted as growth later on.
  const ring = Buffer.allocUnsafeSlow(rememberedRecords * indexRecordBytes).fill(0);
  const digest = createHash('sha256');
  let first: IndexRecord | undefined;
  let count = 0;
  const slot = (position: number) => (position % rememberedRecords) * indexRecordBytes;
  const read = (position: number) =>
    decodeIndexRecord(ring.subarray(slot(position), slot(position) + indexRecordBytes));
  return {
    get count() {
      return count;
    },
    get first() {
      return first;
    },
    push(encoded) {
      first ??= decodeIndexRecord(encoded);
      encoded.copy(ring, slot(count));
      digest.update(encoded);
      count += 1;
    },
    at(position) {
      const wanted = position < 0 ? count + position : position;
      return wanted >= Math.max(0, count - rememberedRecords) && wanted < count ? read(wanted) : undefined;
    },
    async all(readBack) {
      const total = count;
      const wanted = digest.copy().digest();
      if (total <= rememberedRecords) return Array.from({ length: total }, (_, position) => read(position));
      const bytes = await readBack(total * indexRecordBytes);
      if (!hash('sha256', bytes, 'buffer').equals(wanted)) throw new Error('the index is not what was written');
      return Array.from({ length: total }, (_, position) =>
        decodeIndexRecord(bytes.subarray(position * indexRecordBytes, (position + 1) * indexRecordBytes)),
      );
    },
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
