// The way of G.711 through the recorder: what cameras send, byte for byte, in footage and clips.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pcmaLoop, pcmuLoop } from '../../../scripts/camera-simulator/scenes/audio-loop.js';
import { startSimulator, type Simulator } from '../../../scripts/camera-simulator/simulator.js';
import { readBoxes } from '../../../test/harness/box-reader.js';
import { framesOf, soundOf, type TimedFragment } from '../../../test/harness/sound-ruler.js';
import { systemClock } from '../lib/clock.js';
import type { StoredFragment } from '../lib/fragment.js';
import { parseInitSegment } from '../lib/isobmff/init-segment.js';
import { parseTrackDefaults, parseTrackFragment } from '../lib/isobmff/moof.js';
import { silentLogger } from '../lib/logger.js';
import { createFfmpeg } from '../platform/ffmpeg/ffmpeg.js';
import { clipPath, cutClip } from './extraction/clip-cutter.js';
import { loopbackRules } from '../lib/loopback.test-harness.js';
import { createFootageStore } from './footage/footage-store.js';
import type { FootageStore } from './footage/footage-types.js';
import { createIngestSupervisor } from './ingest/ingest-supervisor.js';

const run = promisify(execFile);
const wanted = 5;
const lastsMs = 40;
const laws = [
  { cameraId: 'pcma', number: 1, codec: 'alaw', decoder: 'pcm_alaw', loop: pcmaLoop },
  { cameraId: 'pcmu', number: 2, codec: 'ulaw', decoder: 'pcm_mulaw', loop: pcmuLoop },
] as const;

let folder: string;
let simulator: Simulator;
let store: FootageStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'g711-'));
  const kinds = { 1: { audio: 'pcma' }, 2: { audio: 'pcmu' } } as const;
  simulator = await startSimulator({ cameras: 2, network: '127.86.0.0', kinds });
  store = createFootageStore({
    ...{ directory: join(folder, 'footage'), clock: systemClock, logger: silentLogger },
    ...{ fileSeconds: 600, syncSeconds: 5 },
  });
  await store.start();
  const appends: Promise<void>[] = [];
  const stored = new Map<string, number>(laws.map(({ cameraId }) => [cameraId, 0]));
  let onStored = () => {};
  const done = new Promise<void>((resolve) => (onStored = resolve));
  const ingest = createIngestSupervisor({
    ...{ rules: loopbackRules, clock: systemClock, logger: silentLogger, stallSeconds: 10, startStaggerMs: 0 },
    footage: {
      append: (cameraId, fragment) => {
        const append = store.append(cameraId, fragment).then(() => {
          stored.set(cameraId, stored.get(cameraId)! + 1);
          if ([...stored.values()].every((count) => count >= wanted)) onStored();
        });
        appends.push(append);
        return append;
      },
      closeCamera: (cameraId) => store.closeCamera(cameraId),
    },
  });
  ingest.setCameras(
    laws.map(({ cameraId, number }) => {
      const { rtspMainUrl: mainUrl, username, password } = simulator.cameras[number - 1]!;
      return { cameraId, enabled: true, mainUrl, username, password, audio: true };
    }),
  );
  await ingest.start();
  await done;
  await ingest.stop();
  await Promise.all(appends);
}, 120_000);
afterAll(async () => {
  await store?.stop();
  await simulator?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The fragments of the first file of a camera. */
async function recorded(cameraId: string): Promise<{ path: string; fragments: TimedFragment[] }> {
  const stored = await store.fragments(cameraId, 0, Date.now() + 3_600_000);
  const file = (await store.file(stored[0]!.fileId))!;
  const init = parseInitSegment(await store.read(stored[0]!.fileId, 0, file.initByteLength));
  const ofFile = stored.filter(({ fileId }) => fileId === stored[0]!.fileId);
  const read = async ({ fileId, offset, byteLength, startAtMs }: StoredFragment) => ({
    ...{ init, startAtMs },
    bytes: await store.read(fileId, offset, byteLength),
  });
  return { path: file.path, fragments: await Promise.all(ofFile.map(read)) };
}

/** All of the sound of fragments, one after the other. */
const soundBytes = (fragments: readonly TimedFragment[]): Buffer =>
  Buffer.concat(
    fragments.flatMap(({ init, bytes }) =>
      (parseTrackFragment(bytes, parseTrackDefaults(init.bytes, init.audio!.trackId))?.samples ?? []).map(
        ({ offset, size }) => bytes.subarray(offset, offset + size),
      ),
    ),
  );

/** What ffmpeg finds in a track of sound of a file, as it lies there, and what it complains of when it decodes all. */
async function heard(path: string, codec: string, track = 0): Promise<{ copied: Buffer; complaints: string }> {
  const out = join(folder, `copied.${codec}`);
  const format = codec === 'alaw' ? 'alaw' : 'mulaw';
  await run('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-y', '-i', path],
    '-map',
    `0:a:${track}`,
    '-c',
    'copy',
    '-f',
    format,
    out,
  ]);
  const { stderr } = await run('ffmpeg', ['-nostdin', '-v', 'error', '-xerror', '-i', path, '-f', 'null', '-']);
  return { copied: await readFile(out), complaints: stderr };
}

interface ProbedStream {
  readonly codec_name: string;
  readonly disposition: { readonly default: number };
  readonly tags: { readonly handler_name: string };
}

/** What is heard of a track of sound, from the beginning of the movie on. */
async function samplesOf(path: string, track: number): Promise<Int16Array> {
  const args = ['-map', `0:a:${track}`, '-af', 'aresample=async=1:first_pts=0', '-f', 's16le', '-ac', '1', 'pipe:1'];
  const { stdout } = await run('ffmpeg', ['-nostdin', '-v', 'error', '-i', path, ...args], {
    encoding: 'buffer',
    maxBuffer: 16 * 1024 * 1024,
  });
  return new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
}

/** 1: the same at the same instants; sounds that have nothing to do with each other are near 0. */
function likeness(a: Int16Array, b: Int16Array): number {
  let [both, ofA, ofB] = [0, 0, 0];
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    both += a[at]! * b[at]!;
    ofA += a[at]! ** 2;
    ofB += b[at]! ** 2;
  }
  return both / Math.sqrt(ofA * ofB);
}

describe.each(laws)('G.711 $codec', ({ cameraId, codec, decoder, loop }) => {
  it('lies in the footage as it came, byte for byte and in step with the picture', async () => {
    const { path, fragments } = await recorded(cameraId);
    expect(fragments.length).toBeGreaterThanOrEqual(wanted - 1);
    expect(fragments[0]!.init.audio).toMatchObject({ codec, timescale: 8000, channels: 1 });
    const frames = fragments.flatMap(framesOf);
    expect(frames.map(({ counter }) => counter)).toEqual(frames.map((_, place) => frames[0]!.counter + place));
    const sound = fragments.flatMap((one) => soundOf(loop.payloads, one, lastsMs));
    expect(sound.length).toBeGreaterThan(75);
    expect(sound.map(({ index }) => index)).toEqual(sound.map((_, place) => sound[0]!.index + place));
    expect(sound.every(({ isItself }) => isItself)).toBe(true);
    for (const { errorMs } of sound) expect(Math.abs(errorMs)).toBeLessThan(22);

    const { copied, complaints } = await heard(path, codec);
    expect(complaints).toBe('');
    expect(copied.equals(soundBytes(fragments))).toBe(true);
    const probed = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', path]);
    expect(probed.stdout.trim().split('\n')).toEqual(['h264', decoder]);
    expect(readBoxes(await readFile(path)).types).toContain(`/moov/trak/mdia/minf/stbl/stsd/${codec}`);
  });

  it('is in a clip as it came, beside AAC that is made from it and says so', async () => {
    const { fragments } = await recorded(cameraId);
    const request = {
      cameraId,
      fromMs: fragments[1]!.startAtMs + 333,
      toMs: fragments.at(-1)!.startAtMs + 200,
      folder,
    };
    const common = { ...request, signal: new AbortController().signal, onProgress: () => undefined };
    const [clip, ...others] = await cutClip(store, { ...common, ffmpeg: createFfmpeg({ path: 'ffmpeg' }) });
    expect(others).toEqual([]);
    expect(clip!.sounds).toEqual([
      { codec, converted: false },
      { codec: 'aac', converted: true },
    ]);
    const path = clipPath(folder, 0);
    const bytes = await readFile(path);
    expect(clip!.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(bytes.length).toBe(clip!.bytes);
    expect(await readdir(folder)).not.toContain('0.mp4.aac');
    const probed = await run('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', path]);
    const { streams } = JSON.parse(probed.stdout) as { streams: ProbedStream[] };
    expect(streams.map((one) => [one.codec_name, one.disposition.default])).toEqual([
      ['h264', 1],
      ['aac', 1],
      [decoder, 0],
    ]);
    expect(streams[1]!.tags.handler_name).toMatch(/^AAC chuyển đổi từ G\.711 .* \/ AAC converted from G\.711/);
    expect(streams[2]!.tags.handler_name).toMatch(/^Âm thanh gốc của camera, G\.711 .* \/ Original sound/);
    const { copied, complaints } = await heard(path, codec, 1);
    expect(complaints).toBe('');
    expect(copied.length).toBeGreaterThan(8000);
    expect(soundBytes(fragments).indexOf(copied)).toBeGreaterThan(0);
    expect(readBoxes(bytes).types).toContain(`/moov/trak/mdia/minf/stbl/stsd/${codec}`);

    const [made, original] = [await samplesOf(path, 0), await samplesOf(path, 1)];
    expect(Math.abs(made.length - original.length)).toBeLessThan(8000 * 0.13);
    expect(likeness(made, original)).toBeGreaterThan(0.95);

    // Where nothing can be converted the clip is whole all the same.
    const [alone] = await cutClip(store, { ...common, ffmpeg: createFfmpeg({ path: '/nowhere/ffmpeg' }) });
    expect(alone!.sounds).toEqual([{ codec, converted: false }]);
    expect(alone!.frames).toBe(clip!.frames);
    expect((await heard(path, codec)).copied.equals(copied)).toBe(true);
  });
});
