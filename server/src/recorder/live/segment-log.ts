// The newest segments of a live stream for viewers who get them pushed: short, numbered, back to a keyframe. Pure; it
// reads no clock and no file.
import type { LiveFragment } from './live-window.js';

export interface LoggedSegment {
  readonly number: number;
  readonly fragments: readonly LiveFragment[];
  readonly durationMs: number;
  readonly byteLength: number;
  readonly discontinuity: boolean;
}

/** Keyframes alone (every picture is one) are put together until they last so long. */
const shortestMs = 300;
/** So much is kept at least … */
const keptMs = 10_000;
/** … and with keyframes far apart back to the last but one, up to these limits. */
const mostKeptMs = 135_000;
const mostKeptBytes = 24 * 1024 * 1024;
/** A viewer who is further behind goes on at the newest keyframe. */
const mostBehindMs = 4000;

export const isIndependent = ({ fragments }: LoggedSegment): boolean => fragments[0]?.independent === true;
const lengthOf = (segments: readonly LoggedSegment[]) => segments.reduce((sum, { durationMs }) => sum + durationMs, 0);

export class SegmentLog {
  #segments: LoggedSegment[] = [];
  #pending: LiveFragment[] = [];
  #discontinuity = false;
  #waitsForKeyframe = true;

  /** `nextNumber` must exceed every number that this stream has ever had. */
  constructor(private nextNumber: number) {}

  get followingNumber(): number {
    return this.nextNumber;
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0;
  }

  /** Takes the next fragment in order of time; `follows`: without a break after the one before. */
  push(fragment: LiveFragment, follows: boolean): void {
    if (!follows) {
      this.#close();
      this.#discontinuity = true;
      this.#waitsForKeyframe = true;
    }
    if (this.#waitsForKeyframe && !fragment.independent) return;
    this.#waitsForKeyframe = false;
    this.#pending.push(fragment);
    const ms = this.#pending.reduce((sum, { durationMs }) => sum + durationMs, 0);
    if (!fragment.independent || ms >= shortestMs) this.#close();
  }

  /**
   * What comes after segment `number`. From the newest keyframe on where that is undefined, unknown, or so far behind
   * that the viewer would do better to go on there.
   */
  after(number: number | undefined): readonly LoggedSegment[] {
    const newest = this.#segments.findLastIndex(isIndependent);
    const known = number === undefined ? -1 : this.#segments.findIndex((segment) => segment.number === number);
    // A number from another life of this process is not known here, and smaller or larger than all.
    if (known === -1) return newest === -1 ? [] : this.#segments.slice(newest);
    const rest = this.#segments.slice(known + 1);
    return newest > known + 1 && lengthOf(rest) > mostBehindMs ? this.#segments.slice(newest) : rest;
  }

  #close(): void {
    if (this.#pending.length === 0) return;
    const fragments = this.#pending;
    this.#pending = [];
    this.#segments.push({
      number: this.nextNumber++,
      fragments,
      durationMs: fragments.reduce((sum, { durationMs }) => sum + durationMs, 0),
      byteLength: fragments.reduce((sum, { byteLength }) => sum + byteLength, 0),
      discontinuity: this.#discontinuity,
    });
    this.#discontinuity = false;
    this.#slide();
  }

  #slide(): void {
    const newest = this.#segments.findLastIndex(isIndependent);
    const before = this.#segments.slice(0, Math.max(0, newest)).findLastIndex(isIndependent);
    let keep = 0;
    let ms = 0;
    let bytes = 0;
    for (const [index, segment] of this.#segments.toReversed().entries()) {
      const position = this.#segments.length - 1 - index;
      ms += segment.durationMs;
      bytes += segment.byteLength;
      const isWanted = ms <= keptMs || position >= Math.max(0, before);
      if (index > 0 && (!isWanted || ms > mostKeptMs || bytes > mostKeptBytes)) break;
      keep = index + 1;
    }
    this.#segments = this.#segments.slice(-keep);
  }
}
