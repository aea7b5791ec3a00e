// The sound that ffmpeg copies beside H.264 or H.265, on the way from its fragments to ours.
import type { InitSegment } from '../../../lib/fragment.js';
import { audioConfigOf } from '../../../lib/isobmff/init-segment.js';
import { parseTrackDefaults, parseTrackFragment, type SampleDefaults } from '../../../lib/isobmff/moof.js';
import { parseAacConfig } from '../native/aac-config.js';
import type { FragmentSound } from '../native/fragmenter.js';
import { timescale as videoTimescale } from '../native/mp4-writer.js';
import type { AacFormat, AudioRun } from '../../../lib/isobmff/sound-track.js';

interface Unit {
  /** Ticks of the sound. */
  readonly startTicks: number;
  readonly duration: number;
  readonly data: Buffer;
}

const mostWaiting = 2000;

export class CopiedSound {
  readonly format: AacFormat;
  readonly #defaults: SampleDefaults;
  #waiting: Unit[] = [];

  private constructor(format: AacFormat, defaults: SampleDefaults) {
    this.format = format;
    this.#defaults = defaults;
  }

  /** Undefined where it is not AAC of a kind that is recorded. */
  static of(init: InitSegment): CopiedSound | undefined {
    const bytes = init.audio === undefined ? undefined : audioConfigOf(init.bytes);
    const config = bytes === undefined ? undefined : parseAacConfig(bytes);
    if (init.audio === undefined || config === undefined) return undefined;
    const { trackId, timescale } = init.audio;
    return new CopiedSound({ codec: 'aac', config, clockRate: timescale }, parseTrackDefaults(init.bytes, trackId));
  }

  /** Keeps what a fragment of ffmpeg holds of it. @throws AppError bad_mp4 */
  add(fragment: Buffer): void {
    const moof = parseTrackFragment(fragment, this.#defaults);
    let startTicks = Number(moof?.baseMediaDecodeTime ?? 0n);
    for (const { offset, size, duration } of moof?.samples ?? []) {
      this.#waiting.push({ startTicks, duration, data: Buffer.from(fragment.subarray(offset, offset + size)) });
      startTicks += duration;
    }
    this.#waiting.splice(0, this.#waiting.length - mostWaiting);
  }

  /** `init` has both tracks. */
  beside(init: InitSegment): FragmentSound {
    const toOwn = (ticks: number) => (ticks * this.format.clockRate) / videoTimescale;
    return {
      init,
      isFlowing: () => true,
      take: (_run, zeroTicks, _startTicks, endTicks) => this.#take(toOwn(zeroTicks), toOwn(endTicks)),
      skip: (endTicks) => void this.#until(toOwn(endTicks)),
    };
  }

  #until(endTicks: number): Unit[] {
    let count = 0;
    let adjoins: number | undefined;
    for (const { startTicks, duration } of this.#waiting) {
      // What comes behind a hole goes into the next fragment, whose sound begins there.
      if (startTicks >= endTicks || (adjoins !== undefined && startTicks !== adjoins)) break;
      adjoins = startTicks + duration;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #take(zeroTicks: number, endTicks: number): AudioRun | undefined {
    const units = this.#until(endTicks).filter(({ startTicks }) => startTicks >= zeroTicks);
    const [first] = units;
    if (first === undefined) return undefined;
    return { baseMediaDecodeTime: BigInt(Math.round(first.startTicks - zeroTicks)), samples: units };
  }
}
