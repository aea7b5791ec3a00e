import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  FakeFootage,
  fragmentsOf,
  makeFragmentedMp4,
  type MediaOptions,
} from '../../../../test/harness/fake-footage.js';
import type { ClipFile } from '@choi-canh/shared/evidence';
import { findBox } from '../../lib/isobmff/boxes.js';
import { clipPath, cutClip } from './clip-cutter.js';

const run = promisify(execFile);
const startAtMs = Date.UTC(2026, 10, 22, 7, 30, 0, 0);
const camera = 'camera';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clip-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Presentation time in seconds and hash of every decoded picture, in the order of presentation. */
async function pictures(path: string): Promise<{ seconds: number; hash: string }[]> {
  const { stdout } = await run('ffmpeg', [
    ...[
      '-nostdin',
      '-v',
      'error',
      '-i',
      path,
      '-fps_mode',
      'passthrough',
      '-copyts',
      '-f',
      'framehash',
      '-hash',
      'md5',
      '-',
    ],
  ]);
  const timeBase = /#tb 0: (\d+)\/(\d+)/.exec(stdout);
  const tick = Number(timeBase?.[1]) / Number(timeBase?.[2]);
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const fields = line.split(',').map((field) => field.trim());
      return { seconds: Number(fields[2]) * tick, hash: fields[5] ?? '' };
    });
}

async function probe(path: string) {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'format=duration,start_time:format_tags=creation_time:stream=codec_name'],
    ...['-of', 'json', path],
  ]);
  return JSON.parse(stdout) as {
    streams: { codec_name: string }[];
    format: { duration: string; start_time: string; tags: { creation_time: string } };
  };
}

async function cut(footage: FakeFootage, fromMs: number, toMs: number): Promise<ClipFile[]> {
  return cutClip(footage, {
    ...{ cameraId: camera, fromMs, toMs, folder },
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}

const sources: [string, MediaOptions][] = [
  ['without B-frames', { seconds: 6, gop: 50 }],
  ['with B-frames', { seconds: 6, gop: 50, bFrames: 3 }],
  ['with a keyframe every 5 s', { seconds: 6, gop: 125, bFrames: 2 }],
  ['H.265 with B-frames', { seconds: 6, gop: 50, bFrames: 2, codec: 'libx265' }],
  ['MJPEG', { seconds: 6, codec: 'mjpeg' }],
  ['MPEG-4', { seconds: 6, gop: 50, codec: 'mpeg4' }],
  ['at 12.5 frames a second', { seconds: 6, frameRate: 12.5, gop: 25, bFrames: 1 }],
];

describe.each(sources)('a clip of footage %s', (_name, options) => {
  let footage: FakeFootage;
  let all: { atMs: number; hash: string }[];

  beforeAll(async () => {
    const mp4 = await makeFragmentedMp4(options);
    const path = join(folder, 'source.mp4');
    await writeFile(path, mp4);
    all = (await pictures(path)).map(({ seconds, hash }) => ({ atMs: startAtMs + seconds * 1000, hash }));
    footage = new FakeFootage();
    footage.appendAll(camera, fragmentsOf(mp4, startAtMs).fragments);
    expect(all).toHaveLength(options.seconds * (options.frameRate ?? 25));
    expect(new Set(all.map((picture) => picture.hash)).size).toBe(all.length);
  });

  it.each([
    ['on a keyframe', 2000, 4000],
    ['between frames', 1333, 3777],
    ['on a frame exactly', 2120, 3160],
    ['one frame', 3200, 3230],
    ['the whole', -5000, 60_000],
    ['just before a keyframe', 1990, 2010],
  ])('%s shows exactly the frames of the range', async (_what, fromOffset, toOffset) => {
    // From the first picture on, so that reordering delay does not move the cases.
    const origin = all[0]?.atMs ?? 0;
    const fromMs = origin + fromOffset;
    const toMs = origin + toOffset;
    const wanted = all.filter((picture) => picture.atMs >= fromMs - 1e-3 && picture.atMs < toMs - 1e-3);
    if (wanted.length === 0) {
      await expect(cut(footage, fromMs, toMs)).rejects.toMatchObject({ kind: 'not_found', code: 'no_footage' });
      return;
    }
    const [file, ...others] = await cut(footage, fromMs, toMs);
    expect(others).toEqual([]);
    if (file === undefined) return;
    const path = clipPath(folder, 0);
    const shown = await pictures(path);
    expect(shown.map((picture) => picture.hash)).toEqual(wanted.map((picture) => picture.hash));
    // The presentation begins at 0 and every frame comes at its own time.
    shown.forEach((picture, index) => {
      expect(picture.seconds * 1000).toBeCloseTo((wanted[index]?.atMs ?? 0) - (wanted[0]?.atMs ?? 0), 1);
    });
    expect(file.frames).toBe(wanted.length);
    expect(Date.parse(file.from)).toBe(Math.round(wanted[0]?.atMs ?? 0));
    const frameMs = 1000 / (options.frameRate ?? 25);
    expect(Date.parse(file.to)).toBe(Math.round((wanted.at(-1)?.atMs ?? 0) + frameMs));
    const facts = await probe(path);
    expect(Number(facts.format.start_time)).toBe(0);
    expect(Number(facts.format.duration)).toBeCloseTo((wanted.length * frameMs) / 1000, 3);
    expect(Math.floor(Date.parse(facts.format.tags.creation_time) / 1000)).toBe(
      Math.floor(Date.parse(file.from) / 1000),
    );
    const bytes = await readFile(path);
    expect(file.bytes).toBe(bytes.length);
    expect(file.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(findBox(bytes, 'moov')?.start).toBeLessThan(findBox(bytes, 'mdat')?.start ?? 0);
    expect(file.hiddenPreRollMs).toBeGreaterThanOrEqual(0);
    expect(file.hiddenPreRollMs).toBeLessThan(((options.gop ?? 50) + 1) * frameMs);
  });
});

describe('a range that is not continuous', () => {
  it('across a reconnection is two files, each exact', async () => {
    const mp4 = await makeFragmentedMp4({ seconds: 4, gop: 25, bFrames: 2 });
    const path = join(folder, 'source.mp4');
    await writeFile(path, mp4);
    const decoded = await pictures(path);
    const footage = new FakeFootage();
    const secondAtMs = startAtMs + 10_000;
    footage.appendAll(camera, fragmentsOf(mp4, startAtMs, { run: 1 }).fragments);
    footage.appendAll(camera, fragmentsOf(mp4, secondAtMs, { run: 2 }).fragments);
    const [fromMs, toMs] = [startAtMs + 2500, secondAtMs + 1500];
    const files = await cut(footage, fromMs, toMs);
    expect(files).toHaveLength(2);
    const hashes = (await Promise.all([0, 1].map((index) => pictures(clipPath(folder, index))))).map((list) =>
      list.map((picture) => picture.hash),
    );
    const shownAt = (base: number) =>
      decoded
        .map((picture) => ({ ...picture, atMs: base + picture.seconds * 1000 }))
        .filter((picture) => picture.atMs >= fromMs && picture.atMs < toMs)
        .map((picture) => picture.hash);
    expect(hashes).toEqual([shownAt(startAtMs), shownAt(secondAtMs)]);
    expect(hashes[0]?.length).toBeGreaterThan(30);
    expect(Date.parse(files[1]?.from ?? '')).toBe(Math.round(secondAtMs + (decoded[0]?.seconds ?? 0) * 1000));
  });

  it('across a jump of the clock inside one run is two files, the second with hidden pre-roll', async () => {
    const mp4 = await makeFragmentedMp4({ seconds: 4, gop: 100 });
    const { fragments } = fragmentsOf(mp4, startAtMs);
    const footage = new FakeFootage();
    fragments.forEach((fragment, index) =>
      footage.append(camera, index < 2 ? fragment : { ...fragment, startAtMs: fragment.startAtMs + 3000 }),
    );
    const files = await cut(footage, startAtMs, startAtMs + 20_000);
    expect(files.map((file) => [file.frames, file.hiddenPreRollMs])).toEqual([
      [50, 0],
      [50, 2000],
    ]);
    expect(Date.parse(files[1]?.from ?? '')).toBe(startAtMs + 5000);
    expect(await pictures(clipPath(folder, 1))).toHaveLength(50);
  });

  it('leaves out what no keyframe makes decodable', async () => {
    const mp4 = await makeFragmentedMp4({ seconds: 4, gop: 50 });
    const footage = new FakeFootage();
    footage.appendAll(camera, fragmentsOf(mp4, startAtMs).fragments.slice(1));
    const [file] = await cut(footage, startAtMs, startAtMs + 20_000);
    expect(Date.parse(file?.from ?? '')).toBe(startAtMs + 2000);
    expect(await pictures(clipPath(folder, 0))).toHaveLength(50);
  });
});
