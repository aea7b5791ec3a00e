// Which instant a media timestamp is: from the camera's RTCP sender reports where they can be believed, else from the
// arrival of its frames. design/time.md has the rules and the measured errors.
import type { TimeSource } from '../../lib/fragment.js';

/** A camera whose clock is further off than this is not believed … */
export const trustedOffsetMs = 5000;
/** … until it is no further off than this: one that drifts along the limit must not make run after run. */
const trustedAgainOffsetMs = 4000;
/** Frames never arrive early, so the earliest of a while tells the least delayed. */
const bucketMs = 5000;
const buckets = 12;
/** What waited for the network comes late and catches up. Where every frame is late by more than is trusted for so long … */
const standstillMs = 10_000;
/** … and by the same, to within this, the camera's time stamps stood still. */
const sameLatenessMs = 1000;

/**
 * What is added to the error where only arrival counts: how long a camera takes to encode a picture and hand it over,
 * which nobody can measure from here. Generous for cameras without B-pictures.
 */
const unknownDelayMs = 300;
/** Sender reports state whole milliseconds at best. */
const reportErrorMs = 1;

export class TimeAnchor {
  private minima: { sinceMs: number; offsetMs: number }[] = [];
  private leastMs: number | undefined;
  /** The first of the frames that are late by the same, without one in time since. */
  private late: { sinceMs: number; offsetMs: number } | undefined;
  private reportOffsetMs: number | undefined;
  private reportsAreOff = false;
  /** False while the camera's time stamps cannot be trusted: then arrival counts. */
  believesReports = true;

  /** `ticksPerSecond` of the timestamps. */
  constructor(private readonly ticksPerSecond: number) {}

  private toMs(ticks: number): number {
    return (ticks * 1000) / this.ticksPerSecond;
  }

  /** A frame with timestamp `ticks` was received at `nowMs` (UTC). */
  observeArrival(ticks: number, nowMs: number): void {
    const offsetMs = nowMs - this.toMs(ticks);
    const last = this.minima.at(-1);
    if (last === undefined || nowMs - last.sinceMs >= bucketMs || nowMs < last.sinceMs) {
      this.keepArrivals([...this.minima.slice(1 - buckets), { sinceMs: nowMs, offsetMs }]);
    } else if (offsetMs < last.offsetMs) {
      last.offsetMs = offsetMs;
      this.leastMs = Math.min(this.leastMs!, offsetMs);
    }
    this.watchLateness(offsetMs, nowMs);
    this.judgeReports();
  }

  private watchLateness(offsetMs: number, nowMs: number): void {
    const { late } = this;
    if (offsetMs - this.leastMs! <= trustedOffsetMs) this.late = undefined;
    else if (late === undefined || Math.abs(offsetMs - late.offsetMs) > sameLatenessMs)
      this.late = { sinceMs: nowMs, offsetMs };
    else if (nowMs - late.sinceMs >= standstillMs)
      this.keepArrivals(this.minima.filter(({ sinceMs }) => sinceMs >= late.sinceMs));
  }

  private keepArrivals(minima: typeof this.minima): void {
    this.minima = minima;
    this.leastMs = minima.length === 0 ? undefined : Math.min(...minima.map((one) => one.offsetMs));
  }

  /** The camera says that timestamp `ticks` is `utcMs` (RFC 3550 6.4.1). */
  observeSenderReport(ticks: number, utcMs: number): void {
    this.reportOffsetMs = utcMs - this.toMs(ticks);
    this.judgeReports();
  }

  private judgeReports(): void {
    const offsetMs = this.clockOffsetMs();
    if (offsetMs === undefined) return;
    this.reportsAreOff = Math.abs(offsetMs) > (this.reportsAreOff ? trustedAgainOffsetMs : trustedOffsetMs);
  }

  /** Instants are counted from another base from now on. */
  forgetArrivals(): void {
    this.keepArrivals([]);
  }

  /** The timestamps that were reported on are no more. */
  forgetReports(): void {
    this.reportOffsetMs = undefined;
  }

  /** When a frame of this timestamp would have arrived at the earliest; undefined before the first. */
  earliestArrivalMs(ticks: number): number | undefined {
    return this.leastMs === undefined ? undefined : this.leastMs + this.toMs(ticks);
  }

  /** UTC at timestamp zero as the camera reported it and as it arrived; for comparing two streams of one camera. */
  offsetsMs(): { report: number | undefined; arrival: number | undefined } {
    return { report: this.reportOffsetMs, arrival: this.leastMs };
  }

  /** How far the camera's clock is ahead of ours, delay of the network included. */
  clockOffsetMs(): number | undefined {
    return this.leastMs === undefined || this.reportOffsetMs === undefined
      ? undefined
      : this.reportOffsetMs - this.leastMs;
  }

  /** UTC at timestamp zero. Undefined before the first frame. */
  current(): { offsetMs: number; timeSource: TimeSource } | undefined {
    const arrival = this.leastMs;
    if (arrival === undefined) return undefined;
    const report = this.believesReports && !this.reportsAreOff ? this.reportOffsetMs : undefined;
    return report === undefined
      ? { offsetMs: arrival, timeSource: 'arrival' }
      : { offsetMs: report, timeSource: 'rtcp' };
  }

  /**
   * Bound on how far an instant may be from that of our own clock, ms: with reports by how much the camera's clock
   * differs, with arrivals how much the least delays of the last minute differ and what a camera needs to encode.
   */
  errorMs(): number | undefined {
    const now = this.current();
    if (now === undefined) return undefined;
    if (now.timeSource === 'rtcp') return Math.abs(now.offsetMs - this.leastMs!) + reportErrorMs;
    return Math.max(...this.minima.map((one) => one.offsetMs)) - this.leastMs! + unknownDelayMs;
  }
}

/** A change of the anchor up to here is taken inside a run; beyond it a new run begins. */
const stepInRunMs = 250;
/** Arrival only estimates; it is followed slowly. */
const arrivalSlewMs = 5;
const arrivalJumpMs = 1000;

/** Gives the fragments of one run their instants: continuous, never going back. */
export class RunClock {
  private usedMs: number | undefined;
  private source: TimeSource = 'arrival';
  private lastAtMs = -Infinity;

  constructor(
    private readonly anchor: TimeAnchor,
    private readonly ticksPerSecond: number,
  ) {}

  /**
   * UTC of timestamp `ticks`. `jumped`: the anchor is somewhere else now, a new run must begin; said only where
   * `mayJump`, because a run can begin at a keyframe only.
   */
  place(ticks: number, mayJump: boolean): { atMs: number; timeSource: TimeSource } | 'jumped' {
    const now = this.anchor.current();
    if (now === undefined) return 'jumped';
    const used = this.usedMs ?? now.offsetMs;
    const change = now.offsetMs - used;
    const reported = now.timeSource === 'rtcp';
    const jumped = Math.abs(change) > (reported || this.source === 'rtcp' ? stepInRunMs : arrivalJumpMs);
    if (jumped && mayJump) return 'jumped';
    if (jumped) this.usedMs = used;
    else if (reported) this.usedMs = now.offsetMs;
    else this.usedMs = used + Math.max(-arrivalSlewMs, Math.min(arrivalSlewMs, change));
    if (!jumped) this.source = now.timeSource;
    const atMs = Math.max(this.usedMs + (ticks * 1000) / this.ticksPerSecond, this.lastAtMs);
    this.lastAtMs = atMs;
    return { atMs, timeSource: this.source };
  }
}
