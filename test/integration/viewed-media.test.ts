// What viewers are given of streams with B-pictures (live in parts, live in segments, review), read by decoders and readers
// that share no code with the writer: mp4box, ffmpeg, mediainfo and GStreamer.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../server/src/lib/clock.js';
import type { Fragment, FragmentPart } from '../../server/src/lib/fragment.js';
import { silentLogger } from '../../server/src/lib/logger.js';
import { createFootageStore } from '../../server/src/recorder/footage/footage-store.js';
import { encodeTimedVideo, recordNative } from '../../server/src/recorder/ingest/native/timed-video.test-harness.js';
import { createLive } from '../../server/src/recorder/live/live.js';
import { createPlayback } from '../../server/src/recorder/playback/playback.js';
import { readBoxes } from '../harness/box-reader.js';

const run = promisify(execFile);
const nobody = () => Promise.reject(new Error('no pictures here'));
const encoder = 'keyint=20:min-keyint=20:bframes=2:b-adapt=0:scenecut=0';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'viewed-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const made = (codec: 'h264' | 'h265') => {
  const all: (Fragment | FragmentPart)[] = [];
  const pictures = encodeTimedVideo({
    codec,
    encoder: `${encoder}${codec === 'h264' ? '' : ':open-gop=0'}`,
    seconds: 12,
  });
  recordNative(codec, pictures, { reportOffMs: () => 0, onMade: (one) => all.push(one) });
  return all;
};
const isPart = (one: Fragment | FragmentPart): one is FragmentPart => 'fragmentDecodeTime' in one;

/** What a viewer of low latency is given: all parts, and all segments, that were listed. */
async function watched(all: readonly (Fragment | FragmentPart)[]) {
  let onFragment: (fragment: Fragment) => void = () => undefined;
  let onPart: (part: FragmentPart) => void = () => undefined;
  const live = createLive({
    footage: { tail: () => Promise.resolve([]), file: () => Promise.resolve(undefined), read: nobody },
    ingest: {
      acquire: () => () => undefined,
      subscribe: (_camera, _stream, listener) => ((onFragment = listener), () => undefined),
      subscribeParts: (_camera, _stream, listener) => ((onPart = listener), () => undefined),
      runtime: () => undefined,
    },
    ...{ pictures: { picture: nobody }, clock: systemClock, logger: silentLogger },
  });
  const first = live.playlist('c', 'sub', { lowLatency: true });
  const [parts, segments] = [new Map<string, Buffer>(), new Map<string, Buffer>()];
  let init = Buffer.alloc(0);
  for (const one of all) {
    if (isPart(one)) onPart(one);
    else onFragment(one);
    await first;
    const text = (await live.playlist('c', 'sub', { lowLatency: true })).body.toString();
    const [, initId = ''] = /init-([0-9a-f]+)\.mp4/.exec(text) ?? [];
    init = Buffer.from((await live.init('c', 'sub', initId)).body);
    for (const [, name, sequence, index] of text.matchAll(/EXT-X-PART:[^\n]*URI="((\d+)-(\d+))\.m4s"/g))
      if (!parts.has(name!)) parts.set(name!, (await live.part('c', 'sub', Number(sequence), Number(index))).body);
    for (const [, sequence] of text.matchAll(/^(\d+)\.m4s$/gm))
      if (!segments.has(sequence!)) segments.set(sequence!, (await live.segment('c', 'sub', Number(sequence))).body);
  }
  await live.stop();
  const whole = [...segments.keys()];
  const ofWhole = [...parts].filter(([name]) => whole.includes(name.split('-')[0]!));
  return {
    parts: Buffer.concat([init, ...ofWhole.map(([, bytes]) => bytes)]),
    segments: Buffer.concat([init, ...segments.values()]),
  };
}

async function reviewed(all: readonly (Fragment | FragmentPart)[], name: string): Promise<Buffer> {
  const store = createFootageStore({
    ...{ directory: join(folder, name), clock: systemClock, logger: silentLogger },
    ...{ fileSeconds: 600, syncSeconds: 5 },
  });
  await store.start();
  try {
    const fragments = all.filter((one): one is Fragment => !isPart(one));
    for (const fragment of fragments) await store.append('c', fragment);
    const last = fragments.at(-1)!;
    const guard = { fromMs: fragments[0]!.startAtMs, toMs: last.startAtMs + last.durationMs };
    const playback = createPlayback({ footage: store, pictures: { picture: nobody } });
    const text = await playback.playlist('c', guard.fromMs, guard.toMs, 'full');
    const pieces: Buffer[] = [];
    const [, map = ''] = /EXT-X-MAP:URI="files\/([^"]+)\.mp4"|$/.exec(text) ?? [];
    const [, inits = map] = /EXT-X-MAP:URI="inits\/([^"]+)\.mp4"/.exec(text) ?? [];
    pieces.push(Buffer.from((await playback.init('c', inits)).body));
    for (const [, length, offset, file] of text.matchAll(/^#EXT-X-BYTERANGE:(\d+)@(\d+)\nfiles\/(.+)\.mp4/gm)) {
      const range = await playback.fileRange('c', file!, Number(offset), Number(offset) + Number(length), guard);
      for await (const piece of range.pieces) pieces.push(Buffer.from(piece));
    }
    return Buffer.concat(pieces);
  } finally {
    await store.stop();
  }
}

async function expectSound(bytes: Buffer, path: string, format: string): Promise<void> {
  const { samples } = readBoxes(bytes);
  expect(samples.length).toBeGreaterThan(70);
  for (const [index, sample] of samples.slice(1).entries())
    expect(Math.abs(sample.dts - samples[index]!.dts - samples[index]!.duration)).toBeLessThanOrEqual(1);
  await writeFile(path, bytes);
  const strict = ['-v', 'error', '-xerror', '-err_detect', 'explode'];
  const { stdout, stderr } = await run('ffmpeg', [...strict, '-i', path, '-map', '0:v:0', '-f', 'framecrc', 'pipe:1']);
  expect(stderr).toBe('');
  expect(stdout.split('\n').filter((line) => line.startsWith('0,')).length).toBe(samples.length);
  const probed = await run('ffprobe', [...['-v', 'error', '-show_entries', 'stream=codec_name,has_b_frames'], path]);
  expect(probed.stdout).toContain('has_b_frames=2');
  const info = await run('mediainfo', ['--Output=Video;%Format% %Width% %Height%', path]);
  expect(info.stdout.trim()).toBe(`${format} 128 96`);
  const discovered = await run('gst-discoverer-1.0', [path]);
  expect(discovered.stdout).toMatch(/video(\(s\))? ?#/);
}

describe.each([
  { codec: 'h264', format: 'AVC' },
  { codec: 'h265', format: 'HEVC' },
] as const)('$codec with B-pictures', ({ codec, format }) => {
  let all: (Fragment | FragmentPart)[];
  beforeAll(() => void (all = made(codec)));

  it('live in parts and in segments is the same to the readers, and right', async () => {
    const { parts, segments } = await watched(all);
    await expectSound(parts, join(folder, `${codec}-parts.mp4`), format);
    await expectSound(segments, join(folder, `${codec}-segments.mp4`), format);
    const seen = (bytes: Buffer) => readBoxes(bytes).samples.map(({ dts, cts, size }) => [dts, cts, size]);
    expect(seen(parts)).toEqual(seen(segments));
  });

  it('review is right to the readers', async () => {
    await expectSound(await reviewed(all, codec), join(folder, `${codec}-review.mp4`), format);
  });
});
