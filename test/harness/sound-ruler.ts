// How far picture and sound of a simulated camera are from the instants at which they were taken, in whatever fragment
// they came to lie. The simulator takes units of known content at known instants, and stamps its pictures.
import { SceneCache } from '../../scripts/camera-simulator/scenes/scene-cache.js';
import { findFrameStamp } from '../../scripts/camera-simulator/sei.js';
import { systemClock } from '../../server/src/lib/clock.js';
import type { InitSegment } from '../../server/src/lib/fragment.js';
import { parseMoof, parseTrackDefaults, parseTrackFragment } from '../../server/src/lib/isobmff/moof.js';

/** What lies between init segment and players. */
export interface TimedFragment {
  readonly init: InitSegment;
  readonly bytes: Buffer;
  /** UTC, ms, of the media instant `baseMediaDecodeTime`. */
  readonly startAtMs: number;
}

export const unitMs = 64;

/** UTC of the instant from which a simulator in this process counts its units. */
export const zeroMs = (): number => systemClock.nowMs() - systemClock.monotonicMs();

/** Units of the simulator's sound, over and over. */
export async function simulatedUnits(): Promise<Buffer[]> {
  // Behind the header of RFC 3640, four bytes.
  return (await new SceneCache({}).sound()).payloads.map((payload) => payload.subarray(4));
}

/** Frames in order of showing: their counters, and where the recording puts them minus when they were taken. */
export function framesOf({ init, bytes, startAtMs }: TimedFragment): { counter: number; errorMs: number }[] {
  let ticks = 0;
  return parseMoof(bytes, parseTrackDefaults(init.bytes, init.trackId))
    .samples.map((sample) => {
      const stamp = findFrameStamp(bytes.subarray(sample.offset, sample.offset + sample.size));
      if (stamp === undefined) throw new Error('a frame without stamp');
      const atMs = startAtMs + ((ticks + sample.compositionOffset) * 1000) / init.timescale;
      ticks += sample.duration;
      return { counter: Number(stamp.frameCounter), errorMs: atMs - stamp.utcMs };
    })
    .sort((a, b) => a.counter - b.counter);
}

export interface HeardUnit {
  /** Which of the simulator's units lies where the recording puts this one. */
  readonly index: number;
  readonly errorMs: number;
  /** Whether it is that one, by its bytes. */
  readonly isItself: boolean;
}

/** A unit that is heard at `atMs`, against what the simulator took then. */
export function heardUnit(
  units: readonly Buffer[],
  atMs: number,
  is: (unit: Buffer) => boolean,
  lastsMs = unitMs,
): HeardUnit {
  const index = Math.round((atMs - zeroMs()) / lastsMs);
  const unit = units[index % units.length] as Buffer;
  return { index, errorMs: atMs - zeroMs() - index * lastsMs, isItself: is(unit) };
}

/** The units of a fragment; none where it has no sound. */
export function soundOf(
  units: readonly Buffer[],
  { init, bytes, startAtMs }: TimedFragment,
  lastsMs = unitMs,
): HeardUnit[] {
  if (init.audio === undefined) return [];
  const found = parseTrackFragment(bytes, parseTrackDefaults(init.bytes, init.audio.trackId));
  if (found === undefined) return [];
  const picture = parseMoof(bytes, parseTrackDefaults(init.bytes, init.trackId));
  const pictureSeconds = Number(picture.baseMediaDecodeTime) / init.timescale;
  const { timescale } = init.audio;
  let ticks = Number(found.baseMediaDecodeTime);
  return found.samples.map((sample) => {
    const atMs = startAtMs + (ticks / timescale - pictureSeconds) * 1000;
    ticks += sample.duration;
    const data = bytes.subarray(sample.offset, sample.offset + sample.size);
    return heardUnit(units, atMs, (unit) => data.equals(unit), lastsMs);
  });
}
