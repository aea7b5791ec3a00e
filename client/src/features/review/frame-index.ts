import type { FragmentFrames } from './fragment-frames.js';
import type { FragmentTimes } from './media-time.js';

/** One picture: its span on the wall (UTC ms, half-open) and on the media time line (seconds). */
export interface Frame {
  startMs: number;
  endMs: number;
  mediaStart: number;
  mediaEnd: number;
}

/** What the index needs to know of a fragment of the playlist, as hls.js keeps it. */
export interface IndexedFragment extends FragmentTimes {
  sn: number;
}

interface Entry {
  frames: FragmentFrames;
  /** Media time of the track's own time 0, seconds. */
  originSeconds: number;
  /** Wall time of the picture shown first, UTC ms. */
  firstMs: number;
}

/** About ten minutes of fragments; who goes back further loads them again. */
const mostFragments = 400;
/** Times of media and of the clock are floating point; no camera sends pictures this close to each other. */
const toleranceMs = 0.05;
/** Between the end of one picture and the start of the next this much is jitter: the picture stands on. */
const jitterMs = 300;

/** Knows when every picture of the loaded fragments is shown. */
export class FrameIndex {
  readonly #entries = new Map<number, Entry>();

  /** @param originSeconds media time of the track's time 0, as hls.js placed the fragment */
  add(fragment: IndexedFragment, frames: FragmentFrames, originSeconds: number): void {
    if (fragment.programDateTime === null) return;
    this.#entries.delete(fragment.sn);
    this.#entries.set(fragment.sn, { frames, originSeconds, firstMs: fragment.programDateTime });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > mostFragments && oldest !== undefined) this.#entries.delete(oldest);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** The picture that is shown at a wall instant; undefined where its fragment is not loaded, or there is none. */
  atWall(fragments: readonly IndexedFragment[], wallMs: number): Frame | undefined {
    return this.#search(fragments, wallMs + toleranceMs, (fragment) => fragment.programDateTime ?? Infinity, 'startMs');
  }

  /** The picture that is shown at a media time, seconds. */
  atMedia(fragments: readonly IndexedFragment[], mediaSeconds: number): Frame | undefined {
    return this.#search(fragments, mediaSeconds + toleranceMs / 1000, (fragment) => fragment.start, 'mediaStart');
  }

  /** The picture after (or before) one that is known; undefined where it is not loaded. */
  neighbour(fragments: readonly IndexedFragment[], frame: Frame, direction: 1 | -1): Frame | undefined {
    if (direction === -1) return this.atWall(fragments, frame.startMs - 2 * toleranceMs);
    const next = this.atWall(fragments, frame.endMs);
    return next !== undefined && next.startMs > frame.startMs ? next : undefined;
  }

  /** Pictures of neighbouring fragments may interleave where a group was split: the latest start at or before wins. */
  #search(
    fragments: readonly IndexedFragment[],
    value: number,
    startOf: (fragment: IndexedFragment) => number,
    by: 'startMs' | 'mediaStart',
  ): Frame | undefined {
    let low = 0;
    let high = fragments.length - 1;
    let found = -1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (startOf(fragments[middle]!) <= value) {
        found = middle;
        low = middle + 1;
      } else high = middle - 1;
    }
    let best: Frame | undefined;
    for (const index of [found - 1, found, found + 1]) {
      const frame = this.#lastIn(fragments, index, value, by);
      if (frame !== undefined && (best === undefined || frame[by] >= best[by])) best = frame;
    }
    const end = by === 'startMs' ? best?.endMs : best?.mediaEnd;
    return end !== undefined && value < end + (by === 'startMs' ? toleranceMs : toleranceMs / 1000) ? best : undefined;
  }

  /** The last picture of one fragment that begins at or before the value. */
  #lastIn(
    fragments: readonly IndexedFragment[],
    index: number,
    value: number,
    by: 'startMs' | 'mediaStart',
  ): Frame | undefined {
    const fragment = fragments[index];
    const entry = fragment && this.#entries.get(fragment.sn);
    if (entry === undefined) return undefined;
    const { starts } = entry.frames;
    const first = starts[0]!;
    const own = by === 'startMs' ? first + (value - entry.firstMs) / 1000 : value - entry.originSeconds;
    let low = 0;
    let high = starts.length - 1;
    let found = -1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= own) {
        found = middle;
        low = middle + 1;
      } else high = middle - 1;
    }
    const start = starts[found];
    if (start === undefined) return undefined;
    const end = starts[found + 1] ?? this.#endOfLast(fragments, index, entry);
    const wallOf = (seconds: number) => entry.firstMs + (seconds - first) * 1000;
    return {
      startMs: wallOf(start),
      endMs: wallOf(end),
      mediaStart: entry.originSeconds + start,
      mediaEnd: entry.originSeconds + end,
    };
  }

  /** The last picture of a fragment stands until the next fragment begins, if that is about when it ends. */
  #endOfLast(fragments: readonly IndexedFragment[], index: number, entry: Entry): number {
    const { starts, end } = entry.frames;
    const next = fragments[index + 1];
    if (next === undefined || next.gap || next.programDateTime === null) return end;
    const nextStart = starts[0]! + (next.programDateTime - entry.firstMs) / 1000;
    const last = starts.at(-1)!;
    return nextStart > last && nextStart - end <= jitterMs / 1000 ? nextStart : end;
  }
}
