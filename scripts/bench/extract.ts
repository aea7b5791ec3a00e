/**
 * How soon somebody has what was recorded: a clip of ten minutes by stream copy against `ffmpeg -ss … -t … -c copy` on
 * the same file (both into the same folder, both from memory that the system has cached), thumbnails, and the time from
 * asking for a playlist at a random instant to the first byte of its media. Our clip is also hashed and flushed to the
 * disk before it counts as done, ffmpeg's is not; the part of that is told apart.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { desiredCamera, eventPage, type DesiredState } from '@choi-canh/shared/recorder-api';
import { benchArguments } from './lib/arguments.js';
import { runBench, type Bench } from './lib/bench.js';
import { startRecorder, type BenchRecorder } from './lib/bench-recorder.js';
import { buildServer } from './lib/built-server.js';
import { makeFootage } from './lib/made-footage.js';
import { percentile } from './lib/process-load.js';

/** Of the console that these recorders follow. */
const ownConsoleId = 'c0000000-0000-4000-8000-000000000001';

const options = benchArguments('extract', 'Clips against ffmpeg, thumbnails, seeking.', {
  seconds: { kind: 'number', fallback: 600, min: 4, max: 3600, help: 'length of the clip' },
  bitrate: { kind: 'bitrate', fallback: 1500, help: 'of the footage' },
  repeats: { kind: 'number', fallback: 7, min: 1, max: 100, help: 'clips by each, in turn; the median counts' },
  'node-args': { kind: 'text', help: 'for the recorder: --node-args="--cpu-prof --cpu-prof-dir=/tmp/profile"' },
  seeks: { kind: 'number', fallback: 200, min: 1, max: 10_000, help: 'how many' },
  thumbnails: { kind: 'number', fallback: 200, min: 1, max: 10_000, help: 'how many, each of another keyframe' },
});

const nodeArgs = options['node-args']?.split(' ').filter((one) => one !== '') ?? [];
const ffmpegPath = process.env.CHOI_CANH_FFMPEG_PATH ?? 'ffmpeg';
/** In front of the clip and behind it. */
const marginSeconds = 60;
const thumbnailsAtOnce = 4;
/** As many as a strip of neighbouring instants asks for. */
const stripAtOnce = 16;
/** How long the recorder may keep the question for news open. */
const newsMs = 20_000;
/** What a player asks for at first. */
const seekRangeMs = 60_000;
const round = (value: number, digits: number): number => Number(value.toFixed(digits));
const now = () => performance.now();

async function answered(response: Response): Promise<Response> {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${(await response.text()).slice(0, 300)}`);
  return response;
}

async function flush(path: string): Promise<number> {
  const file = await open(path, 'r+');
  const started = now();
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  return now() - started;
}

/** What was deleted is off the disk's list, so that the next clip does not pay for it. */
async function settle(folder: string): Promise<void> {
  const path = join(folder, 'settled');
  await writeFile(path, `${now()}`);
  await flush(path);
}

async function clipByFfmpeg(source: string, target: string, fromSeconds: number, signal: AbortSignal) {
  const args = ['-v', 'error', '-nostdin', '-y', '-ss', fromSeconds.toFixed(3), '-i', source];
  args.push('-t', String(options.seconds), '-c', 'copy', target);
  const started = now();
  const child = spawn(ffmpegPath, args, { stdio: ['ignore', 'ignore', 'inherit'], signal });
  const [code] = (await once(child, 'exit')) as [number | null];
  const wallMs = now() - started;
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
  return { wallMs, flushMs: await flush(target), bytes: statSync(target).size };
}

/** Sequence of the newest event of the recorder that was heard. */
let newestEvent = 0;

async function clipByRecorder(recorder: BenchRecorder, cameraId: string, fromMs: number, folder: string) {
  const id = randomUUID();
  const path = `/v1/extractions/${id}`;
  const range = { from: new Date(fromMs).toISOString(), to: new Date(fromMs + options.seconds * 1000).toISOString() };
  const started = now();
  await answered(
    await recorder.fetch(path, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ cameraId, ...range }),
    }),
  );
  // As the console hears of it.
  for (;;) {
    const news = await answered(await recorder.fetch(`/v1/events?after=${newestEvent}&waitMs=${newsMs}`));
    const { events } = eventPage.parse(await news.json());
    newestEvent = events.at(-1)?.sequence ?? newestEvent;
    const states = events.flatMap((event) => (event.type === 'extraction.state' ? [event.extraction] : []));
    const status = states.findLast((one) => one.id === id);
    if (status?.state === 'failed') throw new Error(`the clip failed: ${status.errorCode ?? ''}`);
    if (status?.state === 'done') {
      const wallMs = now() - started;
      const bytes = readdirSync(join(folder, 'recorder/extractions', id)).map(
        (name) => statSync(join(folder, 'recorder/extractions', id, name)).size,
      );
      await answered(await recorder.fetch(path, { method: 'DELETE' }));
      return { wallMs, bytes: bytes.reduce((sum, one) => sum + one, 0), files: status.files.length };
    }
  }
}

/** Playlist, init segment, first byte of the first media, as a player asks for them. */
async function seek(recorder: BenchRecorder, cameraId: string, atMs: number): Promise<number> {
  const base = `/v1/cameras/${cameraId}/`;
  const query = `from=${new Date(atMs).toISOString()}&to=${new Date(atMs + seekRangeMs).toISOString()}`;
  const started = now();
  const playlist = await (await answered(await recorder.fetch(`${base}playlist.m3u8?${query}`))).text();
  const map = /#EXT-X-MAP:URI="([^"]+)"(?:,BYTERANGE="(\d+)@(\d+)")?/.exec(playlist);
  const media = /#EXT-X-BYTERANGE:(\d+)@(\d+)\r?\n(?:#.*\r?\n)*([^#\r\n]+)/.exec(playlist);
  if (map === null || media === null) throw new Error(`not a playlist of footage: ${playlist.slice(0, 300)}`);
  const range = (length: string | undefined, offset: string | undefined): RequestInit =>
    length === undefined ? {} : { headers: { range: `bytes=${offset}-${Number(offset) + Number(length) - 1}` } };
  const init = await answered(await recorder.fetch(`${base}${map[1]!}?${query}`, range(map[2], map[3])));
  await init.arrayBuffer();
  const first = await answered(await recorder.fetch(`${base}${media[3]!}?${query}`, range(media[1], media[2])));
  const reader = first.body!.getReader();
  await reader.read();
  const passed = now() - started;
  await reader.cancel();
  return passed;
}

async function thumbnails(
  recorder: BenchRecorder,
  cameraId: string,
  instants: number[],
  atOnce = thumbnailsAtOnce,
): Promise<number> {
  const waiting = [...instants];
  const worker = async () => {
    for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
      const path = `/v1/cameras/${cameraId}/thumbnail.jpg?at=${new Date(at).toISOString()}&width=320`;
      await (await answered(await recorder.fetch(path))).arrayBuffer();
    }
  };
  const started = now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (instants.length * 1000) / (now() - started);
}

async function main(bench: Bench) {
  const footageSeconds = options.seconds + 2 * marginSeconds;
  bench.needBytes((options.bitrate * 1000 * footageSeconds * 5) / 8);
  await buildServer(bench.say, bench.signal);
  bench.say(`Making ${Math.round(footageSeconds / 60)} minutes of footage of ${options.bitrate} kbit/s …`);
  const folder = join(bench.folder, 'recorder');
  const footage = join(folder, 'footage');
  mkdirSync(folder, { recursive: true });
  const cameraId = randomUUID();
  const startAtMs = Date.now() - (footageSeconds + 600) * 1000;
  const { signal } = bench;
  const made = await makeFootage({
    ...{ directory: footage, cameraId, seconds: footageSeconds, startAtMs, signal },
    ...{ bitrateKbps: options.bitrate, ffmpegPath },
  });
  const source = readdirSync(footage, { withFileTypes: true, recursive: true }).find(({ name }) =>
    name.endsWith('.mp4'),
  );
  if (source === undefined) throw new Error('no footage file was made');
  const sourcePath = join(source.parentPath, source.name);
  await readFile(sourcePath); // so that neither reads from the disk

  const recorder = await startRecorder(bench, { folder, engine: 'native', nodeArgs });
  const camera = desiredCamera.parse({
    ...{ id: cameraId, name: 'Cam 1', deviceAddress: 'http://127.0.0.1:9/onvif/device_service' },
    ...{ username: 'admin', password: 'admin', enabled: false, audio: false, retentionDays: 30 },
    ...{ mainProfileToken: 'main', subProfileToken: null },
  });
  const state: DesiredState = {
    consoleId: ownConsoleId,
    base: null,
    revision: 1,
    cameras: [camera],
    removed: [],
    minFreeBytes: 1e9,
  };
  await answered(
    await recorder.fetch('/v1/desired-state', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(state),
    }),
  );

  // Neither begins at a keyframe.
  const fromSeconds = marginSeconds + 0.7;
  const ours: Awaited<ReturnType<typeof clipByRecorder>>[] = [];
  const theirs: Awaited<ReturnType<typeof clipByFfmpeg>>[] = [];
  for (let repeat = 0; repeat < options.repeats; repeat++) {
    const target = join(bench.folder, 'ffmpeg.mp4');
    theirs.push(await clipByFfmpeg(sourcePath, target, fromSeconds, signal));
    rmSync(target);
    await settle(bench.folder);
    ours.push(await clipByRecorder(recorder, cameraId, startAtMs + fromSeconds * 1000, folder));
    await settle(bench.folder);
  }
  const clipMs = percentile(
    ours.map(({ wallMs }) => wallMs),
    0.5,
  );
  const ffmpegMs = percentile(
    theirs.map(({ wallMs }) => wallMs),
    0.5,
  );
  const ffmpegFlushMs = percentile(
    theirs.map(({ flushMs }) => flushMs),
    0.5,
  );
  bench.say(
    `clip of ${options.seconds} s: ${Math.round(clipMs)} ms, ffmpeg ${Math.round(ffmpegMs)} ms` +
      ` (and ${Math.round(ffmpegFlushMs)} ms to flush it): ${round(clipMs / ffmpegMs, 2)}`,
  );

  const seekTimes: number[] = [];
  for (let index = 0; index < options.seeks; index++)
    seekTimes.push(
      await seek(recorder, cameraId, startAtMs + Math.random() * (options.seconds + marginSeconds) * 1000),
    );
  bench.say(
    `seek: ${round(percentile(seekTimes, 0.5), 1)} ms, 95 % within ${round(percentile(seekTimes, 0.95), 1)} ms`,
  );

  const instants = made.keyframesMs.slice(0, options.thumbnails).map((at) => at + 100);
  const others = made.keyframesMs.slice(options.thumbnails, 2 * options.thumbnails).map((at) => at + 100);
  const perSecond = await thumbnails(recorder, cameraId, instants);
  const again = await thumbnails(recorder, cameraId, instants.slice(-50));
  const strip = await thumbnails(recorder, cameraId, others, stripAtOnce);
  bench.say(
    `thumbnails: ${round(perSecond, 1)} a second, ${round(strip, 1)} when ${stripAtOnce} are asked for at once,` +
      ` ${round(again, 0)} when asked again`,
  );

  const [firstClip] = ours;
  const [firstFfmpeg] = theirs;
  return {
    json: {
      bench: 'extract',
      seconds: options.seconds,
      bitrateKbps: options.bitrate,
      wallRatio: round(clipMs / ffmpegMs, 3),
      wallRatioFlushed: round(clipMs / (ffmpegMs + ffmpegFlushMs), 3),
      clipMs: round(clipMs, 1),
      ffmpegMs: round(ffmpegMs, 1),
      ffmpegFlushMs: round(ffmpegFlushMs, 1),
      clipMb: round((firstClip?.bytes ?? 0) / 1e6, 1),
      ffmpegMb: round((firstFfmpeg?.bytes ?? 0) / 1e6, 1),
      repeats: options.repeats,
      thumbnailsPerSecond: round(perSecond, 1),
      thumbnailsStripPerSecond: round(strip, 1),
      thumbnailsAgainPerSecond: round(again, 1),
      seekMsP50: round(percentile(seekTimes, 0.5), 2),
      seekMsP95: round(percentile(seekTimes, 0.95), 2),
      seeks: options.seeks,
      cores: cpus().length,
      processor: cpus()[0]?.model ?? '',
    },
  };
}

await runBench(
  { name: 'extract', json: options.json, limitMs: 900_000 + options.repeats * 60_000, parent: options.folder },
  main,
);
