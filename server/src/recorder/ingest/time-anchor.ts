// Which instant a media timestamp is: from the camera's RTCP sender reports where they can be believed, else from the
// arrival of its frames. design/time.md has the rules and the measured errors.
import type { TimeSource } from '../../lib/fragment.js';

/** A camera whose clock is further off than this is not believed. */
export const trustedOffsetMs = 5000;
/** Frames never arrive early, so the earliest of a while tells the least delayed. */
const bucketMs = 5000;
const buckets = 12;

export class TimeAnchor {
  private readonly minima: { sinceMs: number; offsetMs: number }[] = [];
  private reportOffsetMs: number | undefined;

  /** `ticksPerSecond` of the timestamps. */
  constructor(private readonly ticksPerSecond: number) {}

  private toMs(ticks: number): number {
    return (ticks * 1000) / this.ticksPerSecond;
  }

  /** A frame with timestamp `ticks` was received at `nowMs` (UTC). */
  observeArrival(ticks: number, nowMs: number): void {
    const offsetMs = nowMs - this.toMs(ticks);
    const least = this.arrivalOffsetMs();
    // The host's clock was set forward, or the camera fell behind for good.
    if (least !== undefined && offsetMs - least > trustedOffsetMs) this.minima.length = 0;
    const last = this.minima.at(-1);
    if (last === undefined || nowMs - last.sinceMs >= bucketMs || nowMs < last.sinceMs) {
      this.minima.push({ sinceMs: nowMs, offsetMs });
      if (this.minima.length > buckets) this.minima.shift();
    } else last.offsetMs = Math.min(last.offsetMs, offsetMs);
  }

  /** The camera says that timestamp `ticks` is `utcMs` (RFC 3550 6.4.1). */
  observeSenderReport(ticks: number, utcMs: number): void {
    this.reportOffsetMs = utcMs - this.toMs(ticks);
  }

  private arrivalOffsetMs(): number | undefined {
    return this.minima.length === 0 ? undefined : Math.min(...this.minima.map(({ offsetMs }) => offsetMs));
  }

  /** UTC at timestamp zero as the camera reported it and as it arrived; for comparing two streams of one camera. */
  offsetsMs(): { report: number | undefined; arrival: number | undefined } {
    return { report: this.reportOffsetMs, arrival: this.arrivalOffsetMs() };
  }

  /** How far the camera's clock is ahead of ours, delay of the network included. */
  clockOffsetMs(): number | undefined {
    const arrival = this.arrivalOffsetMs();
    return arrival === undefined || this.reportOffsetMs === undefined ? undefined : this.reportOffsetMs - arrival;
  }

  /** UTC at timestamp zero. Undefined before the first frame. */
  current(): { offsetMs: number; timeSource: TimeSource } | undefined {
    const arrival = this.arrivalOffsetMs();
    if (arrival === undefined) return undefined;
    const report = this.reportOffsetMs;
    return report !== undefined && Math.abs(report - arrival) <= trustedOffsetMs
      ? { offsetMs: report, timeSource: 'rtcp' }
      : { offsetMs: arrival, timeSource: 'arrival' };
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
