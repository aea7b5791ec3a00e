/**
 * The whole district on one recorder: whether every frame of every camera is in its footage, how soon all are recorded,
 * and whether CPU and memory stay flat. Frames are proved by the stamps in the footage itself, after the recorder has
 * stopped; which instants the figures are of is said with them.
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { benchArguments } from './lib/arguments.js';
import { runBench, type Bench } from './lib/bench.js';
import { startRecorder } from './lib/bench-recorder.js';
import { buildServer } from './lib/built-server.js';
import { auditFolder, completeness } from './lib/frame-audit.js';
import { cpuSecondsOf, measureLoad, slope } from './lib/process-load.js';
import { startFleet } from './lib/simulated-fleet.js';

const options = benchArguments('fleet-record', 'Records a fleet and looks for what is missing.', {
  cameras: { kind: 'number', fallback: 515, min: 1, max: 515, help: 'how many' },
  seconds: { kind: 'number', fallback: 180, min: 10, max: 7200, help: 'recorded after all cameras run' },
  bitrate: { kind: 'bitrate', fallback: 384, help: 'of each camera: 384k' },
  'node-args': { kind: 'text', help: 'for the recorder: --node-args="--cpu-prof --cpu-prof-dir=/tmp/profile"' },
  warmup: {
    kind: 'number',
    fallback: 60,
    min: 0,
    max: 1200,
    help: 'of these seconds that the memory is not judged by',
  },
});

/** Reordered frames and what is on its way when the recorder is stopped. */
const tailMs = 3000;
const startAllowanceMs = 60_000 + options.cameras * 400;
const nodeArgs = options['node-args']?.split(' ').filter((one) => one !== '') ?? [];
const round = (value: number, digits: number): number => Number(value.toFixed(digits));

async function main(bench: Bench) {
  const footageSeconds = options.seconds + startAllowanceMs / 2000;
  bench.needBytes((options.cameras * options.bitrate * 1000 * footageSeconds * 1.2) / 8);
  await buildServer(bench.say, bench.signal);
  const fleet = await startFleet(bench, { cameras: options.cameras, bitrateKbps: options.bitrate });
  const folder = join(bench.folder, 'recorder');
  const mark = bench.mark();
  const recorder = await startRecorder(bench, { folder, engine: 'native', nodeArgs });
  bench.say('The recorder is told of its cameras …');
  const startedAtMs = Date.now();
  const told = await recorder.record(fleet.cameras);
  await recorder.allRecording(startAllowanceMs);
  const allRecordingMs = Date.now();
  bench.say(
    `All are recorded ${round((allRecordingMs - told.putAtMs) / 1000, 1)} s after it was told; ${options.seconds} s follow …`,
  );

  const simulatorCpu = cpuSecondsOf([fleet.pid]);
  const load = await measureLoad([recorder.pid], options.seconds, bench.sleep, 1000);
  const simulatorSeconds = cpuSecondsOf([fleet.pid]) - simulatorCpu;
  const toMs = Date.now() - tailMs;
  const { cameras } = await recorder.status();
  const reconnects = cameras.reduce((sum, camera) => sum + camera.reconnects, 0);
  const stopping = Date.now();
  await recorder.stop();
  const secondsToStop = round((Date.now() - stopping) / 1000, 1);
  await bench.endSince(mark);

  const { frames, bytes } = await auditFolder(recorder.footageFolder);
  const complete = completeness(frames, options.cameras, allRecordingMs, toMs);
  const firstFrames = [...frames.values()].map((camera) => camera.firstUtcMs);
  const judged = load.samples
    .filter((sample) => sample.atMs >= options.warmup * 1000)
    .map((sample) => ({ x: sample.atMs / 60_000, y: sample.pssBytes / 1e6 }));
  const json = {
    bench: 'fleet-record',
    cameras: options.cameras,
    seconds: options.seconds,
    bitrateKbps: options.bitrate,
    framesLost: complete.framesLost,
    camerasWithGap: complete.camerasWithGap,
    frames: complete.frames,
    framesTwice: complete.framesTwice,
    camerasMissing: complete.camerasMissing,
    camerasNotCovering: complete.camerasNotCovering,
    secondsToAllRecording: round((allRecordingMs - told.putAtMs) / 1000, 1),
    secondsToAllFirstFrames: round((Math.max(...firstFrames) - told.putAtMs) / 1000, 1),
    secondsToIdentify: round((told.putAtMs - startedAtMs) / 1000, 1),
    secondsToStop,
    reconnects,
    cpuSeconds: round(load.cpuSeconds, 1),
    cpuPercent: round((load.cpuSeconds / load.wallSeconds) * 100, 1),
    cpuPercentPerCamera: round(((load.cpuSeconds / load.wallSeconds) * 100) / options.cameras, 4),
    pssMb: round(load.pssBytes / 1e6, 1),
    pssPeakMb: round(load.pssPeakBytes / 1e6, 1),
    pssSlopeMbPerMinute: judged.length < 3 ? null : round(slope(judged), 2),
    warmupSeconds: options.warmup,
    recordedMb: round(bytes / 1e6, 0),
    simulatorCpuPercent: round((simulatorSeconds / load.wallSeconds) * 100, 1),
    machineBusyPercent: round(load.machineBusyPercent, 1),
    cores: cpus().length,
    processor: cpus()[0]?.model ?? '',
  };
  bench.say(
    [
      `${json.frames} frames of ${json.cameras} cameras, ${json.framesLost} lost, ${json.camerasWithGap} cameras with a gap, ${reconnects} reconnections`,
      `all recorded after ${json.secondsToAllRecording} s (the latest first frame after ${json.secondsToAllFirstFrames} s); stopped in ${secondsToStop} s`,
      `CPU ${json.cpuPercent} % of a core, ${json.cpuPercentPerCamera} % a camera; the simulator ${json.simulatorCpuPercent} %; machine ${json.machineBusyPercent} % busy`,
      `memory ${json.pssMb} MB, peak ${json.pssPeakMb} MB, slope ${json.pssSlopeMbPerMinute ?? '–'} MB a minute after ${options.warmup} s`,
    ].join('\n'),
  );
  return { json };
}

await runBench(
  {
    name: 'fleet-record',
    json: options.json,
    limitMs: 600_000 + startAllowanceMs + options.seconds * 1000 + 180_000,
    parent: options.folder,
  },
  main,
);
