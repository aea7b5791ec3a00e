import { describe, expect, it } from 'vitest';
import { LivePace } from './live-pace.js';

interface World {
  /** What lies before the picture at the beginning, seconds. */
  ahead: number;
  segmentSeconds: number;
  /** Nothing arrives in this stretch, and then all of it at once; seconds. */
  held?: readonly [number, number];
  seconds: number;
}

/** A player in front of a live stream: how far it is behind what has arrived, by the second, and how often it ran dry. */
function play({ ahead, segmentSeconds, held, seconds }: World) {
  const pace = new LivePace();
  let position = 0;
  let edge = ahead;
  let rate = 1;
  let dry = 0;
  const lateness: number[] = [];
  const rates = new Set<number>();
  const stepMs = 50;
  for (let ms = 0; ms < seconds * 1000; ms += stepMs) {
    const made = ahead + Math.floor(ms / 1000 / segmentSeconds) * segmentSeconds;
    if (held === undefined || ms < held[0] * 1000 || ms >= held[1] * 1000) edge = made;
    const wasPlaying = position < edge;
    position = Math.min(edge, position + (rate * stepMs) / 1000);
    if (wasPlaying && position === edge) {
      dry += 1;
      pace.ranDry(ms);
    }
    if (ms % 250 === 0 && position < edge) {
      const next = pace.look({ aheadSeconds: edge - position, nowMs: ms });
      rate = next.rate;
      position += next.jumpSeconds;
      rates.add(rate);
    }
    if (ms % 1000 === 0) lateness.push(ahead + ms / 1000 - position);
  }
  return { lateness, dry, rates };
}

describe('the pace of a live picture', () => {
  it.each<[string, World, number]>([
    ['what began near stays near', { ahead: 1.2, segmentSeconds: 0.5, seconds: 40 }, 1.6],
    ['two seconds of a group of pictures are worked off', { ahead: 2.5, segmentSeconds: 0.5, seconds: 40 }, 1.6],
    ['ten seconds are jumped over', { ahead: 10, segmentSeconds: 0.5, seconds: 40 }, 1.6],
    ['segments of a second need no more than that', { ahead: 3, segmentSeconds: 1, seconds: 40 }, 2.1],
    ['after ten seconds without arrivals', { ahead: 1.2, segmentSeconds: 0.5, held: [20, 30], seconds: 50 }, 2.2],
  ])('%s', (_name, world, mostSeconds) => {
    const { lateness } = play(world);
    expect(Math.max(...lateness.slice(-5))).toBeLessThan(mostSeconds);
  });

  it('is back within ten seconds after a stall, and does not run dry once it has settled', () => {
    const { lateness, dry } = play({ ahead: 1.2, segmentSeconds: 0.5, held: [20, 30], seconds: 60 });
    expect(Math.max(...lateness.slice(25, 30))).toBeGreaterThan(5);
    expect(Math.max(...lateness.slice(40))).toBeLessThan(2.5);
    expect(dry).toBe(1);
  });

  it('leaves the rate alone where nothing is to be won', () => {
    const { rates } = play({ ahead: 0.85, segmentSeconds: 0.5, seconds: 60 });
    expect([...rates].every((rate) => rate > 0.9 && rate < 1.1)).toBe(true);
  });

  it('keeps more after it ran dry, and less again when all has been calm', () => {
    const pace = new LivePace();
    const before = pace.cushionSeconds;
    for (let index = 0; index < 20; index += 1) pace.ranDry(index);
    const most = pace.cushionSeconds;
    expect(most).toBeGreaterThan(before);
    expect(most).toBeLessThan(2);
    for (let ms = 0; ms < 600_000; ms += 1000) pace.look({ aheadSeconds: 1, nowMs: ms });
    expect(pace.cushionSeconds).toBeCloseTo(before);
  });
});
