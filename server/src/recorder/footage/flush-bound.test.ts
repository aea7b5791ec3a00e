import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../lib/logger.js';
import { createCameraWriter, type CameraWriter } from './camera-writer.js';
import { createDiskLanes } from './disk-lanes.js';
import { createFlushSchedule } from './flush-schedule.js';
import { FakeDisk } from './testing/fake-disk.js';
import { madeFragment } from './testing/made-fragments.js';
import { steppedClock } from './testing/stepped-clock.js';
import { createWriteBudget } from './write-budget.js';

const startAtMs = 1_780_000_000_000;
const tickMs = 250;

/** Cameras that record for a while on a disk whose calls take as long as `latencyMs` says. */
async function recordFor(seconds: number, cameras: number, latencyMs: (call: string, path: string) => number) {
  const clock = steppedClock(startAtMs);
  const disk = new FakeDisk();
  disk.before = (call, path) => clock.sleep(latencyMs(call, path));
  const lanes = createDiskLanes(16, clock);
  const budget = createWriteBudget();
  const schedule = createFlushSchedule({ syncSeconds: 5, clock });
  const writers = new Map<string, CameraWriter>();
  for (let at = 0; at < cameras; at++) {
    const cameraId = `camera-${at}`;
    writers.set(
      cameraId,
      createCameraWriter({
        ...{ cameraId, directory: '/footage', clock, logger: silentLogger, disk, lanes, budget },
        fileSeconds: 20,
        epoch: () => 0,
        unrecovered: () => [],
        onClosed: () => Promise.resolve(),
        onUnfinished: () => undefined,
        onDiskFull: () => undefined,
      }),
    );
  }
  let longestMs = 0;
  /** Per file: until which byte, since when, there is something that a power cut would take. */
  const dirtySince = new Map<string, { bytes: number; atMs: number }[]>();
  const flushes: number[] = [];
  for (let at = 0; at < (seconds * 1000) / tickMs; at++) {
    for (const [index, writer] of [...writers.values()].entries())
      if (at % 4 === index % 4) void writer.append(madeFragment(Math.floor(at / 4), { startAtMs }));
    schedule(writers.values());
    await clock.advance(tickMs);
    let flushed = 0;
    for (const [path, file] of disk.files) {
      if (!path.endsWith('.mp4')) continue;
      const known = (dirtySince.get(path) ?? []).filter(({ bytes }) => bytes > file.flushedBytes);
      if (known.length < (dirtySince.get(path)?.length ?? 0)) flushed += 1;
      if (file.bytes.length > Math.max(file.flushedBytes, known.at(-1)?.bytes ?? 0))
        known.push({ bytes: file.bytes.length, atMs: clock.monotonicMs() });
      dirtySince.set(path, known);
      for (const { atMs } of known) longestMs = Math.max(longestMs, clock.monotonicMs() - atMs);
    }
    flushes.push(flushed);
  }
  return { longestMs, flushes, writers };
}

describe('how much a power cut takes', () => {
  it.each([
    ['a quick disk', () => 2],
    ['a disk on which every flush takes 20 ms', (call: string) => (call.startsWith('flush') ? 20 : 1)],
    [
      'one file whose flushes take 4 s',
      (call: string, path: string) => (call.startsWith('flush') && path.includes('/camera-3/') ? 4000 : 2),
    ],
  ])('is never more than SYNC_SECONDS: %s', async (what, latencyMs) => {
    const { longestMs } = await recordFor(30, 40, latencyMs);
    // Where the disk itself needs 4 s for a flush, that much comes on top of the moment at which it was begun.
    expect(longestMs).toBeLessThanOrEqual(what.includes('4 s') ? 4000 + 5000 : 5000);
    expect(longestMs).toBeGreaterThan(1000); // else nothing was measured
  });

  it('one slow flush holds up nobody else', async () => {
    const slow = (call: string, path: string) => (call.startsWith('flush') && path.includes('/camera-3/') ? 1e9 : 2);
    const { writers } = await recordFor(20, 40, slow);
    const late = [...writers].filter(([, writer]) => writer.unflushedMs() > 5000).map(([id]) => id);
    expect(late).toEqual(['camera-3']);
  });

  it('spreads the flushes of cameras that began together', async () => {
    const { flushes } = await recordFor(60, 40, () => 2);
    // 40 cameras, a flush each within 1.5 to 2.5 s: 5 a tick on average.
    expect(Math.max(...flushes.slice(80))).toBeLessThan(20);
  });
});
