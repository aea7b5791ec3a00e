// The units of sound in one decodable stretch of footage, in columns, and which of them a clip carries: access units of
// AAC, or packets' worth of G.711.
import type { AudioTrack } from '../../lib/fragment.js';
import { isG711 } from '../../lib/isobmff/init-segment.js';
import type { Edit } from '../../lib/isobmff/progressive-movie.js';
import type { ParsedMoof } from '../../lib/isobmff/moof.js';

export interface SoundIndex {
  readonly timescale: number;
  readonly count: number;
  /** When each unit begins, ticks of the track after the decode time of the stretch's first fragment. */
  readonly startTicks: Float64Array;
  /** Until the next one begins; more than `heldTicks` where there is a hole. */
  readonly durations: Uint32Array;
  /** What each unit holds. */
  readonly heldTicks: Uint32Array;
  /** A unit is decoded from the overlap with the one before it. */
  readonly overlaps: boolean;
  readonly sizes: Uint32Array;
  /** Into the fragment. */
  readonly offsets: Uint32Array;
  /** Index of the fragment that a unit lies in. */
  readonly fragmentOf: Uint32Array;
}

/** The value that occurs most often. */
function mostCommon(values: readonly number[]): number {
  const counts = new Map<number, number>();
  let most = values[0] ?? 0;
  for (const value of values) {
    const count = (counts.get(value) ?? 0) + 1;
    counts.set(value, count);
    if (count > (counts.get(most) ?? 0)) most = value;
  }
  return most;
}

/** Collects units fragment by fragment. `originSeconds`: decode time of the stretch's first fragment. */
export class SoundIndexBuilder {
  private readonly starts: number[] = [];
  private readonly durations: number[] = [];
  private readonly sizes: number[] = [];
  private readonly offsets: number[] = [];
  private readonly fragments: number[] = [];
  private readonly originTicks: number;

  constructor(
    private readonly track: Pick<AudioTrack, 'timescale' | 'codec' | 'channels'>,
    originSeconds: number,
  ) {
    this.originTicks = originSeconds * track.timescale;
  }

  add(fragment: number, sound: ParsedMoof): void {
    let ticks = Number(sound.baseMediaDecodeTime) - this.originTicks;
    for (const { duration, size, offset } of sound.samples) {
      // Sound that lies over what came before it cannot be told by a table of durations.
      if (ticks > (this.starts.at(-1) ?? -Infinity)) {
        this.starts.push(ticks);
        this.durations.push(duration);
        this.sizes.push(size);
        this.offsets.push(offset);
        this.fragments.push(fragment);
      }
      ticks += duration;
    }
  }

  /** Undefined when there is no sound at all. */
  build(): SoundIndex | undefined {
    const count = this.starts.length;
    if (count === 0) return undefined;
    const { timescale, codec, channels } = this.track;
    // A byte is a sample of a channel; AAC has a fixed number of samples a unit.
    const unitTicks = isG711(codec) ? undefined : mostCommon(this.durations);
    // Whole ticks between whole ticks: rounded once from the start, so that errors do not add up.
    const first = this.starts[0] as number;
    const whole = (index: number) => Math.round((this.starts[index] as number) - first);
    for (let index = 0; index + 1 < count; index++)
      this.durations[index] = Math.max(1, whole(index + 1) - whole(index));
    return {
      timescale,
      count,
      startTicks: Float64Array.from(this.starts),
      durations: Uint32Array.from(this.durations),
      heldTicks: Uint32Array.from(this.sizes, (size) => unitTicks ?? size / Math.max(1, channels)),
      overlaps: unitTicks !== undefined,
      sizes: Uint32Array.from(this.sizes),
      offsets: Uint32Array.from(this.offsets),
      fragmentOf: Uint32Array.from(this.fragments),
    };
  }
}

export interface SoundCut {
  /** Units carried: [first, end). */
  readonly first: number;
  readonly end: number;
  readonly edits: readonly Edit[];
}

/**
 * The units that are heard in [beginSeconds, finishSeconds) after the decode time of the stretch's first fragment, and
 * of AAC the one before them, from whose overlap the first is decoded (ISO/IEC 14496-3 4.6.11). The edits put them against
 * the picture to within a tick. Undefined when there is no sound then.
 */
export function cutSound(
  index: SoundIndex | undefined,
  beginSeconds: number,
  finishSeconds: number,
  movieTimescale: number,
): SoundCut | undefined {
  if (index === undefined) return undefined;
  const { timescale, startTicks, durations, heldTicks, overlaps } = index;
  const [begin, finish] = [beginSeconds * timescale, finishSeconds * timescale];
  const startOf = (unit: number) => startTicks[unit] as number;
  // What a hole follows is heard no longer than it lasts: nothing could be skipped of a unit that is over.
  const endOf = (unit: number) => startOf(unit) + Math.min(heldTicks[unit] as number, durations[unit] as number);
  let heard = 0;
  while (heard < index.count && endOf(heard) <= begin) heard++;
  let end = heard;
  while (end < index.count && startOf(end) < finish) end++;
  if (end === heard) return undefined;
  const isJoined = overlaps && heard > 0 && startOf(heard) - endOf(heard - 1) < (heldTicks[heard - 1] as number);
  const first = isJoined ? heard - 1 : heard;
  const heardFrom = Math.max(begin, startOf(heard));
  const heardTo = Math.min(finish, endOf(end - 1));
  const movieTicks = (ticks: number) => Math.round((ticks * movieTimescale) / timescale);
  const silence = movieTicks(heardFrom - begin);
  const duration = movieTicks(heardTo - begin) - silence;
  if (duration <= 0) return undefined;
  return {
    first,
    end,
    edits: [
      ...(silence > 0 ? [{ duration: silence, mediaTime: -1 }] : []),
      { duration, mediaTime: Math.round(heardFrom - startOf(first)) },
    ],
  };
}
