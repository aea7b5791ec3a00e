// Still pictures of single keyframes as JPEG: few at a time, each once, remembered up to a limit of bytes. Shared by
// thumbnails of the past and pictures of now.
import { AppError } from '../../lib/errors.js';
import { BoundedCache } from './bounded-cache.js';

export interface StillPictureRun {
  readonly args: readonly string[];
  readonly stdin: Buffer;
  readonly maxOutputBytes: number;
  readonly timeoutMs: number;
}

/** The part of platform/ffmpeg that is needed. */
export interface PictureEncoder {
  run(options: StillPictureRun): Promise<Buffer>;
}

export interface KeyframePictures {
  /**
   * JPEG of one keyframe. `load` gives ftyp+moov and a fragment of one keyframe; it is called only when the picture is
   * not known. `key` names the keyframe; `width` in pixels, default that of the camera.
   * @throws AppError too_many pictures_busy, and what ffmpeg throws
   */
  picture(key: string, load: () => Promise<Buffer>, width?: number): Promise<Buffer>;
}

const concurrency = 2;
const mostWaiting = 64;
const cacheBytes = 32 * 1024 * 1024;
const maxPictureBytes = 8 * 1024 * 1024;
const timeoutMs = 10_000;
const smallestWidth = 32;
const largestWidth = 3840;

/** ffmpeg's arguments for one JPEG of at most `width` pixels, from MP4 on stdin. */
export function stillPictureArguments(width: number | undefined): string[] {
  return [
    ...['-v', 'error', '-threads', '1', '-f', 'mp4', '-i', 'pipe:0', '-an', '-frames:v', '1'],
    // The comma inside min() is escaped for the filter graph's own grammar.
    ...(width === undefined ? [] : ['-vf', `scale=w=min(iw\\,${width}):h=-2:flags=area`]),
    ...['-pix_fmt', 'yuvj420p', '-q:v', '5', '-threads', '1', '-f', 'mjpeg', 'pipe:1'],
  ];
}

export function createKeyframePictures(options: { ffmpeg: PictureEncoder }): KeyframePictures {
  const cache = new BoundedCache<Buffer>(cacheBytes, (jpeg) => jpeg.length);
  const making = new Map<string, Promise<Buffer>>();
  const waiting: (() => void)[] = [];
  let busy = 0;

  async function limited<T>(work: () => Promise<T>): Promise<T> {
    if (busy >= concurrency) {
      if (waiting.length >= mostWaiting)
        throw new AppError('too_many', 'pictures_busy', `over ${mostWaiting} pictures are waiting to be made`);
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      busy++;
    }
    try {
      return await work();
    } finally {
      // The place is handed on, or given up.
      const next = waiting.shift();
      if (next === undefined) busy--;
      else next();
    }
  }

  return {
    async picture(key, load, width) {
      const bounded =
        width === undefined ? undefined : Math.round(Math.min(largestWidth, Math.max(smallestWidth, width)));
      const fullKey = `${key}@${bounded ?? 'full'}`;
      const known = cache.get(fullKey);
      if (known !== undefined) return known;
      const underway = making.get(fullKey);
      if (underway !== undefined) return underway;
      const made = limited(async () => {
        const jpeg = await options.ffmpeg.run({
          args: stillPictureArguments(bounded),
          stdin: await load(),
          maxOutputBytes: maxPictureBytes,
          timeoutMs,
        });
        if (jpeg.length === 0) throw new AppError('internal', 'picture_failed', 'the keyframe gave no picture');
        cache.set(fullKey, jpeg);
        return jpeg;
      }).finally(() => making.delete(fullKey));
      making.set(fullKey, made);
      return made;
    },
  };
}
