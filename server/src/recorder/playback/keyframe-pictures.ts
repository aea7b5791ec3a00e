// Still pictures of single keyframes as JPEG: what is asked for at about the same time is made together, each picture
// once, remembered up to a limit of bytes. Shared by thumbnails of the past and pictures of now.
import { AppError, isAppError } from '../../lib/errors.js';
import { BoundedCache } from './bounded-cache.js';
import { runPictures, splitKeyframe, type Keyframe, type PictureEncoder } from './picture-run.js';
import { createSharedWork } from './shared-work.js';

export interface KeyframePictures {
  /**
   * JPEG of one keyframe. `load` gives ftyp+moov and a fragment of one keyframe; it is called only when the picture is
   * not known. `key` names the keyframe; `width` in pixels, default that of the camera. Pictures that nobody waits for
   * any more, by `signal`, are not made. @throws AppError too_many pictures_busy, and what ffmpeg throws
   */
  picture(key: string, load: () => Promise<Buffer>, width?: number, signal?: AbortSignal): Promise<Buffer>;
}

interface Wanted {
  readonly key: string;
  readonly width: number | undefined;
  readonly load: () => Promise<Buffer>;
  /** Nobody waits for it any more. */
  readonly gone: AbortSignal;
  readonly resolve: (jpeg: Buffer) => void;
  readonly reject: (error: unknown) => void;
}
interface Loaded extends Keyframe {
  readonly wanted: Wanted;
}

const concurrency = 2;
const mostWaiting = 64;
/** What is asked for within so long is made together. */
const gatherMs = 10;
const mostTogether = 16;
const mostBytesTogether = 16 * 1024 * 1024;
const cacheBytes = 32 * 1024 * 1024;
const smallestWidth = 32;
const largestWidth = 3840;

/** Aborts when all of `signals` have. */
function whenAllAborted(signals: readonly AbortSignal[]): AbortSignal {
  const all = new AbortController();
  const look = () => {
    if (signals.every(({ aborted }) => aborted)) all.abort(signals[0]?.reason);
  };
  for (const signal of signals) signal.addEventListener('abort', look, { once: true });
  look();
  return all.signal;
}

export function createKeyframePictures(options: { ffmpeg: PictureEncoder }): KeyframePictures {
  const cache = new BoundedCache<Buffer>(cacheBytes, (jpeg) => jpeg.length);
  const once = createSharedWork<Buffer>();
  let waiting: Wanted[] = [];
  let busy = 0;
  let gathering: NodeJS.Timeout | undefined;

  function done({ key, resolve }: Wanted, jpeg: Buffer): void {
    cache.set(key, jpeg);
    resolve(jpeg);
  }

  /** One by one what was not made together: a keyframe that ends ffmpeg, or takes all its time, ends only itself. */
  async function makeAlone({ wanted, ...keyframe }: Loaded): Promise<void> {
    if (wanted.gone.aborted) return;
    try {
      const [jpeg] = await runPictures(options.ffmpeg, [keyframe], wanted.width, wanted.gone);
      if (jpeg === undefined) throw new AppError('internal', 'picture_failed', 'the keyframe gave no picture');
      done(wanted, jpeg);
    } catch (error) {
      wanted.reject(error);
    }
  }

  async function makeTogether(loaded: readonly Loaded[]): Promise<void> {
    const [first] = loaded;
    if (first === undefined) return;
    const left: Loaded[] = [];
    if (loaded.length === 1) left.push(first);
    else {
      const signal = whenAllAborted(loaded.map(({ wanted }) => wanted.gone));
      const failed = { error: undefined as unknown };
      const jpegs = await runPictures(options.ffmpeg, loaded, first.wanted.width, signal).catch((error: unknown) => {
        failed.error = error; // each says itself what is wrong with it
        return [];
      });
      for (const [index, one] of loaded.entries()) {
        const jpeg = jpegs[index];
        if (jpeg !== undefined) done(one.wanted, jpeg);
        else if (isAppError(failed.error, 'unavailable') && failed.error.code === 'ffmpeg_missing')
          one.wanted.reject(failed.error);
        else left.push(one);
      }
    }
    for (const one of left) await makeAlone(one);
  }

  /** As many as memory is for; the others wait for the next run. */
  async function load(batch: readonly Wanted[]): Promise<Loaded[]> {
    const loaded: Loaded[] = [];
    let bytes = 0;
    for (const [index, wanted] of batch.entries()) {
      if (bytes >= mostBytesTogether) {
        waiting.unshift(...batch.slice(index).filter(({ gone }) => !gone.aborted));
        break;
      }
      if (wanted.gone.aborted) continue;
      try {
        const keyframe = splitKeyframe(await wanted.load());
        bytes += keyframe.accessUnits.reduce((sum, { length }) => sum + length, 0);
        loaded.push({ wanted, ...keyframe });
      } catch (error) {
        wanted.reject(error);
      }
    }
    return loaded;
  }

  async function make(batch: readonly Wanted[]): Promise<void> {
    let left = await load(batch);
    // Cameras and files differ in their init segments; a run has one.
    for (let [first] = left; first !== undefined; [first] = left) {
      const { init } = first;
      await makeTogether(left.filter((one) => one.init.equals(init)));
      left = left.filter((one) => !one.init.equals(init));
    }
  }

  /** Of one size; not all, where there is room for another run beside it. */
  function take(): Wanted[] {
    const share = Math.ceil(waiting.length / (concurrency - busy));
    const width = waiting[0]?.width;
    const batch = waiting.filter((one) => one.width === width).slice(0, Math.min(mostTogether, share));
    waiting = waiting.filter((one) => !batch.includes(one));
    return batch;
  }

  function begin(): void {
    gathering = undefined;
    while (busy < concurrency && waiting.length > 0) {
      const batch = take();
      busy += 1;
      void make(batch).finally(() => {
        busy -= 1;
        schedule();
      });
    }
  }

  function schedule(): void {
    if (gathering !== undefined || busy >= concurrency || waiting.length === 0) return;
    gathering = setTimeout(begin, gatherMs);
  }

  function queued(key: string, width: number | undefined, load: () => Promise<Buffer>, gone: AbortSignal) {
    return new Promise<Buffer>((resolve, reject) => {
      if (waiting.length >= mostWaiting)
        throw new AppError('too_many', 'pictures_busy', `over ${mostWaiting} pictures are waiting to be made`);
      const wanted = { key, width, load, gone, resolve, reject };
      gone.addEventListener('abort', () => {
        waiting = waiting.filter((one) => one !== wanted);
        reject(gone.reason as Error);
      });
      waiting.push(wanted);
      schedule();
    });
  }

  return {
    async picture(key, load, width, signal) {
      const bounded =
        width === undefined ? undefined : Math.round(Math.min(largestWidth, Math.max(smallestWidth, width)));
      const fullKey = `${key}@${bounded ?? 'full'}`;
      return cache.get(fullKey) ?? once(fullKey, signal, (gone) => queued(fullKey, bounded, load, gone));
    },
  };
}
