import { expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import type { FileState } from './recover-file.js';
import { createRecovery } from './recovery.js';

const marked = 'cam/2026-03-04/1-1.mp4';
const orphan = 'cam/2026-03-04/2-1.mp4';
const chained = 'cam/2026-03-04/3-1.mp4';

function make(isChained: (path: string) => Promise<boolean>) {
  const asked: [string, FileState][] = [];
  let nowMs = 0;
  const recovery = createRecovery({
    catalogue: {
      isRunning: () => true,
      recover: (path, state) => {
        asked.push([path, state]);
        return Promise.resolve(undefined);
      },
    },
    clock: { ...systemClock, monotonicMs: () => nowMs },
    logger: silentLogger,
    isBusy: () => false,
    epochOf: () => 0,
    isChained: (_, path) => isChained(path),
    onRecovered: () => Promise.resolve(),
  });
  return { recovery, asked, pass: (ms: number) => (nowMs += ms) };
}

it('takes for open only what a marker named, whoever told of it first, and nothing that the chain has', async () => {
  const { recovery, asked } = make((path) => Promise.resolve(path === chained));
  recovery.add([marked, orphan], 'found');
  recovery.add([marked, chained], 'open');
  recovery.add([marked], 'found');
  // What the next marker names would be taken for open by the next start.
  expect(recovery.pathsOf('cam')).toEqual([marked, chained]);
  await recovery.run();
  expect(asked).toEqual([
    [marked, 'open'],
    [orphan, 'found'],
    [chained, 'closed'],
  ]);
  expect(recovery.count).toBe(0);
});

it('touches nothing while the chain cannot be asked, and tries again', async () => {
  let readable = false;
  const { recovery, asked, pass } = make(() => (readable ? Promise.resolve(true) : Promise.reject(new Error('EIO'))));
  recovery.add([marked], 'open');
  await recovery.run();
  expect(asked).toEqual([]);
  readable = true;
  pass(5000);
  await recovery.run();
  expect(asked).toEqual([[marked, 'closed']]);
});
