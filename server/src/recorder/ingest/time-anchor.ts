// Which instant a media timestamp is: from the camera's RTCP sender reports where they can be believed, else from the
// arrival of its frames. design/time.md has the rules and the measured errors.
import type { TimeSource } from '../../lib/fragment.js';
import { ArrivalSlope } from './arrival-slope.js';
import { leastRateOff, ReportLine } from './report-line.js';

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

/** Reports that differ among each other by more say less than arrival does. */
const coarseMs = 400;
/** Whole seconds that are further from arrival than this are rounded. */
const roundedMs = 50;
/** So long after a rate was found the instants catch up with it. */
const catchUpMs = 60_000;
/** A fragment is no longer; one that was collected while a rate was found ends so soon after it. */
const fragmentMs = 1700;

export class TimeAnchor {
  private minima: { sinceMs: number; mediaMs: number; offsetMs: number }[] = [];
  private readonly slope = new ArrivalSlope();
  private readonly reports = new ReportLine();
  private rateFound: number | undefined;
  private catchesUpUntilMs = -Infinity;
  /** The newest rate that was found, and when. */
  private rescaled = { rateOff: 0, atMs: -Infinity };
  private nowMs = -Infinity;
  /** What the newest fragment was placed by, UTC at timestamp zero. */
  usedOffsetMs: number | undefined;
  private leastMs: number | undefined;
  /** The first of the frames that are late by the same, without one in time since. */
  private late: { sinceMs: number; offsetMs: number } | undefined;
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
    const mediaMs = this.toMs(ticks);
    const offsetMs = nowMs - mediaMs;
    const { leastMs } = this;
    this.nowMs = nowMs;
    if (this.slope.add(mediaMs, nowMs) && !this.reportsCount) this.rateFound = this.slope.rate();
    const last = this.minima.at(-1);
    if (last === undefined || nowMs - last.sinceMs >= bucketMs || nowMs < last.sinceMs) {
      this.keepArrivals([...this.minima.slice(1 - buckets), { sinceMs: nowMs, mediaMs, offsetMs }]);
    } else if (offsetMs < last.offsetMs) {
      last.offsetMs = offsetMs;
      last.mediaMs = mediaMs;
      this.leastMs = Math.min(this.leastMs!, offsetMs);
    }
    this.watchLateness(offsetMs, nowMs);
    // Reports are judged by what arrived earliest.
    if (this.leastMs !== leastMs) this.judgeReports();
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
    this.reports.add(this.toMs(ticks), utcMs);
    this.judgeReports();
    this.rateFound = this.agreedRate();
  }

  /** Reports show a rate where arrivals show the same: those of whole seconds may look like one. */
  private agreedRate(): number | undefined {
    const reported = this.reports.roughRate;
    if (Math.abs(reported) < 2 * leastRateOff) return undefined;
    return Math.abs(reported - this.slope.roughRate) > Math.abs(reported) / 10 ? undefined : reported;
  }

  private get reportOffsetMs(): number | undefined {
    return this.reports.count === 0 ? undefined : this.reports.newestOffsetMs;
  }

  /** They are believed, and say more than arrival does. */
  private get reportsCount(): boolean {
    const { reports } = this;
    if (reports.count === 0 || !this.believesReports || this.reportsAreOff || this.leastMs === undefined) return false;
    if (reports.spreadMs > coarseMs) return false;
    const arrivals = [this.leastMs, this.slope.newestMs ?? this.leastMs];
    return (
      !reports.isWholeSeconds || arrivals.some((arrival) => Math.abs(reports.newestOffsetMs - arrival) <= roundedMs)
    );
  }

  private judgeReports(): void {
    const offsetMs = this.clockOffsetMs();
    if (offsetMs === undefined) return;
    this.reportsAreOff = Math.abs(offsetMs) > (this.reportsAreOff ? trustedAgainOffsetMs : trustedOffsetMs);
  }

  /**
   * How many seconds pass in one of the media clock, where it runs so far off that instants do not follow; undefined else.
   * Whoever counts ticks by it from `ticks` on says so with `rescale`.
   */
  foundRate(): number | undefined {
    return this.rateFound === undefined ? undefined : 1 + this.rateFound;
  }

  /** Ticks before and after `ticks` are `rate` times as far from it as they were. */
  rescale(ticks: number, rate: number): void {
    const pivotMs = this.toMs(ticks);
    const place = (mediaMs: number) => pivotMs + (mediaMs - pivotMs) * rate;
    this.reports.rescale(place);
    this.keepArrivals(
      this.minima.map(({ sinceMs, mediaMs, offsetMs }) => {
        const placed = place(mediaMs);
        return { sinceMs, mediaMs: placed, offsetMs: offsetMs + mediaMs - placed };
      }),
    );
    this.slope.clear();
    this.late = undefined;
    this.judgeReports();
    this.rateFound = undefined;
    this.catchesUpUntilMs = this.nowMs + catchUpMs;
    this.rescaled = { rateOff: Math.abs(rate - 1), atMs: this.nowMs };
  }

  /** Instants are counted from another base from now on. */
  forgetArrivals(): void {
    this.keepArrivals([]);
    this.slope.clear();
  }

  /** The timestamps that were reported on are no more. */
  forgetReports(): void {
    this.reports.clear();
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
    return this.reportsCount
      ? { offsetMs: this.reports.newestOffsetMs, timeSource: 'rtcp' }
      : { offsetMs: arrival, timeSource: 'arrival' };
  }

  /** The media clock was found to run at another rate: what was placed before is caught up with inside the run. */
  get catchesUp(): boolean {
    return this.nowMs < this.catchesUpUntilMs;
  }

  /**
   * Bound on how far an instant may be from that of our own clock, ms: with reports by how much the camera's clock
   * differs and they differ among each other, with arrivals how much the least delays of the last minute differ and what
   * a camera needs to encode; with both what is not caught up with yet.
   */
  errorMs(): number | undefined {
    const now = this.current();
    if (now === undefined) return undefined;
    const behindMs = Math.abs((this.usedOffsetMs ?? now.offsetMs) - now.offsetMs);
    const newestMs = this.slope.newestMs ?? this.leastMs!;
    if (now.timeSource === 'rtcp') {
      // Until it is known that the media clock runs as it says, the newest pictures may be further off.
      const drift = this.slope.isYoung ? this.slope.drift : { rate: 0, newestMs: now.offsetMs };
      const differenceMs = Math.max(Math.abs(now.offsetMs - this.leastMs!), drift.newestMs - now.offsetMs);
      // The first picture of a fragment is placed by what is known when its last one came.
      const { rateOff, atMs } = this.rescaled;
      const rate = Math.max(Math.abs(drift.rate), this.nowMs - atMs < 2 * fragmentMs ? rateOff : 0);
      return differenceMs + this.reports.spreadMs + reportErrorMs + behindMs + rate * fragmentMs;
    }
    const latestMs = Math.max(newestMs, ...this.minima.map((one) => one.offsetMs));
    return latestMs - this.leastMs! + unknownDelayMs + behindMs;
  }
}

/** A change of the anchor up to here is taken inside a run; beyond it a new run begins. */
const stepInRunMs = 250;
/** Arrival only estimates; it is followed slowly. */
const arrivalSlewMs = 5;
const arrivalJumpMs = 1000;
/** With another rate, a fragment: less than what counts as a gap. */
const catchUpSlewMs = 200;
const catchUpJumpMs = 10_000;

/** Gives the fragments of one run their instants: continuous, never going back. */
export class RunClock {
  private usedMs: number | undefined;
  private source: TimeSource = 'arrival';
  private lastAtMs = -Infinity;

  constructor(
    private readonly anchor: TimeAnchor,
    private readonly ticksPerSecond: number,
  ) {}

  /** Whether `place` would answer `jumped` now, where it may. */
  get jumps(): boolean {
    const now = this.anchor.current();
    return now !== undefined && this.usedMs !== undefined && this.isJump(now.offsetMs - this.usedMs, now.timeSource);
  }

  private isJump(changeMs: number, timeSource: TimeSource): boolean {
    const usualJumpMs = timeSource === 'rtcp' || this.source === 'rtcp' ? stepInRunMs : arrivalJumpMs;
    return Math.abs(changeMs) > (this.anchor.catchesUp ? catchUpJumpMs : usualJumpMs);
  }

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
    const jumped = this.isJump(change, now.timeSource);
    if (jumped && mayJump) return 'jumped';
    const mostMs = this.anchor.catchesUp ? catchUpSlewMs : reported ? stepInRunMs : arrivalSlewMs;
    const mediaMs = (ticks * 1000) / this.ticksPerSecond;
    const wantedMs = jumped ? used : used + Math.max(-mostMs, Math.min(mostMs, change));
    const atMs = Math.max(wantedMs + mediaMs, this.lastAtMs);
    // What could not be taken back here is taken back with the next ones, by no larger step.
    this.usedMs = atMs - mediaMs;
    this.anchor.usedOffsetMs = this.usedMs;
    if (!jumped) this.source = now.timeSource;
    this.lastAtMs = atMs;
    return { atMs, timeSource: this.source };
  }
}
