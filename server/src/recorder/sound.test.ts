// The way of sound through the recorder: camera, footage that is killed, playlist, clip.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../../../scripts/camera-simulator/simulator.js';
import {
  framesOf,
  heardUnit,
  simulatedUnits,
  soundOf,
  type HeardUnit,
  type TimedFragment,
} from '../../../test/harness/sound-ruler.js';
import { bytesOf } from '../../../test/harness/fake-footage.js';
import { systemClock } from '../lib/clock.js';
import type { StoredFragment } from '../lib/fragment.js';
import { parseInitSegment } from '../lib/isobmff/init-segment.js';
import { silentLogger } from '../lib/logger.js';
import { clipPath, cutClip } from './extraction/clip-cutter.js';
import { createFootageStore } from './footage/footage-store.js';
import type { FootageStore } from './footage/footage-types.js';
import { recoverFile } from './footage/recover-file.js';
import { createPlayback } from './playback/playback.js';

const run = promisify(execFile);
const wanted = 6;
let folder: string;
let simulator: Simulator;
let store: FootageStore;
let units: Buffer[];
/** Starts of the fragments that the killed recorder had told to be stored. */
const told: number[] = [];
let stored: StoredFragment[];
let initBytes: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sound-'));
  units = await simulatedUnits();
  simulator = await startSimulator({ cameras: 1, network: '127.85.0.0', kinds: { 1: { audio: 'aac' } } });
  const { rtspMainUrl: url, username, password } = simulator.cameras[0]!;
  const child = spawn(
    process.execPath,
    [
      ...['--conditions=source', '--import', 'tsx'],
      ...[fileURLToPath(new URL('./sound.test-harness.ts', import.meta.url)), join(folder, 'footage')],
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, CAMERA: JSON.stringify({ url, username, password }) },
    },
  );
  const exited = once(child, 'exit');
  for await (const line of createInterface(child.stdout)) {
    told.push(Number(line));
    if (told.length === wanted) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  store = createFootageStore({
    directory: join(folder, 'footage'),
    clock: systemClock,
    logger: silentLogger,
    fileSeconds: 600,
    syncSeconds: 5,
  });
  await store.start();
  stored = await store.fragments('cam', 0, Date.now() + 3_600_000);
  initBytes = await store.read(stored[0]!.fileId, 0, (await store.file(stored[0]!.fileId))!.initByteLength);
}, 120_000);
afterAll(async () => {
  await store?.stop();
  await simulator?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function timed(): Promise<TimedFragment[]> {
  const init = parseInitSegment(initBytes);
  return Promise.all(
    stored.map(async ({ fileId, offset, byteLength, startAtMs }) => ({
      ...{ init, startAtMs },
      bytes: await store.read(fileId, offset, byteLength),
    })),
  );
}

/** Codecs of a file, and all that ffmpeg finds wrong when it decodes it. */
async function probe(path: string) {
  const args = ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', path];
  const { stdout } = await run('ffprobe', args);
  const { stderr } = await run('ffmpeg', ['-nostdin', '-v', 'warning', '-xerror', '-i', path, '-f', 'null', '-']);
  return { codecs: stdout.trim().split('\n'), complaints: stderr };
}

function expectInStep(heard: readonly HeardUnit[], mostMs: number): void {
  expect(heard.map(({ index }) => index)).toEqual(heard.map((_, place) => heard[0]!.index + place));
  expect(heard.every(({ isItself }) => isItself)).toBe(true);
  for (const { errorMs } of heard) expect(Math.abs(errorMs)).toBeLessThanOrEqual(mostMs);
}

describe('footage with sound of a recorder that was killed', () => {
  it('holds every fragment that was stored, picture and sound whole and in step', async () => {
    expect(stored.length).toBeGreaterThanOrEqual(told.length);
    expect(stored.length).toBeLessThanOrEqual(told.length + 1);
    const fragments = await timed();
    const frames = fragments.flatMap(framesOf);
    expect(frames.map(({ counter }) => counter)).toEqual(frames.map((_, place) => frames[0]!.counter + place));
    for (const { errorMs } of frames) expect(Math.abs(errorMs)).toBeLessThanOrEqual(2);
    const heard = fragments.flatMap((fragment) => soundOf(units, fragment));
    expect(heard.length).toBeGreaterThan(50);
    expectInStep(heard, 22);
    expect(await probe((await store.file(stored[0]!.fileId))!.path)).toEqual({
      codecs: ['h264', 'aac'],
      complaints: '',
    });
  });

  it('is mended wherever it is torn or zero-filled, without its index', async () => {
    const source = (await store.file(stored[0]!.fileId))!.path;
    const path = relative(join(folder, 'footage'), source);
    const bytes = await readFile(source);
    const torn = join(folder, 'torn');
    await mkdir(dirname(join(torn, path)), { recursive: true });
    const first = stored[1]!.offset;
    for (let round = 0; round < 24; round++) {
      const cut = first + Math.floor(((bytes.length - first) * (round + Math.random())) / 24);
      const whole = stored.filter(({ offset, byteLength }) => offset + byteLength <= cut).length;
      const how = round % 2 === 0 ? 'torn' : 'zero-filled';
      await copyFile(source, join(torn, path));
      await writeFile(join(torn, path), how === 'torn' ? bytes.subarray(0, cut) : Buffer.from(bytes).fill(0, cut));
      await rm(join(torn, path.replace(/mp4$/, 'idx')), { force: true });
      const recovered = await recoverFile(torn, path, { state: 'open', epoch: 0, logger: silentLogger });
      expect([how, cut, recovered?.records.length]).toEqual([how, cut, whole]);
      expect((await readFile(join(torn, path))).equals(bytes.subarray(0, recovered!.row.byteLength))).toBe(true);
    }
    expect((await probe(join(torn, path))).complaints).toBe('');
  });
});

describe('playback of footage with sound', () => {
  const guard = () => ({ fromMs: stored[0]!.startAtMs, toMs: stored.at(-1)!.startAtMs + stored.at(-1)!.durationMs });

  /** All that a playlist names, one after the other, as a player has it. */
  async function played(sound: boolean): Promise<{ playlist: string; bytes: Buffer }> {
    const playback = createPlayback({ footage: store, pictures: { picture: () => Promise.reject(new Error('none')) } });
    const { fromMs, toMs } = guard();
    const playlist = await playback.playlist('cam', fromMs, toMs, 'full', { sound });
    const ranges = [...playlist.matchAll(/BYTERANGE[:=]"?(\d+)@(\d+)/g)].map(([, length, offset]) => ({
      start: Number(offset),
      end: Number(offset) + Number(length),
    }));
    const { fileId } = stored[0]!;
    const parts = await Promise.all(
      ranges.map(async ({ start, end }) => {
        const part = await playback.fileRange('cam', fileId, start, end, guard(), sound);
        const body = await bytesOf(part.pieces);
        expect(body.length).toBe(end - start);
        return body;
      }),
    );
    return { playlist, bytes: Buffer.concat(parts) };
  }

  it('is the picture alone unless sound is asked for', async () => {
    const silent = await played(false);
    const audible = await played(true);
    expect(silent.playlist).toBe(audible.playlist.replaceAll('sound/', 'files/'));
    expect(silent.bytes.length).toBe(audible.bytes.length);
    const paths = { silent: join(folder, 'silent.mp4'), audible: join(folder, 'audible.mp4') };
    await writeFile(paths.silent, silent.bytes);
    await writeFile(paths.audible, audible.bytes);
    expect(await probe(paths.silent)).toEqual({ codecs: ['h264'], complaints: '' });
    expect(await probe(paths.audible)).toEqual({ codecs: ['h264', 'aac'], complaints: '' });
    expect(parseInitSegment(silent.bytes.subarray(0, initBytes.length)).audio).toBeUndefined();
  });

  it('hides the sound also from whoever asks for pieces', async () => {
    const playback = createPlayback({ footage: store, pictures: { picture: () => Promise.reject(new Error('none')) } });
    const { fileId, offset, byteLength } = stored[1]!;
    const ask = async (start: number, end: number) =>
      bytesOf((await playback.fileRange('cam', fileId, start, end, guard())).pieces);
    const whole = await ask(offset, offset + byteLength);
    expect(whole.includes('free')).toBe(true);
    const pieces: Buffer[] = [];
    for (let at = 0; at < Math.min(byteLength, 600); at += 3)
      pieces.push(await ask(offset + at, offset + Math.min(byteLength, at + 3)));
    expect(Buffer.concat(pieces).equals(whole.subarray(0, 600))).toBe(true);
  });
});

describe('a clip with sound', () => {
  it('carries the units that the camera took, at their instants', async () => {
    const fromMs = stored[1]!.startAtMs + 333;
    const toMs = stored[4]!.startAtMs + 777;
    const [clip, ...others] = await cutClip(store, {
      ...{ cameraId: 'cam', fromMs, toMs, folder },
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    expect(others).toEqual([]);
    const path = clipPath(folder, 0);
    expect(await probe(path)).toEqual({ codecs: ['h264', 'aac'], complaints: '' });
    const args = ['-select_streams', 'a', '-show_packets', '-show_data_hash', 'md5', '-of', 'json', path];
    const { stdout } = await run('ffprobe', ['-v', 'error', ...args]);
    const { packets } = JSON.parse(stdout) as { packets: { pts_time: string; data_hash: string }[] };
    // `from` is told in whole milliseconds.
    const heard = packets.map(({ pts_time, data_hash }) =>
      heardUnit(units, Date.parse(clip!.from) + Number(pts_time) * 1000, (unit) =>
        data_hash.toLowerCase().endsWith(createHash('md5').update(unit).digest('hex')),
      ),
    );
    expect(heard.length).toBeGreaterThan(40);
    expectInStep(heard, 23);
  });
});
