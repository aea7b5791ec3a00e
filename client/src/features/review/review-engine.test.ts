import { describe, expect, it } from 'vitest';
import { createReviewEngine } from './review-engine.js';
import type { TilePlayer } from './tile-player.js';
import { hiccupMs, longestWaitMs } from './wait-policy.js';
import { createWallClock } from './wall-clock.js';

function setUp() {
  let nowMs = 0;
  let next: (() => void) | undefined;
  const clock = createWallClock(() => nowMs, { atMs: 0, fromMs: 0, toMs: 600_000 });
  const engine = createReviewEngine({
    clock,
    nowMs: () => nowMs,
    nextFrame: (callback) => {
      next = callback;
      return () => (next = undefined);
    },
  });
  engine.start();
  const followed: string[] = [];
  const player = (id: string): TilePlayer => ({
    follow: () => void followed.push(id),
    shown: () => undefined,
    isExact: () => false,
    frameAt: () => undefined,
    stepInstant: () => undefined,
    destroy: () => undefined,
  });
  const pass = (ms: number) => {
    nowMs += ms;
    next?.();
  };
  return { clock, engine, player, pass, followed, isRunning: () => next !== undefined };
}

describe('review engine', () => {
  it('lets every player follow on each frame', () => {
    const { engine, player, pass, followed } = setUp();
    engine.add('a', player('a'));
    engine.add('b', player('b'));
    pass(16);
    expect(followed).toEqual(['a', 'b']);
  });

  it('holds the clock while a player loads, and lets it go on when it is ready', () => {
    const { clock, engine, player, pass } = setUp();
    engine.add('a', player('a'));
    clock.play();
    pass(16);
    pass(1_000);
    expect(clock.at()).toBe(16);
    expect(engine.snapshot().waitingFor).toEqual(['a']);
    engine.setPhase('a', 'ready');
    pass(16);
    pass(1_000);
    expect(clock.at()).toBe(1_016);
  });

  it('goes on without one that loads for too long', () => {
    const { clock, engine, player, pass } = setUp();
    engine.add('a', player('a'));
    engine.add('b', player('b'));
    engine.setPhase('a', 'ready');
    clock.play();
    pass(16);
    expect(clock.snapshot().waiting).toBe(true);
    pass(longestWaitMs);
    expect(engine.snapshot().leftBehind).toEqual(['b']);
    const before = clock.at();
    pass(500);
    expect(clock.at()).toBe(before + 500);
  });

  it('does not wait again for one that was left behind', () => {
    const { clock, engine, player, pass } = setUp();
    engine.add('a', player('a'));
    engine.add('b', player('b'));
    engine.setPhase('a', 'ready');
    clock.play();
    pass(16);
    pass(longestWaitMs);
    engine.setPhase('b', 'ready');
    pass(16);
    engine.setPhase('b', 'loading');
    pass(hiccupMs + 16);
    expect(clock.snapshot().waiting).toBe(false);
    expect(engine.snapshot().leftBehind).toEqual(['b']);
  });

  it('does not stop for a player that runs dry for a moment, but does after a jump', () => {
    const { clock, engine, player, pass } = setUp();
    engine.add('a', player('a'));
    engine.setPhase('a', 'ready');
    clock.play();
    pass(16);
    engine.setPhase('a', 'loading');
    pass(hiccupMs - 16);
    expect(clock.snapshot().waiting).toBe(false);
    pass(16);
    expect(clock.snapshot().waiting).toBe(true);
    engine.setPhase('a', 'ready');
    pass(16);
    clock.seek(100_000);
    engine.setPhase('a', 'loading');
    pass(1);
    expect(clock.snapshot().waiting).toBe(true);
  });

  it('a paused clock does not wait; a player taken out is not waited for', () => {
    const { clock, engine, player, pass } = setUp();
    const takeOut = engine.add('a', player('a'));
    pass(16);
    expect(clock.snapshot().waiting).toBe(false);
    clock.play();
    pass(16);
    expect(clock.snapshot().waiting).toBe(true);
    takeOut();
    pass(16);
    expect(clock.snapshot().waiting).toBe(false);
  });

  it('stops', () => {
    const { engine, isRunning } = setUp();
    engine.stop();
    expect(isRunning()).toBe(false);
  });

  it('tells only of changes', () => {
    const { engine, player, pass } = setUp();
    let told = 0;
    engine.add('a', player('a'));
    engine.subscribe(() => told++);
    pass(16);
    pass(16);
    expect(told).toBe(0);
    engine.setPhase('a', 'gap');
    pass(16);
    expect(told).toBe(1);
    expect(engine.snapshot().phases).toEqual({ a: 'gap' });
  });
});
