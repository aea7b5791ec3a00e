// The samples of one decodable stretch of footage (one run, one init segment), read from the fragments' headers and
// kept in columns, so that hours of video fit in a few megabytes.
import { parseTrackDefaults, type SampleDefaults } from '../../lib/isobmff/moof.js';
import { audioTrackOf } from '../../lib/isobmff/init-segment.js';
import { readMoofWithSound } from '../../lib/isobmff/moof-reader.js';
import { AppError } from '../../lib/errors.js';
import type { FootageSource, SourceFragment } from './footage-source.js';
import { readAhead } from './read-ahead.js';
import { SoundIndexBuilder, type SoundIndex } from './sound-index.js';

/** A step between wall time and media time, or a hole in the media, above this ends one file and begins another. */
const maxStepMs = 250;
/** Headers that are read while one is looked at. */
const headersAhead = 7;

export interface SampleIndex {
  readonly init: Buffer;
  readonly timescale: number;
  /** The fragments of the stretch; `fragmentOf` points into it. */
  readonly fragments: readonly SourceFragment[];
  /** First sample of each fragment, and one past the last. */
  readonly firstSampleOf: readonly number[];
  /** Grows where presentation is interrupted: one piece is one file. */
  readonly pieceOf: readonly number[];
  readonly count: number;
  /** Ticks after the decode time of the first fragment. */
  readonly decodeTicks: Float64Array;
  readonly durations: Uint32Array;
  readonly sizes: Uint32Array;
  readonly compositionOffsets: Int32Array;
  readonly sync: Uint8Array;
  /** Of keyframes: so many more samples until what is shown is right, where it is refreshed piece by piece. */
  readonly recovery: Uint16Array;
  /** Into the fragment. */
  readonly offsets: Uint32Array;
  /** UTC, ms, of presentation. */
  readonly shownAtMs: Float64Array;
  /** Absent where no sound was recorded. */
  readonly sound?: SoundIndex;
}

interface Context {
  readonly footage: FootageSource;
  readonly signal: AbortSignal;
}

/** Fragments that one decoder can take one after the other. */
export function decodableStretches(fragments: readonly SourceFragment[]): SourceFragment[][] {
  const stretches: SourceFragment[][] = [];
  for (const fragment of fragments) {
    const stretch = stretches.at(-1);
    const last = stretch?.at(-1);
    if (
      stretch !== undefined &&
      last !== undefined &&
      last.run === fragment.run &&
      last.initId === fragment.initId &&
      last.baseMediaDecodeTime < fragment.baseMediaDecodeTime
    )
      stretch.push(fragment);
    else stretches.push([fragment]);
  }
  return stretches;
}

function isInterrupted(last: SourceFragment, next: SourceFragment, timescale: number): boolean {
  const mediaMs = (Number(next.baseMediaDecodeTime - last.baseMediaDecodeTime) * 1000) / timescale;
  return (
    Math.abs(next.startAtMs - last.startAtMs - mediaMs) > maxStepMs || Math.abs(mediaMs - last.durationMs) > maxStepMs
  );
}

async function fileOf(footage: FootageSource, fileId: string) {
  const file = await footage.file(fileId);
  if (file === undefined) throw new AppError('not_found', 'footage_gone', `footage file ${fileId} is gone`);
  return file;
}

/** Reads the headers of all fragments of one stretch. @throws AppError not_found footage_gone, invalid bad_mp4 */
export async function readSampleIndex(stretch: readonly SourceFragment[], context: Context): Promise<SampleIndex> {
  const first = stretch[0];
  if (first === undefined) throw new RangeError('empty stretch');
  const { footage, signal } = context;
  const file = await fileOf(footage, first.fileId);
  const init = await footage.read(first.fileId, 0, file.initByteLength);
  const defaults: SampleDefaults = parseTrackDefaults(init, file.trackId);
  const { timescale } = file;
  const audio = audioTrackOf(init);
  const soundDefaults = audio === undefined ? undefined : parseTrackDefaults(init, audio.trackId);
  const soundBuilder =
    audio === undefined ? undefined : new SoundIndexBuilder(audio, Number(first.baseMediaDecodeTime) / timescale);

  const decode: number[] = [];
  const durations: number[] = [];
  const sizes: number[] = [];
  const compositions: number[] = [];
  const sync: number[] = [];
  const recovery: number[] = [];
  const offsets: number[] = [];
  const shown: number[] = [];
  const firstSampleOf: number[] = [];
  const pieceOf: number[] = [];
  const fragments: SourceFragment[] = [];
  let piece = 0;
  const headers = readAhead(stretch, headersAhead, async (fragment) => {
    signal.throwIfAborted();
    const read = (offset: number, length: number) => footage.read(fragment.fileId, fragment.offset + offset, length);
    return { fragment, ...(await readMoofWithSound(read, fragment.byteLength, defaults, soundDefaults)) };
  });
  for await (const { fragment, moof, sound } of headers) {
    if (sound !== undefined) soundBuilder?.add(fragments.length, sound);
    const base = Number(moof.baseMediaDecodeTime - first.baseMediaDecodeTime);
    const last = fragments.at(-1);
    if (last !== undefined && isInterrupted(last, fragment, timescale)) piece++;
    fragments.push(fragment);
    pieceOf.push(piece);
    firstSampleOf.push(sizes.length);
    let ticks = base;
    for (const [place, sample] of moof.samples.entries()) {
      recovery.push(place === 0 ? moof.recoveryPictures : 0);
      decode.push(ticks);
      durations.push(sample.duration);
      sizes.push(sample.size);
      compositions.push(sample.compositionOffset);
      sync.push(sample.isSync ? 1 : 0);
      offsets.push(sample.offset);
      shown.push(fragment.startAtMs + ((ticks - base + sample.compositionOffset) * 1000) / timescale);
      ticks += sample.duration;
    }
  }
  firstSampleOf.push(sizes.length);
  const sound = soundBuilder?.build();
  // The decode times are what the fragments say; a sample lasts until the next one, whatever its own duration.
  for (let index = 0; index + 1 < decode.length; index++)
    durations[index] = Math.max(1, (decode[index + 1] as number) - (decode[index] as number));
  return {
    init,
    timescale,
    fragments,
    firstSampleOf,
    pieceOf,
    count: sizes.length,
    decodeTicks: Float64Array.from(decode),
    durations: Uint32Array.from(durations),
    sizes: Uint32Array.from(sizes),
    compositionOffsets: Int32Array.from(compositions),
    sync: Uint8Array.from(sync),
    recovery: Uint16Array.from(recovery),
    offsets: Uint32Array.from(offsets),
    shownAtMs: Float64Array.from(shown),
    ...(sound === undefined ? {} : { sound }),
  };
}
