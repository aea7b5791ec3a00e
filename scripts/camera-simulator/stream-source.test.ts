import { describe, expect, it } from 'vitest';
import type { Clock } from '../../server/src/lib/clock.js';
import { FrameTimer } from './frame-timer.js';
import type { LoopUnit, PictureLoop } from './scenes/picture-loop.js';
import { PacketTemplate } from './rtsp/packet-template.js';
import { StreamSource, type StampedFrame, type StartMode } from './stream-source.js';

const utcOfStartMs = 1_800_000_000_000;

/** Of the first picture, by the monotonic clock. */
const startMs = 1000;

class HandClock implements Clock {
  ms = startMs - 10;
  stepMs = 0;
  nowMs(): number {
    return utcOfStartMs + this.ms + this.stepMs;
  }
  monotonicMs(): number {
    return this.ms;
  }
  sleep(): Promise<void> {
    throw new Error('not used');
  }
}

const { nothing } = PacketTemplate;

/** Loops of one or more groups of pictures; `order` is the capture order inside a group, by decoding order. */
function loopOf(order: number[], groups: number, framesPerSecond: number): PictureLoop {
  const units: LoopUnit[] = [];
  for (let group = 0; group < groups; group += 1) {
    order.forEach((captured, place) => {
      const earlier = order.slice(0, place);
      units.push({
        captureIndex: group * order.length + captured,
        keyframe: place === 0,
        startsClosed: earlier.every((other) => other < place),
        parameterSets: nothing,
        slices: nothing,
      });
    });
  }
  return {
    ...{ codec: 'h264', payloadType: 96, encodingName: 'H264', formatParameters: undefined },
    ...{ width: 64, height: 64, framesPerSecond, bitrateKbps: 1, gopFrames: order.length, profileName: 'Main' },
    units,
    reorderFrames: Math.max(...order.map((captured, place) => captured - place)),
  };
}

const plain = (framesPerSecond = 10) => loopOf([0, 1, 2, 3, 4], 2, framesPerSecond);
const reordered = () => loopOf([0, 3, 1, 2, 6, 4, 5], 2, 10);

function arrange(loop: PictureLoop) {
  const clock = new HandClock();
  const timer = new FrameTimer(clock);
  timer.stop();
  const source = new StreamSource({ timer, loop, startMs });
  const receive = (mode: StartMode) => {
    const frames: StampedFrame[] = [];
    const receiver = { onFrame: (frame: StampedFrame) => frames.push(frame) };
    const firstTicks = source.add(receiver, mode);
    timer.stop(); // ticked by hand
    return { frames, firstTicks, leave: () => source.remove(receiver) };
  };
  const advance = (ms: number) => {
    for (const end = clock.ms + ms; clock.ms < end;) {
      clock.ms += 10;
      source.tick(clock.ms);
    }
  };
  return { clock, timer, source, receive, advance };
}

const counters = (frames: StampedFrame[]) => frames.map(({ counter }) => counter);
const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);

describe('a stream', () => {
  it('sends each picture when it is captured, over and over, exactly stamped', () => {
    const { receive, advance } = arrange(plain());
    const { frames } = receive('next-keyframe');
    advance(2350);
    expect(counters(frames)).toEqual(upTo(24));
    for (const { counter, utcMs, ticks } of frames) {
      expect(utcMs).toBe(utcOfStartMs + startMs + counter * 100);
      expect(ticks).toBe(counter * 9000);
    }
  });

  it('sends B-frames in decoding order, none before its turn, stamped as captured', () => {
    const { clock, receive, advance } = arrange(reordered());
    const { frames } = receive('next-keyframe');
    advance(1600);
    expect(counters(frames).slice(0, 14)).toEqual([0, 3, 1, 2, 6, 4, 5, 7, 10, 8, 9, 13, 11, 12]);
    for (const { utcMs } of frames) expect(utcMs).toBeLessThanOrEqual(utcOfStartMs + clock.ms);
  });

  it.each([
    ['next-keyframe', 20],
    ['at-once', 17],
    ['forced-keyframe', 17],
  ] as const)('begins by %s with picture %i', (mode, first) => {
    const { receive, advance } = arrange(plain());
    advance(1650);
    const { frames, firstTicks } = receive(mode);
    advance(1000);
    expect(counters(frames)).toEqual(upTo(frames.length, first));
    expect(frames[0]?.ticks).toBe(firstTicks);
    expect(frames[0]?.unit.keyframe).toBe(mode !== 'at-once');
  });

  it('goes on for one receiver when another forces a keyframe, and counts while nobody looks', () => {
    const { receive, advance } = arrange(reordered());
    const first = receive('next-keyframe');
    advance(730);
    const second = receive('forced-keyframe');
    advance(970);
    first.leave();
    second.leave();
    const sorted = counters(first.frames).sort((a, b) => a - b);
    expect(sorted.slice(0, -2)).toEqual(upTo(sorted.length - 2));
    expect(counters(second.frames)).toEqual(counters(first.frames).slice(-second.frames.length));
    expect(second.frames[0]?.unit.keyframe).toBe(true);
    advance(5000);
    const third = receive('at-once');
    advance(500);
    const next = third.frames[0];
    expect(next?.utcMs).toBe(utcOfStartMs + startMs + (next?.counter ?? 0) * 100);
    expect(next?.counter).toBeGreaterThan(60);
  });

  it('changes rate and loop without losing a picture or a tick', () => {
    const { source, receive, advance } = arrange(plain());
    const { frames } = receive('next-keyframe');
    advance(350);
    source.restart({ framesPerSecond: 2 });
    advance(3000);
    source.restart({ loop: plain(25), framesPerSecond: 25 });
    advance(1000);
    expect(counters(frames)).toEqual(upTo(frames.length));
    for (const { utcMs, ticks } of frames) expect(ticks).toBe(Math.round((utcMs - utcOfStartMs - startMs) * 90));
    const pauses = frames.slice(1).map(({ utcMs }, index) => utcMs - (frames[index]?.utcMs ?? 0));
    expect([...new Set(pauses)]).toEqual([100, 500, 40]);
  });

  it('leaves out what a host that slept could not send, and stamps true time after a step of its clock', () => {
    const { clock, source, receive, advance } = arrange(plain());
    const { frames } = receive('next-keyframe');
    advance(510);
    clock.ms += 60_000;
    clock.stepMs = 3_600_000;
    source.tick(clock.ms);
    const last = frames.at(-1);
    expect(frames.length).toBeLessThan(120);
    expect(last?.counter).toBe(605);
    expect(last?.utcMs).toBe(utcOfStartMs + startMs + 60_500 + 3_600_000);
  });
});
