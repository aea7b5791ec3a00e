import type { Clock } from '../../../lib/clock.js';

/** Time that moves only when told. `step` sets the wall clock alone, as somebody who sets the host's clock does. */
export function steppedClock(startAtMs: number): Clock & {
  advance(ms: number): Promise<void>;
  step(ms: number): void;
} {
  let wall = startAtMs;
  let monotonic = 1000;
  const sleepers: { at: number; wake: () => void }[] = [];
  return {
    nowMs: () => wall,
    monotonicMs: () => monotonic,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleepers.push({ at: monotonic + ms, wake: resolve });
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
    step(ms) {
      wall += ms;
    },
    async advance(ms) {
      const end = monotonic + ms;
      for (;;) {
        await settle();
        const next = sleepers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        const to = next?.at ?? end;
        wall += Math.max(0, to - monotonic);
        monotonic = Math.max(monotonic, to);
        if (next === undefined) break;
        sleepers.splice(sleepers.indexOf(next), 1);
        next.wake();
      }
      await settle();
    },
  };
}

/** Lets everything go on that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
