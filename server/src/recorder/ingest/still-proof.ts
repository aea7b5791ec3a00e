// Decides whether the pictures between two equal keyframes move, by decoding a few seconds of them, small and grey. Asked
// only where keyframes repeat bit for bit and what lies between is more than "as before", which is rare.
import type { Fragment, InitSegment } from '../../lib/fragment.js';
import type { Ffmpeg } from '../../platform/ffmpeg/ffmpeg.js';

/** `unknown`: nothing could be decoded, or too much else is being decoded. */
export type StillVerdict = 'still' | 'moved' | 'unknown';
export type CompareDecoded = (mp4: Buffer) => Promise<StillVerdict>;

/** From a keyframe up to before the next one, and no more than this. */
const longestMs = 10_000;
const mostBytes = 6 * 1024 * 1024;
/** Of a group of one keyframe nothing can be said. */
const fewestPictures = 3;

const size = { width: 64, height: 36 };
const pictureBytes = size.width * size.height;
/** Every so many pictures one is looked at. */
const everyPictures = 3;
/**
 * A cell that differs by so many levels of 256 has moved. It is the mean of some hundred pixels, so neither noise nor an
 * encoder that refines a picture little by little comes near; a person who is five cells high and half a cell wide does.
 */
const movedLevels = 6;
const decodeMs = 15_000;
const mostWaiting = 8;

/** Whether one of several pictures, gray, `pictureBytes` each, differs from the first. */
export function verdictOf(gray: Uint8Array): StillVerdict {
  const pictures = Math.floor(gray.length / pictureBytes);
  if (pictures < 2) return 'unknown';
  for (let index = pictureBytes; index < pictures * pictureBytes; index += 1)
    if (Math.abs(gray[index]! - gray[index % pictureBytes]!) >= movedLevels) return 'moved';
  return 'still';
}

/** One at a time for all cameras; it is no hurry. */
export function createCompareDecoded(ffmpeg: Ffmpeg): CompareDecoded {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  async function decode(mp4: Buffer): Promise<StillVerdict> {
    const filter = `select='not(mod(n,${everyPictures}))',scale=${size.width}:${size.height}:flags=area,format=gray`;
    const input = ['-v', 'error', '-threads', '1', '-f', 'mp4', '-i', 'pipe:0'];
    const gray = await ffmpeg.run({
      args: [...input, '-map', '0:v:0', '-vf', filter, '-fps_mode', 'passthrough', '-f', 'rawvideo', 'pipe:1'],
      stdin: mp4,
      niceness: 10,
      maxOutputBytes: 2000 * pictureBytes,
      timeoutMs: decodeMs,
    });
    return verdictOf(gray);
  }
  return async (mp4) => {
    if (waiting >= mostWaiting) return 'unknown';
    waiting += 1;
    const made = last.then(() => decode(mp4)).catch((): StillVerdict => 'unknown');
    last = made;
    return made.finally(() => (waiting -= 1));
  };
}

/** Collects the next group of pictures of one stream where that is asked for. */
export class StillProof {
  #asked: { resolve: (verdict: StillVerdict) => void; init: InitSegment | undefined; run: number } | undefined;
  #pieces: Buffer[] = [];
  #ms = 0;
  #bytes = 0;
  #pictures = 0;

  constructor(private readonly compare: CompareDecoded) {}

  prove(): Promise<StillVerdict> {
    if (this.#asked !== undefined) return Promise.resolve('unknown');
    return new Promise((resolve) => (this.#asked = { resolve, init: undefined, run: 0 }));
  }

  /** Every fragment of the stream. */
  take({ init, bytes, independent, durationMs, sampleCount, run }: Fragment): void {
    const asked = this.#asked;
    if (asked === undefined) return;
    if (asked.init === undefined) {
      if (!independent) return;
      Object.assign(asked, { init, run });
    } else if (independent || init.id !== asked.init.id || run !== asked.run) {
      this.#judge();
      return;
    }
    // The memory is lent.
    this.#pieces.push(Buffer.from(bytes));
    this.#ms += durationMs;
    this.#bytes += bytes.length;
    this.#pictures += sampleCount;
    if (this.#ms >= longestMs || this.#bytes >= mostBytes) this.#judge();
  }

  /** The stream ended. */
  end(): void {
    this.#forget()?.resolve('unknown');
  }

  #judge(): void {
    const [pieces, pictures] = [this.#pieces, this.#pictures];
    const asked = this.#forget();
    if (asked?.init === undefined || pictures < fewestPictures) asked?.resolve('unknown');
    else void this.compare(Buffer.concat([asked.init.bytes, ...pieces])).then(asked.resolve);
  }

  #forget() {
    const asked = this.#asked;
    this.#asked = undefined;
    this.#pieces = [];
    this.#ms = this.#bytes = this.#pictures = 0;
    return asked;
  }
}
