/**
 * What footage promises, measured. With `--files`: how soon recording starts again on a disk with so many files, after a
 * clean stop, after a kill while every camera was recording, and with the catalogue gone. With `--readers`: whether an
 * append takes longer while others read stored footage as fast as they get it; turns with and without readers alternate,
 * so that whatever else the machine does meets both alike.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AppendLoadRequest, Turn } from './footage/append-load.js';
import { makeArchive } from './footage/made-archive.js';
import { benchArguments } from './lib/arguments.js';
import { runBench, type Bench, type BenchResult } from './lib/bench.js';
import { percentile } from './lib/process-load.js';

const options = benchArguments('footage', 'Appends under readers, start on a full disk.', {
  readers: { kind: 'number', fallback: 20, min: 1, max: 500, help: 'that stream stored footage without a pause' },
  cameras: { kind: 'number', fallback: 100, min: 1, max: 2000, help: 'that record meanwhile' },
  bitrate: { kind: 'bitrate', fallback: 1500, help: 'of each camera' },
  seconds: { kind: 'number', fallback: 10, min: 2, max: 600, help: 'of each turn' },
  turns: { kind: 'number', fallback: 6, min: 1, max: 100, help: 'with and as many without readers' },
  files: { kind: 'number', fallback: 0, min: 0, max: 4_000_000, help: 'instead: start on a disk with so many files' },
  'name-days': { kind: 'number', fallback: 3650, min: 2, max: 3650, help: 'of --files, days whose files have names' },
});
const round = (value: number): number => Number(value.toFixed(2));

function start(bench: Bench, script: string, request: object): ChildProcess {
  const args = ['--conditions=source', '--import', 'tsx', join(import.meta.dirname, script), JSON.stringify(request)];
  // As the product starts its recorder.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '16' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  bench.onEnd(script, async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

async function measureReaders(bench: Bench): Promise<BenchResult> {
  const { readers, cameras, seconds, turns } = options;
  bench.needBytes(((options.bitrate * 1000) / 8) * cameras * (8 + 2 * seconds * turns));
  const request: AppendLoadRequest = {
    ...{ directory: join(bench.folder, 'footage'), cameras, kbps: options.bitrate, readers, seconds, turns },
  };
  const child = start(bench, 'footage/append-load.ts', request);
  const alone: number[] = [];
  const among: number[] = [];
  const total = { readBytes: 0, readSeconds: 0, dropped: 0 };
  const ratios: number[] = [];
  let before = 0;
  for await (const line of createInterface(child.stdout!)) {
    const turn = JSON.parse(line) as Turn;
    const p99 = percentile(turn.appendsMs, 0.99);
    (turn.readers === 0 ? alone : among).push(...turn.appendsMs);
    total.dropped += turn.dropped;
    if (turn.readers === 0) before = p99;
    else {
      ratios.push(p99 / before);
      total.readBytes += turn.readBytes;
      total.readSeconds += turn.seconds;
    }
    bench.say(
      `${String(turn.readers).padStart(3)} readers: ${turn.appendsMs.length} appends, p50 ${round(percentile(turn.appendsMs, 0.5))} ms, p99 ${round(p99)} ms, reading ${round(turn.readBytes / 1e6 / turn.seconds)} MB/s, ${round((100 * turn.cpuSeconds) / turn.seconds)} % of a core`,
    );
  }
  const json = {
    ...{ cameras, readers, kbps: options.bitrate, appends: alone.length + among.length },
    appendP50Ms: { alone: round(percentile(alone, 0.5)), withReaders: round(percentile(among, 0.5)) },
    appendP99Ms: { alone: round(percentile(alone, 0.99)), withReaders: round(percentile(among, 0.99)) },
    appendP99Ratio: round(percentile(among, 0.99) / percentile(alone, 0.99)),
    /** Of the pairs of turns: less moved by what else the machine did. */
    appendP99RatioMedianOfTurns: round(percentile(ratios, 0.5)),
    readMBps: round(total.readBytes / 1e6 / total.readSeconds),
    droppedFragments: total.dropped,
  };
  bench.say(`p99 of an append: ${json.appendP99Ms.alone} ms alone, ${json.appendP99Ms.withReaders} ms with readers`);
  return { json, invalid: total.dropped > 0 ? 'fragments were dropped' : undefined };
}

interface Told {
  what: string;
  sinceStartMs: number;
  tookMs?: number;
  condition?: { rebuilding: boolean };
}

/** Starts on the folder, waits for what is to come, kills it. */
async function probe(bench: Bench, directory: string, run: number, last: string): Promise<Map<string, Told>> {
  const mark = bench.mark();
  const child = start(bench, 'footage/start-probe.ts', { directory, cameras: options.cameras, run });
  const told = new Map<string, Told>();
  for await (const line of createInterface(child.stdout!)) {
    const one = JSON.parse(line) as Told;
    told.set(one.what, one);
    if (one.what === last) break;
  }
  await bench.endSince(mark);
  return told;
}

async function measureStart(bench: Bench): Promise<BenchResult> {
  const { files, cameras } = options;
  bench.needBytes(files * 5500);
  const directory = join(bench.folder, 'footage');
  bench.say(`making ${files} files of ${cameras} cameras`);
  await makeArchive(directory, files, cameras, options['name-days'], (line) => bench.say(line), bench.signal);
  const seconds = (told: Map<string, Told>, what: string) => round((told.get(what)?.sinceStartMs ?? NaN) / 1000);
  const clean = await probe(bench, directory, 2, 'ten seconds recorded');
  bench.say(`in order: all cameras record after ${seconds(clean, 'recording')} s`);
  const killed = await probe(bench, directory, 3, 'ten seconds recorded');
  bench.say(`after a kill, ${cameras} files open: after ${seconds(killed, 'recording')} s`);
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(directory, `catalogue.sqlite${suffix}`), { force: true });
  const isShort = files <= 100_000; // else making it anew takes too long to wait for
  const bare = await probe(bench, directory, 4, isShort ? 'rebuilt' : 'ten seconds recorded');
  bench.say(`catalogue gone: after ${seconds(bare, 'recording')} s, while it is made anew`);
  return {
    json: {
      ...{ files, cameras, nameDays: options['name-days'] },
      recordingAfterSeconds: seconds(clean, 'recording'),
      recordingAfterKillSeconds: seconds(killed, 'recording'),
      recordingWithoutCatalogueSeconds: seconds(bare, 'recording'),
      catalogueRebuiltSeconds: isShort ? seconds(bare, 'rebuilt') : null,
      retentionFactsMs: round(killed.get('facts')?.tookMs ?? NaN),
      coverageOfADayMs: round(killed.get('coverage')?.tookMs ?? NaN),
    },
  };
}

await runBench({ name: 'footage', json: options.json, limitMs: 3_600_000, parent: options.folder }, (bench) =>
  options.files > 0 ? measureStart(bench) : measureReaders(bench),
);
