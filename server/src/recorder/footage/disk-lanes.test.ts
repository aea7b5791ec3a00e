import { expect, it } from 'vitest';
import { createDiskLanes, createLane } from './disk-lanes.js';

/** Work that is told when to end, and how much of it was under way at most. */
function work() {
  const ends: (() => void)[] = [];
  let running = 0;
  let most = 0;
  return {
    run: () =>
      new Promise<void>((resolve) => {
        most = Math.max(most, (running += 1));
        ends.push(() => {
          running -= 1;
          resolve();
        });
      }),
    get running() {
      return running;
    },
    get most() {
      return most;
    },
    async end(count: number) {
      for (let left = count; left > 0; left--) {
        await expect.poll(() => ends.length).toBeGreaterThan(0);
        ends.shift()!();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

it('lets through as many as its width is by then', async () => {
  let width = 1;
  const lane = createLane(() => width);
  const reads = work();
  const all = Array.from({ length: 10 }, () => lane.run(reads.run));
  expect(reads.running).toBe(1);
  width = 4;
  await reads.end(1);
  expect(reads.running).toBe(4);
  width = 2;
  await reads.end(2);
  expect(reads.running).toBe(2);
  await reads.end(7);
  await Promise.all(all);
  expect([reads.most, lane.waiting]).toEqual([4, 0]);
});

it('reads little at once and few beside each other while there is recording, and much when there is none', async () => {
  let nowMs = 0;
  const lanes = createDiskLanes(16, { monotonicMs: () => nowMs });
  const idle = work();
  const wide = Array.from({ length: 20 }, () => lanes.read(idle.run));
  await expect.poll(() => idle.running).toBe(8);
  expect(lanes.pieceBytes).toBe(1024 * 1024);
  await idle.end(20);
  await Promise.all(wide);

  await lanes.append(() => Promise.resolve());
  const busy = work();
  const narrow = Array.from({ length: 20 }, () => lanes.read(busy.run));
  await expect.poll(() => busy.running).toBe(2);
  expect(lanes.pieceBytes).toBe(256 * 1024);
  await busy.end(20);
  await Promise.all(narrow);
  expect(busy.most).toBe(2);

  nowMs = 2001;
  expect(lanes.pieceBytes).toBe(1024 * 1024);
});
