// AAC made of G.711 by a child of its own, which ends with its input.
import type { Readable } from 'node:stream';
import type { G711Input } from '../../lib/aac-of-g711.js';
import { AdtsReader } from '../../lib/adts-reader.js';
import { AppError } from '../../lib/errors.js';
import type { FfmpegProcess, FfmpegStart } from './ffmpeg.js';
import { soundArguments } from './sound-arguments.js';

const niceness = 10;

/**
 * Units of AAC made of the G.711 that `input` gives, in order as they come; resolves when all were given.
 * @throws AppError unavailable: ffmpeg_missing, conversion_failed; the signal's reason
 */
export async function convertSound(
  ffmpeg: { start(options: FfmpegStart): FfmpegProcess },
  format: G711Input,
  input: Readable | Buffer,
  onUnit: (unit: Buffer) => void,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const reader = new AdtsReader();
  const process = ffmpeg.start({
    args: soundArguments(format),
    stdin: input,
    niceness,
    onStdout: (chunk) => reader.push(chunk).forEach(onUnit),
  });
  const onAbort = () => void process.stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const { code, stderr } = await process.exited;
    signal?.throwIfAborted();
    if (code !== 0) throw new AppError('unavailable', 'conversion_failed', `no AAC was made: ${stderr.slice(-200)}`);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
