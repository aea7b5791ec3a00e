/** The times of one fragment of a playlist, as hls.js keeps them. */
export interface FragmentTimes {
  /** Media time, seconds. */
  start: number;
  /** The same once it is loaded; of a fragment at 0 hls.js leaves `start` as it was. */
  startPTS?: number | undefined;
  duration: number;
  /** Wall time, UTC ms; null where the playlist does not say. */
  programDateTime: number | null;
  /** EXT-X-GAP: listed, but there is no footage. */
  gap?: boolean | undefined;
  /** Address of its media as the playlist has it. */
  relurl?: string | undefined;
}

/** What the recorder converted because the browser cannot play the original; said by the media's address. */
export function isConverted(fragment: Pick<FragmentTimes, 'relurl'> | undefined): boolean {
  return /^converted(-keyframes)?\//.test(fragment?.relurl ?? '');
}

/** Holes up to this long between fragments are jitter, not a gap (the recorder joins coverage likewise). */
const jitterMs = 300;

/** Index of the last fragment with `key(fragment) <= value`, or -1. */
function lastAtOrBefore(fragments: readonly FragmentTimes[], value: number, key: (f: FragmentTimes) => number): number {
  let low = 0;
  let high = fragments.length - 1;
  let found = -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (key(fragments[middle]!) <= value) {
      found = middle;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return found;
}

const mediaOf = (fragment: FragmentTimes) => fragment.startPTS ?? fragment.start;
const wallOf = (fragment: FragmentTimes) => fragment.programDateTime ?? Number.POSITIVE_INFINITY;

/** Media time (seconds) that shows the wall instant; undefined where the playlist has no footage. */
export function wallToMedia(fragments: readonly FragmentTimes[], wallMs: number): number | undefined {
  const index = lastAtOrBefore(fragments, wallMs, wallOf);
  const fragment = fragments[index];
  if (fragment && !fragment.gap) {
    const offset = (wallMs - wallOf(fragment)) / 1000;
    if (offset < fragment.duration) return mediaOf(fragment) + offset;
    const next = fragments[index + 1];
    const holeMs =
      next && !next.gap ? wallOf(next) - wallOf(fragment) - fragment.duration * 1000 : Number.POSITIVE_INFINITY;
    if (holeMs <= jitterMs) return mediaOf(fragment) + Math.max(0, fragment.duration - 0.001);
  }
  return undefined;
}

/** The fragment that holds a media time (seconds); the first for what is before all. */
export function fragmentAt<F extends FragmentTimes>(fragments: readonly F[], mediaSeconds: number): F | undefined {
  return fragments[Math.max(0, lastAtOrBefore(fragments, mediaSeconds + 0.0005, mediaOf))];
}
