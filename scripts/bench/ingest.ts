/**
 * What recording a camera costs: N plain `ffmpeg -c copy -f hls` processes, our recorder with the ffmpeg engine and our
 * recorder with the native engine, one after the other on the same simulated cameras. Of the recorder everything counts
 * that it does without a console: RTSP, fragments, SHA-256, footage and index files with their flushes, catalogue,
 * retention, ONVIF looks at the cameras, its HTTP server. It is asked nothing while it is measured.
 */
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { benchArguments } from './lib/arguments.js';
import { runBench, type Bench } from './lib/bench.js';
import { startRecorder } from './lib/bench-recorder.js';
import { buildServer } from './lib/built-server.js';
import { fillMemory, fillPageCache } from './lib/full-memory.js';
import { auditFolder, completeness, type Completeness } from './lib/frame-audit.js';
import { startPlainFfmpegs } from './lib/plain-ffmpeg.js';
import { measureLoad, type Load } from './lib/process-load.js';
import { startFleet } from './lib/simulated-fleet.js';

const options = benchArguments(
  'ingest',
  'CPU and memory a camera: plain ffmpeg, our ffmpeg engine, our native engine.',
  {
    cameras: { kind: 'number', fallback: 200, min: 1, max: 515, help: 'how many' },
    seconds: { kind: 'number', fallback: 60, min: 2, max: 3600, help: 'measured for each engine' },
    bitrate: { kind: 'bitrate', fallback: 1500, help: 'of each camera: 1.5M, 1500k' },
    settle: {
      kind: 'number',
      fallback: 20,
      min: 0,
      max: 600,
      help: 'seconds between all streams running and measuring',
    },
    'cache-mb': {
      kind: 'number',
      fallback: 1500,
      min: 0,
      max: 1_000_000,
      help: 'memory that is left for page cache while it is measured, the rest is held; 0: hold nothing',
    },
    'node-args': { kind: 'text', help: 'for the recorder: --node-args="--cpu-prof --cpu-prof-dir=/tmp/profile"' },
    engines: { kind: 'text', help: 'some of plain,ffmpeg,native (default: all; the ratios need plain)' },
  },
);

const engineNames = ['plain', 'ffmpeg', 'native'] as const;
type EngineName = (typeof engineNames)[number];
const titles: Record<EngineName, string> = {
  plain: 'plain ffmpeg -c copy -f hls',
  ffmpeg: 'our ffmpeg engine',
  native: 'our native engine',
};
const jsonNames = { plain: 'plainFfmpeg', ffmpeg: 'ffmpegEngine', native: 'native' } as const;

const ffmpegPath = process.env.CHOI_CANH_FFMPEG_PATH ?? 'ffmpeg';
const chosen = engineNames.filter((name) => options.engines === undefined || options.engines.split(',').includes(name));
/** What a camera may still hold back when it is stopped: reordered frames, and what is on its way. */
const tailMs = 3000;
const startAllowanceMs = 60_000 + options.cameras * 700;

interface Figures extends Completeness {
  readonly cpuSeconds: number;
  readonly cpuPercentPerCamera: number;
  readonly pssMb: number;
  readonly pssMbPerCamera: number;
  readonly pssPeakMb: number;
  readonly processes: number;
  readonly machineBusyPercent: number;
  readonly recordedMb: number;
}

function figures(load: Load, complete: Completeness, recordedBytes: number): Figures {
  return {
    cpuSeconds: round(load.cpuSeconds, 2),
    cpuPercentPerCamera: round(((load.cpuSeconds / load.wallSeconds) * 100) / options.cameras, 4),
    pssMb: round(load.pssBytes / 1e6, 1),
    pssMbPerCamera: round(load.pssBytes / 1e6 / options.cameras, 3),
    pssPeakMb: round(load.pssPeakBytes / 1e6, 1),
    processes: load.processes,
    machineBusyPercent: round(load.machineBusyPercent, 1),
    recordedMb: round(recordedBytes / 1e6, 0),
    ...complete,
  };
}

const nodeArgs = options['node-args']?.split(' ').filter((one) => one !== '') ?? [];
const round = (value: number, digits: number): number => Number(value.toFixed(digits));

async function measure(bench: Bench, pids: number[]): Promise<{ load: Load; fromMs: number; toMs: number }> {
  if (options['cache-mb'] > 0) {
    await fillMemory(bench, options['cache-mb'] * 1e6);
    await fillPageCache(bench, options['cache-mb'] * 1e6);
  }
  await bench.sleep(options.settle * 1000);
  const fromMs = Date.now();
  const load = await measureLoad(pids, options.seconds, bench.sleep);
  return { load, fromMs, toMs: Date.now() - tailMs };
}

async function main(bench: Bench) {
  const footageSeconds = options.seconds + options.settle + startAllowanceMs / 2000;
  bench.needBytes((options.cameras * options.bitrate * 1000 * footageSeconds * 1.2) / 8);
  await buildServer(bench.say, bench.signal);
  // Once as much as it can be, and for each engine what there is again.
  if (options['cache-mb'] > 0) await fillMemory(bench, options['cache-mb'] * 1e6 + options.cameras * 20e6);
  const fleet = await startFleet(bench, { cameras: options.cameras, bitrateKbps: options.bitrate });

  async function runOne(name: EngineName): Promise<Figures> {
    bench.say(`${titles[name]}: starting …`);
    const mark = bench.mark();
    const folder = join(bench.folder, name);
    let measured: Awaited<ReturnType<typeof measure>>;
    if (name === 'plain') {
      const limitSeconds = Math.ceil(startAllowanceMs / 1000 + options.settle + options.seconds + 60);
      const plain = await startPlainFfmpegs(bench, fleet.cameras, { folder, limitSeconds, ffmpegPath });
      bench.say(`${titles[name]}: all run, measuring ${options.seconds} s …`);
      measured = await measure(bench, plain.pids);
      plain.assertRunning();
    } else {
      const recorder = await startRecorder(bench, { folder, engine: name, nodeArgs });
      await recorder.record(fleet.cameras);
      await recorder.allRecording(startAllowanceMs);
      bench.say(`${titles[name]}: all run, measuring ${options.seconds} s …`);
      measured = await measure(bench, [recorder.pid]);
      const { cameras } = await recorder.status();
      const wrong = cameras.find((camera) => camera.engine !== name);
      if (wrong !== undefined) throw new Error(`a camera runs with ${wrong.engine ?? 'no engine'} instead of ${name}`);
    }
    await bench.endSince(mark);
    const { frames, bytes } = await auditFolder(folder);
    rmSync(folder, { recursive: true, force: true });
    const result = figures(measured.load, completeness(frames, options.cameras, measured.fromMs, measured.toMs), bytes);
    bench.say(
      `${titles[name]}: ${result.cpuPercentPerCamera} % of a core and ${result.pssMbPerCamera} MB a camera; ` +
        `${result.pssMb} MB in ${result.processes} processes; ${result.frames} frames, ${result.framesLost} lost, ` +
        `${result.camerasWithGap} cameras with a gap; machine ${result.machineBusyPercent} % busy`,
    );
    return result;
  }

  const engines: Partial<Record<EngineName, Figures>> = {};
  for (const name of chosen) engines[name] = await runOne(name);
  const ratio = (of: EngineName, key: 'cpuSeconds' | 'pssMb'): number | null => {
    const [own, plain] = [engines[of], engines.plain];
    return own === undefined || plain === undefined ? null : round(own[key] / plain[key], 4);
  };
  const json = {
    bench: 'ingest',
    cameras: options.cameras,
    seconds: options.seconds,
    bitrateKbps: options.bitrate,
    cpuRatio: ratio('native', 'cpuSeconds'),
    pssRatio: ratio('native', 'pssMb'),
    ffmpegEngineCpuRatio: ratio('ffmpeg', 'cpuSeconds'),
    ffmpegEnginePssRatio: ratio('ffmpeg', 'pssMb'),
    engines: Object.fromEntries(Object.entries(engines).map(([name, one]) => [jsonNames[name as EngineName], one])),
    cores: cpus().length,
    processor: cpus()[0]?.model ?? '',
  };
  bench.say(
    `native to plain ffmpeg: CPU ${json.cpuRatio ?? '–'}, memory ${json.pssRatio ?? '–'}; ` +
      `our ffmpeg engine: CPU ${json.ffmpegEngineCpuRatio ?? '–'}, memory ${json.ffmpegEnginePssRatio ?? '–'}`,
  );
  const bad = chosen.filter((name) => engines[name]!.framesLost > 0 || engines[name]!.camerasWithGap > 0);
  return {
    json: { ...json, valid: bad.length === 0 },
    invalid: bad.length === 0 ? undefined : `frames are missing with ${bad.map((name) => titles[name]).join(', ')}`,
  };
}

const perEngineMs = startAllowanceMs + (options.settle + options.seconds) * 1000 + 90_000;
await runBench(
  { name: 'ingest', json: options.json, limitMs: 600_000 + chosen.length * perEngineMs, parent: options.folder },
  main,
);
