// Puts the time stamps of pictures, as they come from the camera, on one timeline that goes on: over jumps of its clock and
// changes of its sender, past single stamps that are wrong, and between pictures that share one.
import type { TimeAnchor } from '../time-anchor.js';
import { timescale } from './mp4-writer.js';

/** Pictures are reordered by less; a time stamp that goes back further is wrong. */
const backTicks = 2 * timescale;
/** A pause between two frames … */
const pauseTicks = 2 * timescale;
/** … has not passed if its end lies so far in the future: the time stamps jumped. */
const futureMs = 2000;
/** Before anything is known of the distance between two pictures. */
const assumedStepTicks = timescale / 25;
/** After so many wrong ones in a row time stamps tell nothing: the moment of arrival counts. */
const patience = 3;

export interface PictureTimelineOptions {
  readonly anchor: TimeAnchor;
  /** The camera's time stamps are somewhere else, by so many seconds, and go on there: a new run begins. */
  readonly onJump: (seconds: number | undefined) => void;
  /** A picture that shares the time stamp of the one before it, or a single wrong time stamp. */
  readonly onOddStamp?: (kind: 'shared' | 'outlying') => void;
}

export class PictureTimeline {
  readonly #options: PictureTimelineOptions;
  /** The newest picture: its place, and when it came. */
  #last: { ticks: number; atMs: number } | undefined;
  /** The latest picture in the order of decoding: the place that its time stamp says, and its own. */
  #latest: { ticks: number; placed: number } | undefined;
  /** Added to the camera's time stamps. */
  #shiftTicks = 0;
  #sourceChanged = false;
  /** A picture whose time stamp was far off, until the next one tells whether it was alone. */
  #outlier: { ticks: number; placed: number } | undefined;
  #outliers = 0;
  /** Shortest usual distance between two pictures. */
  #stepTicks: number | undefined;

  constructor(options: PictureTimelineOptions) {
    this.#options = options;
  }

  /** Where a time stamp of the camera's lies; undefined between two senders, when nobody knows. */
  ticksOf(cameraTicks: number): number | undefined {
    return this.#sourceChanged ? undefined : cameraTicks + this.#shiftTicks;
  }

  /** The next picture is of another sender, with time stamps of its own. */
  sourceChanges(): void {
    this.#sourceChanged = true;
  }

  /** Pauses are measured on another clock from now on. */
  clockChanges(nowMs: number): void {
    if (this.#last !== undefined) this.#last.atMs = nowMs;
  }

  /** Place of the next picture in the order of decoding; it came at `nowMs` (UTC). `again`: as AccessUnit has it. */
  place(cameraTicks: number, again: boolean, nowMs: number): number {
    const ticks = cameraTicks + this.#shiftTicks;
    const last = this.#last;
    if (last === undefined) return this.#keep(ticks, ticks, nowMs);
    if (this.#sourceChanged) return this.#jump(ticks, this.#byArrival(last, nowMs), nowMs, undefined);
    if (again && this.#latest !== undefined) return this.#between(this.#latest, nowMs);
    if (this.#isOff(ticks, last.ticks, nowMs)) return this.#off(ticks, last, nowMs);
    this.#outlier = undefined;
    this.#outliers = 0;
    if (this.#latest !== undefined) this.#learnStep(Math.abs(ticks - this.#latest.ticks));
    return this.#keep(ticks, ticks, nowMs);
  }

  #keep(ticks: number, placed: number, nowMs: number): number {
    const latest = this.#latest;
    const last = this.#last;
    if (latest === undefined) this.#latest = { ticks, placed };
    else {
      latest.ticks = ticks;
      latest.placed = placed;
    }
    if (last === undefined) this.#last = { ticks: placed, atMs: nowMs };
    else if (placed > last.ticks) {
      last.ticks = placed;
      last.atMs = nowMs;
    }
    return placed;
  }

  #isOff(ticks: number, lastTicks: number, nowMs: number): boolean {
    const step = ticks - lastTicks;
    if (step < -backTicks) return true;
    return step > pauseTicks && (this.#options.anchor.earliestArrivalMs(ticks) ?? nowMs) - nowMs > futureMs;
  }

  #off(ticks: number, last: { ticks: number; atMs: number }, nowMs: number): number {
    const { onJump, onOddStamp } = this.#options;
    const before = this.#outlier;
    if (before !== undefined && Math.abs(ticks - before.ticks) <= pauseTicks) {
      const elapsed = this.#byArrival(last, nowMs) - last.ticks;
      const placed = Math.max(last.ticks + 1, before.placed + Math.max(1, ticks - before.ticks));
      return this.#jump(ticks, placed, nowMs, Math.round((ticks - last.ticks - elapsed) / timescale));
    }
    this.#outliers += 1;
    if (this.#outliers === patience) onJump(Math.round((ticks - last.ticks) / timescale));
    else onOddStamp?.('outlying');
    const placed =
      this.#outliers >= patience
        ? this.#byArrival(last, nowMs)
        : last.ticks + (this.#stepTicks ?? assumedStepTicks / 2);
    this.#outlier = { ticks, placed };
    this.#latest = { ticks, placed };
    this.#last = { ticks: placed, atMs: nowMs };
    return placed;
  }

  /** As long after the last picture as it came. */
  #byArrival(last: { ticks: number; atMs: number }, nowMs: number): number {
    return last.ticks + Math.max(1, Math.round(((nowMs - last.atMs) * timescale) / 1000));
  }

  #jump(ticks: number, placed: number, nowMs: number, seconds: number | undefined): number {
    this.#shiftTicks += placed - ticks;
    this.#sourceChanged = false;
    this.#outlier = undefined;
    this.#outliers = 0;
    this.#last = { ticks: placed, atMs: nowMs };
    this.#latest = { ticks: placed, placed };
    this.#options.onJump(seconds);
    return placed;
  }

  /** In the middle of what is left up to where the next time stamp is due. */
  #between({ ticks, placed }: { ticks: number; placed: number }, nowMs: number): number {
    this.#options.onOddStamp?.('shared');
    const leftTicks = ticks + (this.#stepTicks ?? assumedStepTicks) - placed;
    return this.#keep(ticks, placed + Math.max(1, Math.round(leftTicks / 2)), nowMs);
  }

  #learnStep(ticks: number): void {
    if (ticks <= 0 || ticks > pauseTicks) return;
    const usual = this.#stepTicks;
    this.#stepTicks = usual === undefined || ticks < usual ? ticks : Math.round(usual + (ticks - usual) / 16);
  }
}
