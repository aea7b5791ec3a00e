import { expect, it } from 'vitest';
import type { Clock } from '../../lib/clock.js';
import { SilenceWatch } from './silence-watch.js';

/** Time moves when somebody sleeps; `busyMs` is what the process adds to the next sleep. */
function watched(silentAfterMs: number) {
  const stop = new AbortController();
  const changes: (number | undefined)[] = [];
  const at = { ms: 0, busyMs: 0 };
  /** What happens at an instant. */
  const plan = new Map<number, () => void>();
  const clock: Clock = {
    nowMs: () => 1_000_000 + at.ms,
    monotonicMs: () => at.ms,
    sleep: (ms) => {
      at.ms += ms + at.busyMs;
      at.busyMs = 0;
      plan.get(at.ms)?.();
      if (at.ms >= 10_000) stop.abort();
      return Promise.resolve();
    },
  };
  const watch: SilenceWatch = new SilenceWatch({
    clock,
    silentAfterMs,
    changed: () => changes.push(watch.silentSince),
  });
  return { watch, changes, plan, at, run: () => watch.run(stop.signal) };
}

it('says since when nothing was heard, once, and that something was heard', async () => {
  const { watch, changes, plan, at, run } = watched(3000);
  const saidAt: number[] = [];
  plan.set(1000, () => watch.heard());
  plan.set(4000, () => saidAt.push(changes.length));
  plan.set(4250, () => saidAt.push(changes.length));
  plan.set(6000, () => watch.heard());
  await run();
  expect(at.ms).toBe(10_000);
  expect(saidAt).toEqual([0, 1]);
  expect(changes).toEqual([1_001_000, undefined, 1_006_000]);
});

it('knows of no silence before anything was heard, nor of one in which this process itself slept', async () => {
  const never = watched(3000);
  await never.run();
  expect(never.changes).toEqual([]);

  const slept = watched(3000);
  slept.plan.set(1000, () => {
    slept.watch.heard();
    slept.at.busyMs = 4000;
  });
  // What waited to be read meanwhile.
  slept.plan.set(5250, () => slept.watch.heard());
  slept.plan.set(7000, () => slept.watch.heard());
  await slept.run();
  expect(slept.changes).toEqual([]);
});
