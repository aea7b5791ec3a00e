/**
 * All cameras of a district lost at one moment, as when its switch reboots, and back at one moment: they are asked again
 * in an orderly way, all are recorded again, and nothing is left behind of the attempts in between.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FaultInput } from '../../scripts/camera-simulator/faults.js';
import { startSimulator, type Simulator } from '../../scripts/camera-simulator/simulator.js';
import { frameGaps, recordedFrames } from '../harness/recorded-frames.js';
import { startRecorder, type RecorderProcess } from '../harness/recorder.js';
import { temporaryFolder } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

const cameras = 200;
/** `START_STAGGER_MS` is 20: so many set-ups may begin in a second. */
const beginningsPerSecond = 50;
/** The longest pause between two attempts is 15 s ± 25 %; then 200 set-ups at that rate, and the first fragment. */
const allBackWithinMs = 45_000;
const sampleMs = 250;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let simulator: Simulator;
let recorder: RecorderProcess;
let ids: string[];

const attempts = () => simulator.cameras.reduce((sum, { number }) => sum + simulator.load(number).attempts, 0);

const setAll = (faultsOf: (number: number) => FaultInput[]) =>
  Promise.all(
    simulator.cameras.map(async ({ number }) => {
      for (const fault of faultsOf(number)) await simulator.setFault(number, fault);
    }),
  );
const clearAll = () => Promise.all(simulator.cameras.map(({ number }) => simulator.clearFault(number)));

/** Every camera has stored a fragment that began after `fromMs`. */
async function allRecordedSince(fromMs: number, withinMs: number): Promise<void> {
  await waitFor(
    `all ${cameras} are recorded`,
    async () => {
      const all = [...(await recorder.cameras()).values()];
      const waiting = all.filter(({ lastFragmentAt }) => !(Date.parse(lastFragmentAt ?? '') > fromMs));
      if (waiting.length === 0 && all.length === cameras) return true;
      throw new Error(`${waiting.length} wait, e.g. ${waiting[0]?.state} ${waiting[0]?.reason} ${waiting[0]?.detail}`);
    },
    withinMs,
    500,
  );
}

/** Counts connections to all cameras while `work` goes on; the most of any second, and all. */
async function countAttempts(work: () => Promise<void>): Promise<{ mostPerSecond: number; inAll: number }> {
  const samples: { atMs: number; count: number }[] = [];
  const sample = () => samples.push({ atMs: performance.now(), count: attempts() });
  sample();
  const sampling = setInterval(sample, sampleMs);
  await work().finally(() => clearInterval(sampling));
  sample();
  let mostPerSecond = 0;
  for (const [index, { atMs, count }] of samples.entries()) {
    const later = samples.slice(index).findLast((other) => other.atMs - atMs <= 1000 + sampleMs / 2);
    if (later === undefined || later.atMs === atMs) continue;
    const seconds = Math.max(1, (later.atMs - atMs) / 1000);
    mostPerSecond = Math.max(mostPerSecond, (later.count - count) / seconds);
  }
  return { mostPerSecond, inAll: (samples.at(-1)?.count ?? 0) - (samples[0]?.count ?? 0) };
}

beforeAll(async () => {
  folder = await temporaryFolder();
  simulator = await startSimulator({
    fleet: 'cam-thuy',
    cameras,
    network: '127.94.0.0',
    media: {
      main: { width: 160, height: 90, framesPerSecond: 5, bitrateKbps: 50, keyframeSeconds: 1, loopSeconds: 4 },
      sub: { width: 96, height: 54, framesPerSecond: 5, bitrateKbps: 30, keyframeSeconds: 1, loopSeconds: 4 },
      startMode: 'next-keyframe',
    },
  });
  recorder = await startRecorder({ folder: folder.path, discoveryPort: simulator.discovery.port });
  const startedAtMs = Date.now();
  const starting = await countAttempts(async () => {
    ids = await recorder.add(simulator.cameras);
    await allRecordedSince(startedAtMs, allBackWithinMs);
  });
  expect(starting.inAll).toBe(cameras);
});

afterAll(async () => {
  await recorder?.stop();
  await simulator?.stop();
  await folder?.remove();
});

it(`${cameras} cameras drop and come back at once: no storm, all recorded again`, async () => {
  let clearedAtMs = 0;
  const { mostPerSecond, inAll } = await countAttempts(async () => {
    await setAll(() => [{ kind: 'turned-away' }]);
    await sleep(7000); // as long as a switch needs at least
    clearedAtMs = Date.now();
    await clearAll();
    await allRecordedSince(clearedAtMs, allBackWithinMs);
  });
  expect(mostPerSecond).toBeLessThanOrEqual(beginningsPerSecond * 1.2);
  expect(inAll).toBeGreaterThanOrEqual(2 * cameras);
  // Each is asked after 1, 2, 4, 8 and 15 s at most.
  expect(inAll).toBeLessThanOrEqual(6 * cameras);
  for (const id of ids.slice(0, 20)) {
    const gaps = frameGaps(await recordedFrames(recorder.footageOf(id)), clearedAtMs, Date.now() - 2000);
    expect(gaps).toMatchObject({ missing: 0, twice: 0 });
  }
});

it('leaves no file handle and no memory behind, however a connection fails', async () => {
  // As many ways as there are: closed port, accepted and reset, closed after PLAY, silence without end.
  const ways: FaultInput[][] = [
    [{ kind: 'off' }],
    [{ kind: 'turned-away' }],
    [{ kind: 'close-after-play' }, { kind: 'reset' }],
    [{ kind: 'half-open' }],
  ];
  const before = await recorder.holdings();
  const beforeAttempts = attempts();
  await setAll((number) => ways[number % ways.length] ?? []);
  await sleep(7000);
  const clearedAtMs = Date.now();
  await clearAll();
  await allRecordedSince(clearedAtMs, allBackWithinMs);
  expect(attempts() - beforeAttempts).toBeGreaterThanOrEqual(200);
  // Sockets that were given up close, and files of runs that ended, within moments.
  const after = await waitFor(
    'the file handles are as many as before',
    async () => {
      const now = await recorder.holdings();
      if (now.fileHandles <= before.fileHandles + 5) return now;
      throw new Error(`${before.fileHandles} before, ${now.fileHandles} now`);
    },
    20_000,
    1000,
  );
  const grownBytes = after.heapBytes + after.bufferBytes - before.heapBytes - before.bufferBytes;
  // A connection that is never forgotten keeps more than this for each of the cycles; pools fill up and stay as they are.
  expect(grownBytes).toBeLessThan(200 * 40_000);
});
