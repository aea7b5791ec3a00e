// One footage file being written, with its index: appends fragment by fragment, flushes, closes in order. What a failed
// write left behind is cut off, so that both end with the last whole fragment.
import { hash } from 'node:crypto';
import type { Clock } from '../../lib/clock.js';
import type { Fragment, InitSegment } from '../../lib/fragment.js';
import type { DiskLanes } from './disk-lanes.js';
import { syncFoldersOf, writeAll, type FootageDisk, type WritableFile } from './footage-disk.js';
import { indexPathOf } from './footage-paths.js';
import {
  encodeClosingRecord,
  encodeIndexHeader,
  encodeIndexRecord,
  indexRecordBytes,
  type IndexHeader,
  type IndexRecord,
} from './index-file.js';
import { createPackedIndex, type PackedIndex } from './packed-index.js';
import { encodeTimeBox } from './time-box.js';

export interface OpenFile {
  /** Relative to the footage folder, with `/`. */
  readonly path: string;
  readonly header: IndexHeader;
  readonly initSha256: Buffer;
  readonly records: Omit<PackedIndex, 'all'>;
  /** All records, from memory or read back. @throws when the index cannot be read, or is not what was written */
  allRecords(): Promise<IndexRecord[]>;
  readonly byteLength: number;
  /** The disk failed to keep what it was given: nothing more is written to this file. */
  readonly failed: boolean;
  /** Since when there are bytes that may not be on the disk; monotonic, undefined when there are none. */
  readonly unflushedSinceMs: number | undefined;
  readonly isFlushing: boolean;
  /** In the page cache, in media and index, when it resolves. After a rejection nothing of the fragment is there. */
  append(fragment: Fragment): Promise<IndexRecord>;
  /** What was appended before is on the disk when it resolves. */
  flush(): Promise<void>;
  /** Closing record, flush, both handles closed. @throws after which both handles are closed all the same */
  finish(): Promise<void>;
  /** Both handles closed, both files removed. */
  discard(): Promise<void>;
}

export interface OpenFileOptions {
  readonly path: string;
  /** Absolute path of the media file. */
  readonly mediaPath: string;
  readonly header: IndexHeader;
  /** Not the first fragment, whose memory would stay for as long as the file. */
  readonly init: InitSegment;
  readonly isNewFolder: boolean;
  readonly disk: FootageDisk;
  readonly lanes: DiskLanes;
  readonly clock: Clock;
}

/** @throws EEXIST when there is such a file; whatever the disk throws, after which nothing is left */
export async function createOpenFile(options: OpenFileOptions): Promise<OpenFile> {
  const { mediaPath, header, init, disk } = options;
  const indexPath = indexPathOf(mediaPath);
  const media = await disk.create(mediaPath);
  let index: WritableFile | undefined;
  const indexHeader = encodeIndexHeader(header);
  try {
    await disk.remove(indexPath); // an index without its file is nothing
    index = await disk.create(indexPath);
    await writeAll(media, [init.bytes], 0);
    await writeAll(index, [indexHeader], 0);
  } catch (error) {
    await media.close().catch(() => undefined); // it is removed next
    await index?.close().catch(() => undefined);
    await disk.remove(mediaPath).catch(() => undefined); // a file without a fragment is known for what it is
    await disk.remove(indexPath).catch(() => undefined);
    throw error;
  }
  return openFile(options, media, index, indexHeader.length);
}

function openFile(options: OpenFileOptions, media: WritableFile, index: WritableFile, headerBytes: number): OpenFile {
  const { path, mediaPath, header, init, disk, lanes, clock } = options;
  const initSha256 = hash('sha256', init.bytes, 'buffer');
  const records = createPackedIndex();
  let byteLength = header.initByteLength;
  let tornTail = false;
  let failed = false;
  let folderFlushed = false;
  let unflushedSinceMs: number | undefined = clock.monotonicMs();
  let flushingSinceMs: number | undefined;
  let flushing: Promise<void> | undefined;

  const indexBytes = () => headerBytes + records.count * indexRecordBytes;

  async function cutTail(): Promise<void> {
    await media.truncate(byteLength);
    await index.truncate(indexBytes());
    tornTail = false;
  }

  async function flushNow(): Promise<void> {
    try {
      // The index is flushed when the file is closed: whatever a power cut takes of it is made anew from the boxes.
      await lanes.flush.run(() => {
        flushingSinceMs = unflushedSinceMs;
        unflushedSinceMs = undefined;
        return media.datasync();
      });
      if (!folderFlushed) await lanes.flush.run(() => syncFoldersOf(disk, mediaPath, options.isNewFolder));
      folderFlushed = true;
      flushingSinceMs = undefined;
    } catch (error) {
      // The system may have thrown away what it could not write and call the next flush a success.
      failed = true;
      throw error;
    }
  }

  function flush(): Promise<void> {
    flushing ??= flushNow().finally(() => (flushing = undefined));
    return flushing;
  }

  async function closeBoth(): Promise<void> {
    const results = await Promise.allSettled([media.close(), index.close()]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  return {
    path,
    header,
    initSha256,
    records,
    allRecords: () =>
      records.all((byteLength) => lanes.read(() => disk.read(indexPathOf(mediaPath), headerBytes, byteLength))),
    get byteLength() {
      return byteLength;
    },
    get failed() {
      return failed;
    },
    get unflushedSinceMs() {
      return flushingSinceMs ?? unflushedSinceMs;
    },
    get isFlushing() {
      return flushing !== undefined;
    },
    async append(next) {
      const { trackId } = next.init;
      const timeBox = encodeTimeBox(trackId, next.startAtMs, next.baseMediaDecodeTime, next.timeSource);
      const record: IndexRecord = {
        offset: byteLength + timeBox.length,
        byteLength: next.bytes.length,
        sampleCount: next.sampleCount,
        startAtMs: next.startAtMs,
        durationMs: next.durationMs,
        baseMediaDecodeTime: next.baseMediaDecodeTime,
        independent: next.independent,
        timeSource: next.timeSource,
        sha256: hash('sha256', next.bytes, 'buffer'),
      };
      const encoded = encodeIndexRecord(record);
      const atMs = clock.monotonicMs();
      // Side by side: what a crash leaves of either is made good by the other.
      const writes = [writeAll(media, [timeBox, next.bytes], byteLength), writeAll(index, [encoded], indexBytes())];
      try {
        await Promise.all(writes);
      } catch (error) {
        tornTail = true;
        await Promise.allSettled(writes);
        await cutTail().catch(() => undefined); // tried again before the file is closed
        throw error;
      }
      records.push(encoded);
      // A flush that began meanwhile may have missed it.
      unflushedSinceMs = Math.min(unflushedSinceMs ?? atMs, atMs);
      byteLength = record.offset + record.byteLength;
      return record;
    },
    flush,
    async finish() {
      try {
        await flushing?.catch(() => undefined); // who asked for it was told
        if (tornTail) await cutTail();
        if (failed) throw new Error('an earlier flush failed');
        await flushNow();
        await writeAll(index, [encodeClosingRecord(byteLength)], indexBytes());
        await lanes.flush.run(() => index.datasync());
      } catch (error) {
        await closeBoth().catch(() => undefined); // the first failure is the one to tell
        throw error;
      }
      await closeBoth();
    },
    async discard() {
      await flushing?.catch(() => undefined); // it is removed next
      await closeBoth().catch(() => undefined);
      await disk.remove(mediaPath);
      await disk.remove(indexPathOf(mediaPath));
    },
  };
}
