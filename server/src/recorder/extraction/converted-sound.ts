// AAC beside the G.711 of a clip, for players that have no G.711: made once of what the clip carries, kept beside the clip
// until it is written into it.
import { createWriteStream } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { primingSamples, silenceOf, unitSamples, type G711Input } from '../../lib/aac-of-g711.js';
import { audioTrackOf, isG711 } from '../../lib/isobmff/init-segment.js';
import type { Edit } from '../../lib/isobmff/progressive-movie.js';
import { convertSound } from '../../platform/ffmpeg/convert-sound.js';
import type { FfmpegProcess, FfmpegStart } from '../../platform/ffmpeg/ffmpeg.js';
import type { Cut } from './cut-plan.js';
import type { FootageSource } from './footage-source.js';
import { readAhead } from './read-ahead.js';

export interface SoundConverter {
  /** @throws AppError unavailable where there is none */
  check(): Promise<string>;
  start(options: FfmpegStart): FfmpegProcess;
}

export interface ConvertedSound {
  readonly format: G711Input;
  /** The units, one behind the other; removed by whoever asked. */
  readonly path: string;
  readonly sizes: Uint32Array;
  /** Samples of each. */
  readonly durations: Uint32Array;
  readonly edits: readonly Edit[];
}

const fragmentsAhead = 4;
const silencePiece = 64 * 1024;

/** The G.711 that a cut carries; undefined where it carries other sound or none. */
export function g711Of({ index, sound }: Cut): G711Input | undefined {
  const track = sound === undefined ? undefined : audioTrackOf(index.init);
  if (track === undefined || !isG711(track.codec)) return undefined;
  return { codec: track.codec, sampleRate: track.timescale, channels: Math.max(1, track.channels) };
}

/** Units side by side in a fragment: [first, end). */
function* neighbours({ index, sound }: Cut): Generator<{ first: number; end: number }> {
  const { fragmentOf, offsets, sizes } = index.sound!;
  for (let first = sound!.first; first < sound!.end;) {
    let end = first + 1;
    while (
      end < sound!.end &&
      fragmentOf[end] === fragmentOf[first] &&
      offsets[end] === offsets[end - 1]! + sizes[end - 1]!
    )
      end++;
    yield { first, end };
    first = end;
  }
}

/** The sound of a cut without its holes, where there is silence. */
async function* continuous(cut: Cut, format: G711Input, footage: FootageSource): AsyncGenerator<Buffer> {
  const { index } = cut;
  const { fragmentOf, offsets, sizes, durations } = index.sound!;
  const read = async ({ first, end }: { first: number; end: number }) => {
    const { fileId, offset } = index.fragments[fragmentOf[first]!]!;
    const start = offsets[first]!;
    const bytes = await footage.read(fileId, offset + start, offsets[end - 1]! + sizes[end - 1]! - start);
    return { first, end, start, bytes };
  };
  for await (const { first, end, start, bytes } of readAhead(neighbours(cut), fragmentsAhead, read)) {
    for (let unit = first; unit < end; unit++) {
      const at = offsets[unit]! - start;
      const wanted = durations[unit]! * format.channels;
      const held = Math.min(sizes[unit]!, wanted);
      // A copy: what was read may be lent.
      yield Buffer.from(bytes.subarray(at, at + held));
      for (let missing = wanted - held; missing > 0; missing -= silencePiece)
        yield Buffer.alloc(Math.min(missing, silencePiece), silenceOf(format));
    }
  }
}

/** @throws what `convertSound` throws, and the system's error when writing fails; nothing is left behind then */
export async function convertedSoundOf(
  cut: Cut,
  format: G711Input,
  path: string,
  context: {
    readonly footage: FootageSource;
    readonly ffmpeg: SoundConverter;
    readonly signal: AbortSignal;
  },
): Promise<ConvertedSound> {
  await context.ffmpeg.check();
  const sizes: number[] = [];
  const file = createWriteStream(path, { mode: 0o600 });
  const written = finished(file);
  written.catch(() => undefined); // thrown where it is waited for
  try {
    const input = Readable.from(continuous(cut, format, context.footage), { objectMode: false });
    const failed: { error?: Error } = {};
    input.on('error', (error) => (failed.error = error));
    const onUnit = (unit: Buffer) => {
      sizes.push(unit.length);
      file.write(unit);
    };
    await convertSound(context.ffmpeg, format, input, onUnit, context.signal);
    if (failed.error !== undefined) throw failed.error;
    file.end();
    await written;
  } catch (error) {
    file.destroy();
    await written.catch(() => undefined);
    await removeConverted(path);
    throw error;
  }
  return {
    ...{ format, path },
    sizes: Uint32Array.from(sizes),
    durations: new Uint32Array(sizes.length).fill(unitSamples),
    edits: cut.sound!.edits.map(({ duration, mediaTime }) => ({
      duration,
      mediaTime: mediaTime < 0 ? mediaTime : mediaTime + primingSamples,
    })),
  };
}

export async function removeConverted(path: string): Promise<void> {
  await unlink(path).catch((failure: NodeJS.ErrnoException) => {
    if (failure.code !== 'ENOENT') throw failure;
  });
}
