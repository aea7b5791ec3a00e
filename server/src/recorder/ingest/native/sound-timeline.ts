// Where the sound lies on the timeline of the picture. Units are never changed and none is made up: where the
// camera's two clocks drift apart or packets were lost the timeline gets a hole (the unit before lasts longer), and a
// unit that would lie over one already placed is left out. design/time.md has the rules.
import { TimeAnchor } from '../time-anchor.js';
import type { AudioRun } from '../../../lib/isobmff/sound-track.js';
import { timescale as videoTimescale } from './mp4-writer.js';

/** An access unit of AAC, or a packet's worth of G.711. */
export interface SoundUnit {
  /** RTP timestamp of its first sample, unwrapped. */
  readonly ticks: number;
  readonly durationTicks: number;
  readonly data: Buffer;
}

/** Sound may be off by this before it is put right; below what anybody notices (ITU-R BT.1359: 45 ms). */
const toleranceMs = 20;
/** Sender reports of two streams of one camera that disagree with their arrival by more are not believed. */
const trustedDifferenceMs = 1000;
/** Sound that is so far behind its picture would only keep players waiting. */
const longestLagMs = 3000;
/** The picture waits for nothing: what has no fragment to go into is kept so far. */
const maxQueuedBytes = 512 * 1024;
const maxQueuedUnits = 1024;
/** Timestamps that step by more are another timeline: the camera began anew. */
const jumpSeconds = 10;
/** Without a unit for so long the camera is taken not to send sound (any more). */
const silentAfterMs = 10_000;

export interface SoundTimelineOptions {
  /** Ticks of a second. */
  readonly clockRate: number;
  readonly videoAnchor: TimeAnchor;
  readonly monotonicMs: number;
}

export class SoundTimeline {
  private queue: SoundUnit[] = [];
  private queuedBytes = 0;
  private heardAtMs: number;
  private anchor: TimeAnchor;
  private lastTicks: number | undefined;
  private run = -1;
  /** Where the newest unit ends, ticks of the track; undefined before the first of a run. */
  private end: number | undefined;
  /** Units that came and are in no fragment. */
  droppedUnits = 0;
  /** Holes that were left because of lost packets or drift. */
  holes = 0;

  constructor(private readonly options: SoundTimelineOptions) {
    this.heardAtMs = options.monotonicMs;
    this.anchor = new TimeAnchor(options.clockRate);
  }

  push(unit: SoundUnit, nowMs: number, monotonicMs: number): void {
    const { clockRate } = this.options;
    this.heardAtMs = monotonicMs;
    if (Math.abs(unit.ticks - (this.lastTicks ?? unit.ticks)) > jumpSeconds * clockRate) this.beginAnew();
    this.lastTicks = unit.ticks;
    // It can be sent when its last sample was taken.
    this.anchor.observeArrival(unit.ticks + unit.durationTicks, nowMs);
    this.queue.push(unit);
    this.queuedBytes += unit.data.length;
    while (this.queuedBytes > maxQueuedBytes || this.queue.length > maxQueuedUnits) this.drop();
  }

  /** The camera says that timestamp `ticks` is `utcMs` (RFC 3550 6.4.1). */
  observeSenderReport(ticks: number, utcMs: number): void {
    this.anchor.observeSenderReport(ticks, utcMs);
  }

  /** Instants of arrival are counted from another base from now on. */
  forgetArrivals(): void {
    this.anchor.forgetArrivals();
  }

  /** Whether sound comes, or is still expected. */
  isFlowing(monotonicMs: number): boolean {
    return monotonicMs - this.heardAtMs < silentAfterMs;
  }

  /**
   * The units that came and begin before `endTicks`, for a fragment whose pictures begin at `startTicks`; the media
   * timeline of `run` is zero at `zeroTicks` (all RTP time of the picture). Later units stay for the next fragment.
   */
  take(run: number, zeroTicks: number, startTicks: number, endTicks: number): AudioRun | undefined {
    const differenceMs = this.differenceMs();
    if (differenceMs === undefined) return undefined;
    if (run !== this.run) this.end = undefined;
    this.run = run;
    const { clockRate } = this.options;
    const perTick = clockRate / videoTimescale;
    const shift = (differenceMs * clockRate) / 1000 - zeroTicks * perTick;
    const limit = (endTicks - zeroTicks) * perTick;
    const earliest = Math.max(0, (startTicks - zeroTicks) * perTick - (longestLagMs * clockRate) / 1000);
    const samples: { data: Buffer; duration: number }[] = [];
    let base = 0;
    for (let unit = this.queue[0]; unit !== undefined && unit.ticks + shift < limit; unit = this.queue[0]) {
      const wanted = unit.ticks + shift;
      const tolerance = Math.min((toleranceMs * clockRate) / 1000, unit.durationTicks / 2);
      const drift = this.end === undefined ? 0 : wanted - this.end;
      if (wanted < earliest || drift < -tolerance) {
        this.drop();
        continue;
      }
      this.shift();
      const at: number = this.end === undefined || drift > tolerance ? Math.round(wanted) : this.end;
      const last = samples.at(-1);
      if (drift > tolerance) this.holes += 1;
      if (last === undefined) base = at;
      else last.duration += at - this.end!;
      samples.push({ data: unit.data, duration: unit.durationTicks });
      this.end = at + unit.durationTicks;
    }
    return samples.length === 0 ? undefined : { baseMediaDecodeTime: BigInt(base), samples };
  }

  /** Forgets what begins before `endTicks`: its fragment has no sound. */
  skip(endTicks: number): void {
    const differenceMs = this.differenceMs();
    const { clockRate } = this.options;
    const shift = ((differenceMs ?? 0) * clockRate) / 1000;
    const limit = (endTicks * clockRate) / videoTimescale;
    while (this.queue.length > 0 && this.queue[0]!.ticks + shift < limit) this.drop();
    this.end = undefined;
  }

  /** How much later than the picture's zero that of the sound is: by sender reports of both, else by arrival of both. */
  private differenceMs(): number | undefined {
    const sound = this.anchor.offsetsMs();
    const picture = this.options.videoAnchor.offsetsMs();
    if (sound.arrival === undefined || picture.arrival === undefined) return undefined;
    const arrived = sound.arrival - picture.arrival;
    if (sound.report === undefined || picture.report === undefined) return arrived;
    const reported = sound.report - picture.report;
    return Math.abs(reported - arrived) <= trustedDifferenceMs ? reported : arrived;
  }

  /** What is known about the old timestamps says nothing about the new ones. */
  private beginAnew(): void {
    this.anchor = new TimeAnchor(this.options.clockRate);
    while (this.queue.length > 0) this.drop();
  }

  private shift(): void {
    this.queuedBytes -= this.queue.shift()!.data.length;
  }

  private drop(): void {
    this.shift();
    this.droppedUnits += 1;
  }
}
