// Owns how much is made into H.264 for viewers whose browser cannot play what a camera sends: so many at once, behind
// everything else that the machine does. What goes in and what becomes of what comes out is left to live and playback.
import { PassThrough } from 'node:stream';
import { AppError } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import type { FfmpegProcess, FfmpegRun, FfmpegStart } from '../../platform/ffmpeg/ffmpeg.js';
import {
  liveTranscodeArguments,
  stretchTranscodeArguments,
  type TranscodedStretch,
} from '../../platform/ffmpeg/transcode-arguments.js';

const niceness = 10;
const liveFragmentMs = 300;
const stretchTimeoutMs = 45_000;
const largestStretchBytes = 64 * 1024 * 1024;
/** How many stretches may wait for a place, and how long one does. */
const mostWaiting = 16;
const longestWaitMs = 6000;
/** A converter that cannot keep up drops groups of pictures beyond this. */
const mostBufferedBytes = 12 * 1024 * 1024;

export interface Transcoder {
  start(options: FfmpegStart): FfmpegProcess;
  run(options: FfmpegRun): Promise<Buffer>;
}

export interface LiveTranscode {
  /** False: it cannot keep up, and took nothing. */
  write(bytes: Buffer): boolean;
  stop(): Promise<void>;
}

/** A place among those that may run at once. */
export interface TranscodePlace {
  /** fMP4 in by `write`, fMP4 out by `onBytes`; `onEnd` when it ended by itself. One at a time in a place. */
  start(options: { timescale: number; onBytes: (bytes: Buffer) => void; onEnd: (why: string) => void }): LiveTranscode;
  /** Gives the place back. */
  leave(): void;
}

export interface Transcodes {
  readonly limit: number;
  readonly running: number;
  /** @throws AppError unavailable transcodes_busy */
  take(): TranscodePlace;
  /**
   * ftyp, moov and one fragment of the pictures of a stretch; `media` is fMP4 from a keyframe on. Waits up to 6 s for a
   * place. @throws AppError unavailable transcodes_busy, and what ffmpeg throws
   */
  convert(media: Buffer, stretch: TranscodedStretch, signal?: AbortSignal): Promise<Buffer>;
}

const busy = (limit: number) =>
  new AppError('unavailable', 'transcodes_busy', `${limit} streams are being converted already`, {
    details: { limit },
  });

export function createTranscodes(options: { ffmpeg: Transcoder; limit: number; logger: Logger }): Transcodes {
  const { ffmpeg, limit, logger } = options;
  const waiting: (() => void)[] = [];
  let running = 0;

  function release(): void {
    running -= 1;
    if (running < limit) waiting.shift()?.();
  }

  /** Resolves with a place taken. */
  function place(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (running < limit) {
      running += 1;
      return Promise.resolve();
    }
    if (waiting.length >= mostWaiting || limit === 0) return Promise.reject(busy(limit));
    return new Promise((resolve, reject) => {
      const end = (error?: Error) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        const at = waiting.indexOf(turn);
        if (at >= 0) waiting.splice(at, 1);
        if (error === undefined) resolve();
        else reject(error);
      };
      const turn = () => {
        running += 1;
        end();
      };
      const onAbort = () => end(signal?.reason as Error);
      const timer = setTimeout(() => end(busy(limit)), longestWaitMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.push(turn);
    });
  }

  return {
    limit,
    get running() {
      return running;
    },
    take() {
      if (running >= limit) throw busy(limit);
      running += 1;
      let left = false;
      return {
        start({ timescale, onBytes, onEnd }) {
          const stdin = new PassThrough({ highWaterMark: mostBufferedBytes });
          stdin.on('error', () => undefined); // the end of the process tells
          const process = ffmpeg.start({
            args: liveTranscodeArguments({ timescale, fragmentMs: liveFragmentMs }),
            stdin,
            niceness,
            onStdout: onBytes,
          });
          let stopped = false;
          process.exited.then(
            ({ code, stderr }) => {
              if (stopped) return;
              logger.warn({ code, stderr: stderr.slice(-300) }, 'a live conversion ended');
              onEnd(stderr.slice(-200));
            },
            (error: unknown) => onEnd((error as Error).message),
          );
          return {
            write(bytes) {
              if (stdin.writableLength + bytes.length > mostBufferedBytes || stdin.destroyed) return false;
              stdin.write(bytes);
              return true;
            },
            async stop() {
              stopped = true;
              stdin.end();
              await process.stop();
            },
          };
        },
        leave() {
          if (left) return;
          left = true;
          release();
        },
      };
    },
    async convert(media, stretch, signal) {
      await place(signal);
      try {
        const bytes = await ffmpeg.run({
          args: stretchTranscodeArguments(stretch),
          stdin: media,
          maxOutputBytes: largestStretchBytes,
          timeoutMs: stretchTimeoutMs,
          niceness,
          ...(signal === undefined ? {} : { signal }),
        });
        if (bytes.length === 0) throw new AppError('internal', 'conversion_failed', 'the footage gave no picture');
        return bytes;
      } finally {
        release();
      }
    },
  };
}
