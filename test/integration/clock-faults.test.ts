// Cameras whose clocks and ways of sending are wrong, recorded over real sockets: the stamp in each picture is the truth,
// and the error that is stated holds of every one (server/design/time.md, rule 7).
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FaultInput } from '../../scripts/camera-simulator/faults.js';
import { tinyMedia } from '../../scripts/camera-simulator/camera-media.js';
import { findFrameStamp } from '../../scripts/camera-simulator/sei.js';
import { startSimulator, type Simulator } from '../../scripts/camera-simulator/simulator.js';
import { systemClock } from '../../server/src/lib/clock.js';
import type { Fragment } from '../../server/src/lib/fragment.js';
import { parseMoof } from '../../server/src/lib/isobmff/moof.js';
import { loopbackRules } from '../../server/src/lib/loopback.test-harness.js';
import { silentLogger } from '../../server/src/lib/logger.js';
import { createIngestSupervisor, type IngestSupervisor } from '../../server/src/recorder/ingest/ingest-supervisor.js';
import { waitFor } from '../harness/wait.js';

interface Case {
  readonly name: string;
  readonly faults: readonly FaultInput[];
  /** Comes in the midst of the recording. */
  readonly later?: FaultInput;
  /** Runs that begin at most. */
  readonly runs: number;
  /** What the last ten fragments may be off, ms. */
  readonly settledMs?: number;
}

const cases: readonly Case[] = [
  { name: 'a right clock', faults: [], runs: 1, settledMs: 2 },
  { name: 'reports of whole seconds', faults: [{ kind: 'coarse-reports' }], runs: 1, settledMs: 300 },
  { name: 'a media clock 2 % fast', faults: [{ kind: 'clock-rate', factor: 1.02 }], runs: 1, settledMs: 300 },
  { name: 'a media clock 2 % slow', faults: [{ kind: 'clock-rate', factor: 0.98 }], runs: 1, settledMs: 300 },
  { name: 'a media clock 20 % fast', faults: [{ kind: 'clock-rate', factor: 1.2 }], runs: 1, settledMs: 300 },
  { name: 'a media clock 20 % slow', faults: [{ kind: 'clock-rate', factor: 0.8 }], runs: 1, settledMs: 300 },
  { name: 'pictures in bursts of a second', faults: [{ kind: 'bursts' }], runs: 1, settledMs: 300 },
  {
    name: 'bursts without reports',
    faults: [{ kind: 'bursts' }, { kind: 'no-sender-reports' }],
    ...{ runs: 1, settledMs: 1300 },
  },
  {
    name: 'whole seconds and 20 % slow',
    faults: [{ kind: 'coarse-reports' }, { kind: 'clock-rate', factor: 0.8 }],
    ...{ runs: 1, settledMs: 300 },
  },
  { name: 'a clock that steps by 2 s', faults: [], later: { kind: 'wrong-clock', offsetMs: 2000 }, runs: 2 },
];
/** After it the rate of every clock is known, and a step is known. */
const watchedMs = 34_000;

interface Timed {
  readonly run: number;
  /** Of its pictures, recorded minus true, ms. */
  readonly errorsMs: readonly number[];
  readonly statedMs: number;
  readonly gapMs: number;
}

let simulator: Simulator;
let ingest: IngestSupervisor;
const timed = cases.map((): Timed[] => []);

/** What is recorded of a picture's instant against its stamp. */
function errorsOf({ bytes, startAtMs, init }: Fragment): number[] {
  let ticks = 0;
  return parseMoof(bytes).samples.map(({ offset, size, duration, compositionOffset }) => {
    const stamp = findFrameStamp(bytes.subarray(offset, offset + size));
    const atMs = startAtMs + ((ticks + compositionOffset) * 1000) / init.timescale;
    ticks += duration;
    return atMs - stamp!.utcMs;
  });
}

beforeAll(async () => {
  simulator = await startSimulator({
    ...{ cameras: cases.length, network: '127.95.0.0' },
    media: { ...tinyMedia, startMode: 'next-keyframe' },
  });
  for (const [index, { faults }] of cases.entries())
    for (const fault of faults) await simulator.setFault(index + 1, fault);
  ingest = createIngestSupervisor({
    ...{ rules: loopbackRules, clock: systemClock, logger: silentLogger },
    ...{ stallSeconds: 10, startStaggerMs: 0, engines: ['native'] },
  });
  const ends = cases.map(() => ({ run: 0, atMs: 0 }));
  for (const index of cases.keys())
    ingest.subscribe(String(index), 'main', (fragment) => {
      const end = ends[index]!;
      timed[index]!.push({
        ...{ run: fragment.run, errorsMs: errorsOf(fragment) },
        // Of the last one nothing is stated any more when the stream has ended.
        statedMs: ingest.runtime(String(index))?.timeErrorMs ?? timed[index]!.at(-1)?.statedMs ?? -1,
        gapMs: fragment.run === end.run ? fragment.startAtMs - end.atMs : 0,
      });
      ends[index] = { run: fragment.run, atMs: fragment.startAtMs + fragment.durationMs };
    });
  ingest.setCameras(
    simulator.cameras.map(({ rtspMainUrl, username, password }, index) => ({
      ...{ cameraId: String(index), enabled: true, mainUrl: rtspMainUrl, username, password },
    })),
  );
  await ingest.start();
  await waitFor('all are recorded', () => timed.every((some) => some.length > 3), 40_000);
  for (const [index, { later }] of cases.entries()) if (later !== undefined) await simulator.setFault(index + 1, later);
  const untilMs = performance.now() + watchedMs;
  await waitFor('they have been watched', () => performance.now() > untilMs, watchedMs + 10_000);
  await ingest.stop();
}, 110_000);

afterAll(async () => {
  await ingest?.stop();
  await simulator?.stop();
});

it.each(cases.map((one, index) => ({ ...one, index })))(
  '$name: every picture lies within the error that is stated, without a gap',
  ({ index, runs, settledMs = Infinity }) => {
    const some = timed[index]!;
    expect(some.length).toBeGreaterThan(20);
    const beyond = some.flatMap(({ errorsMs, statedMs }, at) => {
      const worstMs = Math.max(...errorsMs.map(Math.abs));
      // Stamps are whole milliseconds.
      return worstMs > statedMs + 1 ? [{ at, worstMs: Math.round(worstMs), statedMs }] : [];
    });
    expect(beyond).toEqual([]);
    expect(new Set(some.map(({ run }) => run)).size).toBeLessThanOrEqual(runs);
    const gaps = some.flatMap(({ gapMs }, at) => (Math.abs(gapMs) > 251 ? [{ at, gapMs }] : []));
    expect(gaps).toEqual([]);
    const last = some.slice(-10).flatMap(({ errorsMs }) => errorsMs.map(Math.abs));
    expect(Math.max(...last)).toBeLessThanOrEqual(settledMs);
  },
);
