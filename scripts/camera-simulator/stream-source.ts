import type { FrameTimer, TimedSource } from './frame-timer.js';
import type { LoopUnit, PictureLoop } from './scenes/picture-loop.js';

export const rtpClockHz = 90_000;

/** One picture as it leaves the camera. */
export interface StampedFrame {
  readonly loop: PictureLoop;
  readonly unit: LoopUnit;
  /** Order of capture, from 0. */
  readonly counter: number;
  /** Capture instant, true UTC, ms with fractions. */
  readonly utcMs: number;
  /** Capture instant in ticks of 90 kHz since the stream began; exact. */
  readonly ticks: number;
  /** The keyframe with which a loop began anew. */
  readonly outOfTurn: boolean;
}

/** What a new receiver gets first. */
export type StartMode =
  /** Nothing until the next keyframe that comes anyway. */
  | 'next-keyframe'
  /** The picture that is due, in the middle of its group. */
  | 'at-once'
  /** A keyframe that is made for it. */
  | 'forced-keyframe';

export interface FrameReceiver {
  onFrame(frame: StampedFrame): void;
}

/** A stretch in which one loop runs at one rate. */
interface Era {
  readonly loop: PictureLoop;
  readonly framesPerSecond: number;
  readonly startMs: number;
  readonly startCounter: number;
  readonly startTicks: number;
  readonly wasAskedFor: boolean;
}

/** A camera that was not served for longer than this (a suspended host) goes on with the present. */
const longestCatchUpMs = 10_000;

/**
 * One stream of one camera, driven by the clock whether or not somebody watches: picture n is captured at its own
 * instant, and sent when the last picture it has to wait for in decoding order has been captured.
 */
export class StreamSource implements TimedSource {
  readonly #timer: FrameTimer;
  readonly #receivers = new Map<FrameReceiver, StartMode | 'started'>();
  #era: Era;
  /** Next place in decoding order of the era; kept while somebody receives, else reckoned from the time. */
  #nextIndex = 0;
  #pending: { atIndex: number; loop: PictureLoop; framesPerSecond: number } | undefined;

  constructor(options: { timer: FrameTimer; loop: PictureLoop; startMs: number }) {
    this.#timer = options.timer;
    const { loop, startMs } = options;
    this.#era = {
      loop,
      framesPerSecond: loop.framesPerSecond,
      startMs,
      startCounter: 0,
      startTicks: 0,
      wasAskedFor: false,
    };
  }

  get loop(): PictureLoop {
    return this.#pending?.loop ?? this.#era.loop;
  }

  get framesPerSecond(): number {
    return this.#pending?.framesPerSecond ?? this.#era.framesPerSecond;
  }

  get receiverCount(): number {
    return this.#receivers.size;
  }

  /** Starts to feed a receiver; returns the ticks of the first frame it will get. */
  add(receiver: FrameReceiver, mode: StartMode): number {
    this.#settle();
    if (mode === 'forced-keyframe') this.restart({});
    const waiting: StartMode = mode === 'forced-keyframe' ? 'next-keyframe' : mode;
    this.#receivers.set(receiver, waiting);
    this.#timer.add(this);
    return this.#firstTicks(waiting);
  }

  remove(receiver: FrameReceiver): void {
    this.#receivers.delete(receiver);
    if (this.#receivers.size === 0) this.#timer.remove(this);
  }

  /** Begins the loop anew, with a keyframe, as soon as no picture is left behind; also with another loop or rate. */
  restart(change: { loop?: PictureLoop; framesPerSecond?: number }): void {
    this.#settle();
    let atIndex = this.#nextIndex;
    while (!this.#unitAt(atIndex).startsClosed) atIndex += 1;
    this.#pending = {
      atIndex,
      loop: change.loop ?? this.loop,
      framesPerSecond: change.framesPerSecond ?? this.framesPerSecond,
    };
    this.#enterPending();
  }

  tick(nowMs: number): number {
    if (nowMs - this.#dueMs(this.#nextIndex) > longestCatchUpMs) this.#skipTo(nowMs - longestCatchUpMs);
    while (this.#dueMs(this.#nextIndex) <= nowMs) {
      const index = this.#nextIndex;
      this.#nextIndex += 1;
      this.#send(index);
      this.#enterPending();
    }
    return this.#dueMs(this.#nextIndex);
  }

  /** Brings the place in the loop up to date where nobody received. */
  #settle(): void {
    if (this.#receivers.size === 0) this.#skipTo(this.#timer.nowMs());
  }

  #skipTo(nowMs: number): void {
    for (;;) {
      const { startMs, framesPerSecond, loop } = this.#era;
      const elapsed = Math.floor(((nowMs - startMs) * framesPerSecond) / 1000) - loop.reorderFrames + 1;
      const index = Math.max(this.#nextIndex, elapsed, 0);
      if (!this.#pending || index < this.#pending.atIndex) {
        this.#nextIndex = index;
        return;
      }
      this.#nextIndex = this.#pending.atIndex;
      this.#enterPending();
    }
  }

  #enterPending(): void {
    const pending = this.#pending;
    if (!pending || this.#nextIndex !== pending.atIndex) return;
    const { startMs, framesPerSecond, startCounter, startTicks } = this.#era;
    this.#era = {
      loop: pending.loop,
      framesPerSecond: pending.framesPerSecond,
      startMs: startMs + (pending.atIndex * 1000) / framesPerSecond,
      startCounter: startCounter + pending.atIndex,
      startTicks: startTicks + Math.round((pending.atIndex * rtpClockHz) / framesPerSecond),
      wasAskedFor: true,
    };
    this.#pending = undefined;
    this.#nextIndex = 0;
  }

  #unitAt(index: number): LoopUnit {
    const { units } = this.#era.loop;
    const unit = units[index % units.length];
    if (!unit) throw new Error('a loop without pictures');
    return unit;
  }

  /** Capture order in the era of a place in decoding order. */
  #captureIndex(index: number): number {
    const length = this.#era.loop.units.length;
    return index - (index % length) + this.#unitAt(index).captureIndex;
  }

  #ticksOf(index: number): number {
    return this.#era.startTicks + Math.round((this.#captureIndex(index) * rtpClockHz) / this.#era.framesPerSecond);
  }

  #dueMs(index: number): number {
    const { startMs, framesPerSecond, loop } = this.#era;
    return startMs + ((index + loop.reorderFrames) * 1000) / framesPerSecond;
  }

  #send(index: number): void {
    const unit = this.#unitAt(index);
    const captured = this.#captureIndex(index);
    const { loop, startMs, framesPerSecond, startCounter } = this.#era;
    const frame: StampedFrame = {
      loop,
      unit,
      counter: startCounter + captured,
      utcMs: this.#timer.utcOf(startMs + (captured * 1000) / framesPerSecond),
      ticks: this.#ticksOf(index),
      outOfTurn: index === 0 && this.#era.wasAskedFor,
    };
    for (const [receiver, mode] of this.#receivers) {
      if (mode === 'next-keyframe' && !unit.keyframe) continue;
      if (!unit.startsClosed && mode === 'at-once') continue;
      if (mode !== 'started') this.#receivers.set(receiver, 'started');
      receiver.onFrame(frame);
    }
  }

  #firstTicks(mode: StartMode): number {
    const pending = this.#pending;
    for (let index = this.#nextIndex; ; index += 1) {
      if (pending && index === pending.atIndex) {
        return this.#era.startTicks + Math.round((index * rtpClockHz) / this.#era.framesPerSecond);
      }
      const unit = this.#unitAt(index);
      if (mode === 'at-once' ? unit.startsClosed : unit.keyframe) return this.#ticksOf(index);
    }
  }
}
