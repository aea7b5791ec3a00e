// Writes one cut as a progressive MP4: header first, then the samples copied from the footage, byte for byte. The file
// appears under its name only when it is whole and on the disk.
import { createHash } from 'node:crypto';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../lib/durable-file.js';
import { AppError } from '../../lib/errors.js';
import { buildMovieHead, type AudioTrackOfMovie, type Chunk } from '../../lib/isobmff/progressive-movie.js';
import { g711Name, listenedInit, listenedName } from './clip-sounds.js';
import { g711Of, type ConvertedSound } from './converted-sound.js';
import { fragmentAt, type Cut } from './cut-plan.js';
import type { FootageSource } from './footage-source.js';
import { readAhead } from './read-ahead.js';

/** Read at once: some seconds of footage, with the headers between its fragments. */
const maxStretchBytes = 1024 * 1024;
const maxSkippedBytes = 64 * 1024;
const stretchesAhead = 2;
const flushEveryBytes = 16 * 1024 * 1024;

export interface WrittenClip {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

interface Context {
  readonly footage: FootageSource;
  /** AAC beside the G.711 that the cut carries. */
  readonly converted?: ConvertedSound | undefined;
  readonly signal: AbortSignal;
  /** Called with the bytes written so far of this file and in all. */
  readonly onProgress: (writtenBytes: number, totalBytes: number) => void;
}

/** Bytes of a fragment, or of what was converted, that hold samples of one track side by side. */
interface SourceChunk {
  readonly track: 'video' | 'audio' | 'converted';
  readonly fragment: number;
  /** Into the fragment, or into what was converted. */
  readonly offset: number;
  readonly byteLength: number;
  readonly samples: number;
}

/** A table of samples as the index of either track has it. */
interface Columns {
  readonly offsets: Uint32Array;
  readonly sizes: Uint32Array;
}

/** Chunks of the samples [from, to), which lie in one fragment. */
function* chunksOfFragment(
  track: SourceChunk['track'],
  fragment: number,
  { offsets, sizes }: Columns,
  from: number,
  to: number,
): Generator<SourceChunk> {
  for (let sample = from; sample < to;) {
    const offset = offsets[sample] as number;
    const first = sample;
    let byteLength = 0;
    while (sample < to && (offsets[sample] as number) === offset + byteLength) byteLength += sizes[sample++] as number;
    yield { track, fragment, offset, byteLength, samples: sample - first };
  }
}

function videoChunks({ index, firstSample, endSample }: Cut): SourceChunk[] {
  const chunks: SourceChunk[] = [];
  for (let fragment = fragmentAt(index, firstSample); fragment < index.fragments.length; fragment++) {
    const start = Math.max(firstSample, index.firstSampleOf[fragment] as number);
    const end = Math.min(endSample, index.firstSampleOf[fragment + 1] as number);
    if (start >= endSample) break;
    chunks.push(...chunksOfFragment('video', fragment, index, start, end));
  }
  return chunks;
}

function audioChunks({ index, sound }: Cut): SourceChunk[] {
  const units = index.sound;
  const chunks: SourceChunk[] = [];
  if (units === undefined || sound === undefined) return chunks;
  for (let start = sound.first; start < sound.end;) {
    const fragment = units.fragmentOf[start] as number;
    let end = start;
    while (end < sound.end && units.fragmentOf[end] === fragment) end++;
    chunks.push(...chunksOfFragment('audio', fragment, units, start, end));
    start = end;
  }
  return chunks;
}

/** Bytes of one footage file that hold several chunks, with little else between them. */
interface Stretch {
  readonly fileId: string;
  readonly offset: number;
  byteLength: number;
  /** Offsets into the stretch, or into what was converted. */
  readonly chunks: { readonly offset: number; readonly byteLength: number; readonly isConverted: boolean }[];
}

/** What is read at once. */
function* stretchesOf({ index }: Cut, chunks: readonly SourceChunk[]): Generator<Stretch> {
  let stretch: Stretch | undefined;
  for (const chunk of chunks) {
    const fragment = index.fragments[chunk.fragment];
    if (fragment === undefined) throw new RangeError('chunk outside of the index');
    const { byteLength } = chunk;
    if (chunk.track === 'converted' && stretch !== undefined) {
      stretch.chunks.push({ offset: chunk.offset, byteLength, isConverted: true });
      continue;
    }
    const start = fragment.offset + chunk.offset;
    const skipped = stretch === undefined ? 0 : start - stretch.offset - stretch.byteLength;
    if (
      stretch === undefined ||
      stretch.fileId !== fragment.fileId ||
      skipped < 0 ||
      skipped > maxSkippedBytes ||
      stretch.byteLength + skipped + byteLength > maxStretchBytes
    ) {
      if (stretch !== undefined) yield stretch;
      stretch = { fileId: fragment.fileId, offset: start, byteLength: 0, chunks: [] };
    }
    stretch.chunks.push({ offset: start - stretch.offset, byteLength, isConverted: false });
    stretch.byteLength = start - stretch.offset + byteLength;
  }
  if (stretch !== undefined) yield stretch;
}

/** Behind the chunks of each fragment the same share of what was converted. */
function withConverted(chunks: readonly SourceChunk[], { sizes }: ConvertedSound): SourceChunk[] {
  const all: SourceChunk[] = [];
  let samples = 0;
  let offset = 0;
  for (const [place, chunk] of chunks.entries()) {
    all.push(chunk);
    const { fragment } = chunk;
    if (chunks[place + 1]?.fragment === fragment) continue;
    const end = Math.round((sizes.length * (place + 1)) / chunks.length);
    if (end === samples) continue;
    const byteLength = sizes.subarray(samples, end).reduce((sum, size) => sum + size, 0);
    all.push({ track: 'converted', fragment, offset, byteLength, samples: end - samples });
    samples = end;
    offset += byteLength;
  }
  return all;
}

/** In the order of the footage, so that picture and sound of one time lie together. */
function chunksOf(cut: Cut, converted: ConvertedSound | undefined): SourceChunk[] {
  const video = videoChunks(cut);
  if (cut.sound === undefined) return video;
  const chunks = [...video, ...audioChunks(cut)].sort((a, b) => a.fragment - b.fragment || a.offset - b.offset);
  return converted === undefined ? chunks : withConverted(chunks, converted);
}

/** What was converted comes first and plays by itself: players that know G.711 too play one of both. */
function soundsOf(
  { index, sound, ...cut }: Cut,
  converted: ConvertedSound | undefined,
  chunks: Record<'audio' | 'converted', Chunk[]>,
): AudioTrackOfMovie[] {
  const units = index.sound;
  if (units === undefined || sound === undefined) return [];
  const format = g711Of({ index, sound, ...cut });
  const own: AudioTrackOfMovie = {
    timescale: units.timescale,
    edits: sound.edits,
    ...(format === undefined ? {} : { name: g711Name(format), enabled: converted === undefined }),
    samples: {
      count: sound.end - sound.first,
      durations: units.durations.subarray(sound.first, sound.end),
      sizes: units.sizes.subarray(sound.first, sound.end),
      chunks: chunks.audio,
    },
  };
  if (converted === undefined) return [own];
  const { sizes, durations, edits } = converted;
  return [
    {
      ...{ timescale: units.timescale, edits, name: listenedName, init: listenedInit(converted.format) },
      samples: { count: sizes.length, durations, sizes, chunks: chunks.converted },
    },
    own,
  ];
}

function headOf(
  cut: Cut,
  chunks: readonly SourceChunk[],
  converted: ConvertedSound | undefined,
): { head: Buffer; dataBytes: number } {
  const { index, firstSample, endSample } = cut;
  const tables = { video: [] as Chunk[], audio: [] as Chunk[], converted: [] as Chunk[] };
  let dataBytes = 0;
  for (const { track, samples, byteLength } of chunks) {
    tables[track].push({ samples, offset: dataBytes });
    dataBytes += byteLength;
  }
  const head = buildMovieHead({
    init: index.init,
    creationAtMs: cut.fromMs,
    dataBytes,
    video: {
      timescale: index.timescale,
      edits: [{ duration: cut.editDuration, mediaTime: cut.editMediaTime }],
      samples: {
        count: endSample - firstSample,
        durations: index.durations.subarray(firstSample, endSample),
        sizes: index.sizes.subarray(firstSample, endSample),
        compositionOffsets: index.compositionOffsets.subarray(firstSample, endSample),
        sync: index.sync.subarray(firstSample, endSample),
        chunks: tables.video,
      },
    },
    audio: soundsOf(cut, converted, tables),
  });
  return { head, dataBytes };
}

async function exactly(file: FileHandle, offset: number, byteLength: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(byteLength), 0, byteLength, offset);
  if (bytesRead < byteLength) throw new AppError('internal', 'internal', 'what was converted is shorter than it was');
  return buffer;
}

/**
 * Writes `cut` to `path`. @throws AppError not_found footage_gone; the system's error (ENOSPC) when writing fails; the
 * signal's reason. Nothing is left behind then.
 */
export async function writeClip(cut: Cut, path: string, context: Context): Promise<WrittenClip> {
  const { footage, converted, signal, onProgress } = context;
  const chunks = chunksOf(cut, converted);
  const { head, dataBytes } = headOf(cut, chunks, converted);
  const totalBytes = head.length + dataBytes;
  const hash = createHash('sha256');
  const partPath = `${path}.part`;
  const sound = converted === undefined ? undefined : await open(converted.path, 'r');
  const file = await open(partPath, 'w', 0o600).catch(async (error: unknown) => {
    await sound?.close();
    throw error;
  });
  let written = 0;
  let unflushed = 0;
  let flushing: Promise<void> | undefined;
  /** While one piece is hashed the one before is written and those that follow are read. */
  let writing: Promise<void> = Promise.resolve();

  /** The disk begins early with what it must have in the end. */
  function flushAhead(): void {
    if (unflushed < flushEveryBytes || flushing !== undefined) return;
    unflushed = 0;
    flushing = file
      .datasync()
      .catch(() => undefined) // the last flush tells
      .finally(() => (flushing = undefined));
  }
  async function writeAll(buffers: Buffer[], byteLength: number): Promise<void> {
    const { bytesWritten } = await file.writev(buffers);
    // A disk that is full writes a part; what is left then says why it is not written.
    if (bytesWritten < byteLength) {
      const rest = Buffer.concat(buffers).subarray(bytesWritten);
      for (let done = 0; done < rest.length;) done += (await file.write(rest, done)).bytesWritten;
    }
    written += byteLength;
    unflushed += byteLength;
    onProgress(written, totalBytes);
    flushAhead();
  }
  async function write(buffers: Buffer[]): Promise<void> {
    let byteLength = 0;
    for (const bytes of buffers) {
      hash.update(bytes);
      byteLength += bytes.length;
    }
    await writing;
    writing = writeAll(buffers, byteLength);
    writing.catch(() => undefined); // thrown where it is waited for
  }

  try {
    try {
      await write([head]);
      // Used in turn: one is written, one looked at, the others are being read into.
      const buffers = Array.from({ length: stretchesAhead + 2 }, () => Buffer.allocUnsafeSlow(maxStretchBytes));
      const read = async (stretch: Stretch) => {
        signal.throwIfAborted();
        const into = buffers.shift()!;
        buffers.push(into);
        const bytes = await footage.read(stretch.fileId, stretch.offset, stretch.byteLength, into);
        if (bytes.length !== stretch.byteLength)
          throw new AppError('not_found', 'footage_gone', `footage file ${stretch.fileId} is shorter than its index`);
        return { stretch, bytes };
      };
      for await (const { stretch, bytes } of readAhead(stretchesOf(cut, chunks), stretchesAhead, read))
        await write(
          await Promise.all(
            stretch.chunks.map(({ offset, byteLength, isConverted }) =>
              isConverted && sound !== undefined
                ? exactly(sound, offset, byteLength)
                : bytes.subarray(offset, offset + byteLength),
            ),
          ),
        );
      await writing;
      await flushing;
      await file.sync();
    } finally {
      await writing.catch(() => undefined); // nothing may be written to a file that is closed
      await flushing;
      await file.close();
      await sound?.close();
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
