import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeFootage, fragmentsOf } from '../../../../test/harness/fake-footage.js';
import { beepDelaysMs, flashesIn, makeFlashAndBeepMp4 } from '../../../../test/harness/flash-and-beep.js';
import type { Fragment } from '../../lib/fragment.js';
import { otherTracksOfInit, withHidden } from '../../lib/isobmff/hidden-tracks.js';
import { parseInitSegment } from '../../lib/isobmff/init-segment.js';
import { parseMoof, parseTrackDefaults } from '../../lib/isobmff/moof.js';
import { clipPath, cutClip } from './clip-cutter.js';
import { cutSound, SoundIndexBuilder } from './sound-index.js';

const run = promisify(execFile);
const startAtMs = Date.UTC(2026, 10, 22, 7, 30);
const camera = 'camera';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clip-sound-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const cut = (footage: FakeFootage, fromMs: number, toMs: number) =>
  cutClip(footage, {
    ...{ cameraId: camera, fromMs, toMs, folder },
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });

/** What ffprobe says of each stream, and everything that ffmpeg finds wrong when it decodes all. */
async function probe(path: string) {
  const entries = 'stream=codec_name,start_time,duration,nb_frames';
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', entries, '-of', 'json', path]);
  const { stderr } = await run('ffmpeg', ['-nostdin', '-v', 'warning', '-xerror', '-i', path, '-f', 'null', '-']);
  const { streams } = JSON.parse(stdout) as { streams: Record<string, string>[] };
  return { streams, complaints: stderr };
}

/** Presentation times and hashes of the pictures. */
async function pictures(path: string): Promise<string> {
  const { stdout } = await run('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-i', path, '-map', '0:v', '-fps_mode', 'passthrough', '-copyts'],
    ...['-f', 'framehash', '-hash', 'md5', '-'],
  ]);
  return stdout;
}

/** The same media as a camera whose sound is not recorded gives it. */
function silent(fragment: Fragment): Fragment {
  const { init, bytes } = fragment;
  const places = parseMoof(bytes, parseTrackDefaults(init.bytes, init.trackId)).otherTracksAt;
  const hidden = withHidden(init.bytes, otherTracksOfInit(init.bytes, init.trackId));
  return { ...fragment, init: parseInitSegment(hidden), bytes: withHidden(bytes, places) };
}

describe.each([
  ['16 kHz with B-frames', { seconds: 5, bFrames: 2 }],
  ['48 kHz with a keyframe every 4 s', { seconds: 5, sampleRate: 48_000, gop: 100 }],
])('a clip with sound, %s', (_name, media) => {
  let fragments: Fragment[];
  const footageOf = (list: readonly Fragment[]) => {
    const footage = new FakeFootage();
    footage.appendAll(camera, list);
    return footage;
  };
  beforeAll(async () => {
    ({ fragments } = fragmentsOf(await makeFlashAndBeepMp4(media), startAtMs));
    expect(fragments[0]?.init.audio).toMatchObject({ codec: 'mp4a.40.2' });
  });

  it.each([
    ['between frames', 1433, 4777, 3],
    ['less than a unit of sound', 3070, 3130, 0],
  ])('%s is in step, whole, and shows the pictures that it would show without', async (_what, from, to, seconds) => {
    const [file] = await cut(footageOf(fragments), startAtMs + from, startAtMs + to);
    const path = clipPath(folder, 0);
    const { streams, complaints } = await probe(path);
    expect(complaints).toBe('');
    expect(streams.map(({ codec_name }) => codec_name)).toEqual(['h264', 'aac']);
    const [video, audio] = streams;
    expect([Number(video?.start_time), Number(audio?.start_time)]).toEqual([0, 0]);
    expect(Math.abs(Number(video?.duration) - Number(audio?.duration))).toBeLessThan(0.001);
    const flashes = await flashesIn(path);
    expect(flashes).toHaveLength(seconds);
    const delays = await beepDelaysMs(path);
    expect(delays).toHaveLength(flashes.length);
    for (const delay of delays) expect(Math.abs(delay)).toBeLessThan(1);

    const shown = await pictures(path);
    const [without] = await cut(footageOf(fragments.map(silent)), startAtMs + from, startAtMs + to);
    expect((await probe(path)).streams.map(({ codec_name }) => codec_name)).toEqual(['h264']);
    expect(await pictures(path)).toBe(shown);
    expect(file!.sounds).toEqual([{ codec: 'aac', converted: false }]);
    expect(without!.sounds).toBeUndefined();
    expect({ ...without, bytes: 0, sha256: '', sounds: [] }).toEqual({ ...file, bytes: 0, sha256: '', sounds: [] });
  });
});

describe('cutSound', () => {
  /** Units of 64 ms of a track of 1000 ticks a second; after the tenth there is a hole of a second. */
  const builder = new SoundIndexBuilder({ timescale: 1000, codec: 'mp4a.40.2', channels: 1 }, 0);
  const samples = Array.from({ length: 10 }, (_, index) => ({ size: 1, offset: index, duration: 64 }));
  const facts = { sequenceNumber: 1, trackId: 2, recoveryPictures: 0, otherTracksAt: [] };
  const flags = { compositionOffset: 0, flags: 0, isSync: true };
  const run = (at: bigint) => ({
    ...facts,
    baseMediaDecodeTime: at,
    samples: samples.map((one) => ({ ...one, ...flags })),
  });
  builder.add(0, run(0n));
  builder.add(1, run(1640n));
  const index = builder.build();

  it.each([
    ['in a unit, behind the one before it', 0.1, 0.5, { first: 0, end: 8, edits: [[400, 100]] }],
    ['at the beginning', 0, 0.1, { first: 0, end: 2, edits: [[100, 0]] }],
    [
      'in a hole: silence, then the unit after it',
      1,
      2,
      {
        first: 10,
        end: 16,
        edits: [
          [640, -1],
          [360, 0],
        ],
      },
    ],
    ['up to a hole', 0.5, 1.2, { first: 6, end: 10, edits: [[140, 116]] }],
  ])('begins or ends %s', (_where, from, to, expected) => {
    const cut = cutSound(index, from, to, 1000);
    expect({ ...cut, edits: cut?.edits.map(({ duration, mediaTime }) => [duration, mediaTime]) }).toEqual(expected);
  });

  it('finds nothing in a hole or behind the end', () => {
    expect(cutSound(index, 0.7, 1.6, 1000)).toBeUndefined();
    expect(cutSound(index, 3, 4, 1000)).toBeUndefined();
    expect(cutSound(undefined, 0, 1, 1000)).toBeUndefined();
  });
});

describe('where sound is not all there', () => {
  let fragments: Fragment[];
  /** The first fragment of the second half that begins with a keyframe. */
  let middle: number;
  beforeAll(async () => {
    ({ fragments } = fragmentsOf(await makeFlashAndBeepMp4({ seconds: 6 }), startAtMs));
    middle = fragments.findIndex((one, index) => one.independent && index > 4);
    expect(middle).toBeGreaterThan(4);
  });

  it('the clip begins in silence and the beeps come at their times', async () => {
    const footage = new FakeFootage();
    // One init segment throughout, but no unit of sound in the first half.
    footage.appendAll(
      camera,
      fragments.map((one, index) => (index < middle ? { ...silent(one), init: one.init } : one)),
    );
    await cut(footage, startAtMs + 1500, startAtMs + 5900);
    const { streams, complaints } = await probe(clipPath(folder, 0));
    expect(complaints).toBe('');
    expect(streams).toHaveLength(2);
    expect(await flashesIn(clipPath(folder, 0))).toHaveLength(4);
    const delays = await beepDelaysMs(clipPath(folder, 0));
    expect(delays.length).toBeGreaterThanOrEqual(2);
    expect(delays.length).toBeLessThan(4);
    // The first one may have begun before there was sound.
    for (const delay of delays.slice(1)) expect(Math.abs(delay)).toBeLessThan(1);
  });

  it('a camera whose sound begins midway gives two files and loses no picture', async () => {
    const footage = new FakeFootage();
    footage.appendAll(
      camera,
      fragments.map((one, index) => (index < middle ? silent(one) : one)),
    );
    const files = await cut(footage, startAtMs, startAtMs + 8000);
    const framesOf = (list: Fragment[]) => list.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
    expect(files.map(({ frames }) => frames)).toEqual([
      framesOf(fragments.slice(0, middle)),
      framesOf(fragments.slice(middle)),
    ]);
    expect((await probe(clipPath(folder, 0))).streams).toHaveLength(1);
    expect((await probe(clipPath(folder, 1))).streams).toHaveLength(2);
  });
});
