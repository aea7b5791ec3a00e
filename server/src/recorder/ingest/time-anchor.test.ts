import { describe, expect, it } from 'vitest';
import { RunClock, TimeAnchor } from './time-anchor.js';

const rate = 90_000;
const t0 = Date.UTC(2026, 2, 1);

/** Frames of 25 fps that arrive with a delay each. */
function arrive(anchor: TimeAnchor, delaysMs: number[], fromTicks = 0): void {
  delaysMs.forEach((delay, index) =>
    anchor.observeArrival(fromTicks + index * 3600, t0 + fromTicks / 90 + index * 40 + delay),
  );
}

describe('TimeAnchor', () => {
  it('takes the least delayed arrival where there is no report', () => {
    const anchor = new TimeAnchor(rate);
    expect(anchor.current()).toBeUndefined();
    arrive(anchor, [80, 3, 45, 12]);
    expect(anchor.current()).toEqual({ offsetMs: t0 + 3, timeSource: 'arrival' });
  });

  it.each([
    [-4900, 'rtcp'],
    [0, 'rtcp'],
    [4900, 'rtcp'],
    [5100, 'arrival'],
    [-3_600_000, 'arrival'],
  ] as const)('camera clock %i ms ahead: %s', (aheadMs, timeSource) => {
    const anchor = new TimeAnchor(rate);
    arrive(anchor, [0, 5]);
    anchor.observeSenderReport(90_000, t0 + 1000 + aheadMs);
    expect(anchor.current()).toEqual({ offsetMs: timeSource === 'rtcp' ? t0 + aheadMs : t0, timeSource });
    expect(anchor.clockOffsetMs()).toBe(aheadMs);
  });

  it('believes a clock that drifts beyond five seconds no more, and again below four, without going to and fro', () => {
    const anchor = new TimeAnchor(rate);
    const sources: string[] = [];
    let ticks = 0;
    const pass = (fromMs: number, toMs: number) => {
      for (let second = 0; second <= 400; second += 1, ticks += rate) {
        arrive(anchor, [second % 7 === 0 ? 3 : 40], ticks);
        const jitterMs = second % 2 === 0 ? 60 : -60;
        anchor.observeSenderReport(ticks, t0 + ticks / 90 + fromMs + ((toMs - fromMs) * second) / 400 + jitterMs);
        const { timeSource } = anchor.current()!;
        if (sources.at(-1) !== timeSource) sources.push(timeSource);
      }
    };
    pass(4500, 5500);
    expect(sources).toEqual(['rtcp', 'arrival']);
    pass(5500, 4100);
    expect(sources).toEqual(['rtcp', 'arrival']);
    pass(4100, 3900);
    pass(3900, 4900);
    expect(sources).toEqual(['rtcp', 'arrival', 'rtcp']);
  });

  it.each([
    ['comes in a rush', 38],
    ['comes little by little', 20 / 3],
  ])('keeps its arrivals where what waited for the network %s', (_how, caughtUpMs) => {
    const anchor = new TimeAnchor(rate);
    arrive(anchor, [2]);
    for (let waitedMs = 8000, ticks = 3600; waitedMs > 0; waitedMs -= caughtUpMs, ticks += 3600) {
      arrive(anchor, [waitedMs], ticks);
      expect(anchor.current()!.offsetMs).toBe(t0 + 2);
    }
  });

  it('forgets its arrivals where a camera stays late for ten seconds, not before', () => {
    const anchor = new TimeAnchor(rate);
    arrive(anchor, [2]);
    const late = Array.from({ length: 240 }, (_none, index) => 8000 + ((index * 7) % 300));
    arrive(anchor, late, 3600);
    expect(anchor.current()!.offsetMs).toBe(t0 + 2);
    expect(anchor.errorMs()).toBeGreaterThanOrEqual(8000);
    arrive(anchor, late.slice(0, 20), 241 * 3600);
    expect(anchor.current()!.offsetMs).toBe(t0 + 8000);
  });
});

describe('RunClock', () => {
  function recorded() {
    const anchor = new TimeAnchor(rate);
    arrive(anchor, [30]);
    const clock = new RunClock(anchor, rate);
    expect(clock.place(0, true)).toEqual({ atMs: t0 + 30, timeSource: 'arrival' });
    return { anchor, clock };
  }

  it('takes the first report in one small step', () => {
    const { anchor, clock } = recorded();
    anchor.observeSenderReport(0, t0);
    expect(clock.place(90_000, true)).toEqual({ atMs: t0 + 1000, timeSource: 'rtcp' });
  });

  it('never goes back', () => {
    const { anchor, clock } = recorded();
    anchor.observeSenderReport(0, t0 - 200);
    expect(clock.place(9000, true)).toEqual({ atMs: t0 + 30, timeSource: 'rtcp' });
  });

  it('asks for a new run where the step is large, at a keyframe only', () => {
    const { anchor, clock } = recorded();
    anchor.observeSenderReport(0, t0 + 1007);
    expect(clock.place(90_000, false)).toEqual({ atMs: t0 + 1030, timeSource: 'arrival' });
    expect(clock.place(180_000, true)).toBe('jumped');
  });

  it('follows arrivals slowly', () => {
    const { anchor, clock } = recorded();
    arrive(anchor, [0], 90_000);
    expect(clock.place(90_000, true)).toEqual({ atMs: t0 + 1025, timeSource: 'arrival' });
  });
});
