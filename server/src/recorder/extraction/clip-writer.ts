// Writes one cut as a progressive MP4: header first, then the samples copied from the footage, byte for byte. The file
// appears under its name only when it is whole and on the disk.
import { createHash } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../lib/errors.js';
import { buildMovieHead } from '../../lib/isobmff/progressive-movie.js';
import { fragmentAt, type Cut } from './cut-plan.js';
import type { FootageSource } from './footage-source.js';

export interface WrittenClip {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

interface Context {
  readonly footage: FootageSource;
  readonly signal: AbortSignal;
  /** Called with the bytes written so far of this file and in all. */
  readonly onProgress: (writtenBytes: number, totalBytes: number) => void;
}

/** Bytes of a fragment that hold samples side by side, and which samples these are. */
interface Chunk {
  readonly fragment: number;
  readonly offset: number;
  readonly byteLength: number;
  readonly samples: number;
}

function chunksOf(cut: Cut): Chunk[] {
  const { index } = cut;
  const chunks: Chunk[] = [];
  for (let fragment = fragmentAt(index, cut.firstSample); fragment < index.fragments.length; fragment++) {
    const start = Math.max(cut.firstSample, index.firstSampleOf[fragment] as number);
    const end = Math.min(cut.endSample, index.firstSampleOf[fragment + 1] as number);
    if (start >= cut.endSample) break;
    for (let sample = start; sample < end;) {
      const offset = index.offsets[sample] as number;
      const first = sample;
      let byteLength = 0;
      while (sample < end && (index.offsets[sample] as number) === offset + byteLength)
        byteLength += index.sizes[sample++] as number;
      chunks.push({ fragment, offset, byteLength, samples: sample - first });
    }
  }
  return chunks;
}

function headOf(cut: Cut, chunks: readonly Chunk[]) {
  const { index, firstSample, endSample } = cut;
  return buildMovieHead({
    init: index.init,
    timescale: index.timescale,
    editMediaTime: cut.editMediaTime,
    editDuration: cut.editDuration,
    creationAtMs: cut.fromMs,
    samples: {
      count: endSample - firstSample,
      durations: index.durations.subarray(firstSample, endSample),
      sizes: index.sizes.subarray(firstSample, endSample),
      compositionOffsets: index.compositionOffsets.subarray(firstSample, endSample),
      sync: index.sync.subarray(firstSample, endSample),
      samplesOfChunk: chunks.map((chunk) => chunk.samples),
    },
  });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Writes `cut` to `path`. @throws AppError not_found footage_gone; the system's error (ENOSPC) when writing fails; the
 * signal's reason. Nothing is left behind then.
 */
export async function writeClip(cut: Cut, path: string, context: Context): Promise<WrittenClip> {
  const { footage, signal, onProgress } = context;
  const chunks = chunksOf(cut);
  const { head, dataBytes } = headOf(cut, chunks);
  const totalBytes = head.length + dataBytes;
  const hash = createHash('sha256');
  const partPath = `${path}.part`;
  const file = await open(partPath, 'w', 0o600);
  let written = 0;
  const write = async (bytes: Buffer) => {
    hash.update(bytes);
    for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten;
    written += bytes.length;
    onProgress(written, totalBytes);
  };
  try {
    try {
      await write(head);
      for (const chunk of chunks) {
        signal.throwIfAborted();
        const fragment = cut.index.fragments[chunk.fragment];
        if (fragment === undefined) throw new RangeError('chunk outside of the index');
        const bytes = await footage.read(fragment.fileId, fragment.offset + chunk.offset, chunk.byteLength);
        if (bytes.length !== chunk.byteLength)
          throw new AppError('not_found', 'footage_gone', `footage file ${fragment.fileId} is shorter than its index`);
        await write(bytes);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partPath, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await unlink(partPath).catch((failure: NodeJS.ErrnoException) => {
      if (failure.code !== 'ENOENT') throw failure;
    });
    throw error;
  }
  return { bytes: written, sha256: hash.digest('hex') };
}
