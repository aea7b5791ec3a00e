import { describe, expect, it } from 'vitest';
import { createWallClock } from './wall-clock.js';

const setUp = (atMs = 5_000) => {
  let nowMs = 100;
  const clock = createWallClock(() => nowMs, { atMs, fromMs: 0, toMs: 60_000 });
  return { clock, pass: (ms: number) => void (nowMs += ms) };
};

describe('wall clock', () => {
  it('stands still until it plays', () => {
    const { clock, pass } = setUp();
    pass(1_000);
    expect(clock.at()).toBe(5_000);
    clock.play();
    pass(1_500);
    expect(clock.at()).toBe(6_500);
    clock.pause();
    pass(1_000);
    expect(clock.at()).toBe(6_500);
  });

  it.each([
    [0.5, 5_500],
    [2, 7_000],
    [8, 13_000],
  ])('runs at rate %s', (rate, expected) => {
    const { clock, pass } = setUp();
    clock.setRate(rate);
    clock.play();
    pass(1_000);
    expect(clock.at()).toBe(expected);
  });

  it('keeps the instant when the rate changes on the way', () => {
    const { clock, pass } = setUp();
    clock.play();
    pass(1_000);
    clock.setRate(4);
    expect(clock.at()).toBe(6_000);
    pass(500);
    expect(clock.at()).toBe(8_000);
  });

  it('waits and goes on from where it waited', () => {
    const { clock, pass } = setUp();
    clock.play();
    pass(1_000);
    clock.setWaiting(true);
    pass(9_000);
    expect(clock.at()).toBe(6_000);
    clock.setWaiting(false);
    pass(250);
    expect(clock.at()).toBe(6_250);
    expect(clock.snapshot().playing).toBe(true);
  });

  it('stays within its bounds, pauses at the end, and plays from the start again', () => {
    const { clock, pass } = setUp(59_000);
    clock.play();
    pass(5_000);
    expect(clock.at()).toBe(60_000);
    clock.tick();
    expect(clock.snapshot().playing).toBe(false);
    clock.play();
    expect(clock.at()).toBe(0);
    clock.seek(-5);
    expect(clock.at()).toBe(0);
    clock.seek(99_000);
    expect(clock.at()).toBe(60_000);
  });

  it('keeps the instant when the bounds widen', () => {
    const { clock } = setUp();
    clock.setBounds(-60_000, 120_000);
    expect(clock.at()).toBe(5_000);
    clock.seek(-10_000);
    expect(clock.at()).toBe(-10_000);
  });

  it('tells of changes, not of the passing of time', () => {
    const { clock, pass } = setUp();
    let told = 0;
    const stop = clock.subscribe(() => told++);
    clock.play();
    pass(1_000);
    clock.tick();
    expect(told).toBe(1);
    const before = clock.snapshot();
    expect(clock.snapshot()).toBe(before);
    clock.seek(1_000);
    expect(clock.snapshot().jump).toBe(before.jump + 1);
    stop();
    clock.pause();
    expect(told).toBe(2);
  });
});
