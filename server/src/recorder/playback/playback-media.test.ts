import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, FakeFootage, fragmentsOf, makeFragmentedMp4 } from '../../../../test/harness/fake-footage.js';
import { parseMoof } from '../../lib/isobmff/moof.js';
import { createFfmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createKeyframePictures } from './keyframe-pictures.js';
import type { StillPictureRun } from './picture-run.js';
import { createPlayback, playlistContentType, type Playback } from './playback.js';

const run = promisify(execFile);
const startAtMs = Date.UTC(2026, 10, 22, 7, 30);
const guard = { fromMs: startAtMs, toMs: startAtMs + 60_000 };
const camera = 'camera';
/** ffmpeg 5.1 mixes up the connections that it keeps when a new init segment comes between two byte ranges. */
const hlsInput = ['-allowed_extensions', 'ALL', '-http_multiple', '0', '-http_persistent', '0'];
const ffmpeg = createFfmpeg({ path: 'ffmpeg' });
let encodings = 0;
const pictures = createKeyframePictures({
  ffmpeg: {
    run(options: StillPictureRun) {
      encodings++;
      return ffmpeg.run(options);
    },
  },
});

/** ffmpeg remarks on each further init segment, and goes on. */
const complaints = (stderr: string) =>
  stderr.split('\n').filter((line) => line !== '' && !line.includes('Found duplicated MOOV Atom'));

/** A player fetches what the playlist names, as it would from a recorder. */
function serve(playback: Playback): Promise<Server> {
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://recorder');
      const file = /^\/files\/(.+)\.mp4$/.exec(url.pathname)?.[1];
      const init = /^\/inits\/(.+)\.mp4$/.exec(url.pathname)?.[1];
      const keyframe = /^\/keyframes\/(.+)-(\d+)\.m4s$/.exec(url.pathname);
      if (file !== undefined) {
        const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
        const range = await playback.fileRange(camera, file, Number(first), Number(last) + 1, guard);
        response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${range.totalBytes}` });
        response.end(await bytesOf(range.pieces));
      } else if (init !== undefined) {
        response.end((await playback.init(camera, init)).body);
      } else if (keyframe !== null) {
        response.end((await playback.keyframe(camera, keyframe[1] ?? '', Number(keyframe[2]), guard)).body);
      } else {
        response.setHeader('content-type', playlistContentType);
        const mode = url.pathname === '/keyframes.m3u8' ? 'keyframes' : 'full';
        response.end(await playback.playlist(camera, guard.fromMs, guard.toMs, mode));
      }
    })().catch((error: Error) => {
      response.statusCode = 500;
      response.end(error.message);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

interface Packets {
  packets: { pts_time: string; flags: string }[];
}
async function packets(url: string): Promise<Packets['packets']> {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', ...hlsInput, '-show_entries', 'packet=pts_time,flags', '-of', 'json'],
    url,
  ]);
  return (JSON.parse(stdout) as Packets).packets;
}

describe.each([
  ['without B-frames', 0],
  ['with B-frames', 2],
])('real footage %s', (_name, bFrames) => {
  const footage = new FakeFootage('f');
  const playback = createPlayback({ footage, pictures });
  let server: Server;
  let origin: string;

  beforeAll(async () => {
    const { fragments } = fragmentsOf(await makeFragmentedMp4({ seconds: 10, gop: 50, bFrames }), startAtMs);
    fragments.forEach((fragment, index) => footage.append(camera, fragment, index === 6));
    server = await serve(playback);
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('plays whole through its playlist, every frame once', async () => {
    const shown = (await packets(`${origin}/full.m3u8`)).map((packet) => Number(packet.pts_time)).sort((a, b) => a - b);
    expect(shown).toHaveLength(250);
    const first = shown[0] ?? NaN;
    shown.forEach((seconds, index) => expect(seconds - first).toBeCloseTo(index * 0.04, 3));
    const { stderr } = await run('ffmpeg', [
      ...['-nostdin', '-v', 'warning', ...hlsInput, '-i', `${origin}/full.m3u8`, '-f', 'null', '-'],
    ]);
    expect(complaints(stderr)).toEqual([]);
  });

  it('states in EXTINF and PROGRAM-DATE-TIME when its frames are shown', async () => {
    const text = await playback.playlist(camera, guard.fromMs, guard.toMs, 'full');
    const durations = [...text.matchAll(/#EXTINF:([\d.]+)/g)].map((match) => Number(match[1]));
    const instants = [...text.matchAll(/DATE-TIME:(.+)/g)].map((match) => Date.parse(match[1] ?? ''));
    const delayMs = bFrames === 0 ? 0 : 80;
    expect(instants).toEqual([startAtMs + delayMs, startAtMs + 6000 + delayMs]);
    expect(durations).toEqual([6, 4]);
  });

  it('plays its keyframes on the same timeline', async () => {
    const shown = await packets(`${origin}/keyframes.m3u8`);
    expect(shown.map((packet) => packet.flags.startsWith('K'))).toEqual([true, true, true, true, true]);
    const first = Number(shown[0]?.pts_time);
    expect(shown.map((packet) => Number(packet.pts_time) - first)).toEqual([0, 2, 4, 6, 8]);
    const { stderr } = await run('ffmpeg', [
      ...['-nostdin', '-v', 'warning', ...hlsInput, '-i', `${origin}/keyframes.m3u8`],
      ...['-fps_mode', 'passthrough', '-f', 'null', '-'],
    ]);
    expect(complaints(stderr)).toEqual([]);
    const text = await playback.playlist(camera, guard.fromMs, guard.toMs, 'keyframes');
    const full = await playback.playlist(camera, guard.fromMs, guard.toMs, 'full');
    const firstInstant = (playlist: string) => /DATE-TIME:(.+)/.exec(playlist)?.[1];
    expect(firstInstant(text)).toBe(firstInstant(full));
  });

  it('gives thumbnails of the right keyframe, each made once', async () => {
    const delayMs = bFrames === 0 ? 0 : 80;
    const before = encodings;
    const asked = [4000 + delayMs, 5000, 5999].map((ms) => playback.thumbnail(camera, startAtMs + ms, 80));
    const answers = await Promise.all(asked);
    expect(encodings - before).toBe(1);
    for (const answer of answers) {
      expect(answer.pictureAtMs).toBe(startAtMs + 4000 + delayMs);
      expect(answer.body.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
    }
    const big = await playback.thumbnail(camera, startAtMs + 5000);
    expect(big.body.length).toBeGreaterThan(answers[0]?.body.length ?? Infinity);
    // Before all footage: the next one. Long after it: none.
    expect((await playback.thumbnail(camera, startAtMs - 5000)).pictureAtMs).toBe(startAtMs + delayMs);
    await expect(playback.thumbnail(camera, startAtMs + 200_000)).rejects.toMatchObject({
      code: 'no_footage',
      details: { newestAt: new Date(startAtMs + 10_000).toISOString() },
    });
  });

  it('refuses a keyframe outside of what was opened', async () => {
    const narrow = { fromMs: startAtMs + 4100, toMs: startAtMs + 5900 };
    const [first, , third] = (await footage.fragments(camera, startAtMs, startAtMs + 9000)).filter(
      (f) => f.independent,
    );
    await expect(playback.keyframe(camera, 'f-1', first?.offset ?? 0, narrow)).rejects.toMatchObject({
      kind: 'forbidden',
    });
    await expect(playback.keyframe(camera, 'f-1', (third?.offset ?? 0) + 1, narrow)).rejects.toMatchObject({
      kind: 'forbidden',
    });
    const answer = await playback.keyframe(camera, 'f-1', third?.offset ?? 0, narrow);
    const { samples } = parseMoof(answer.body);
    expect(samples).toMatchObject([{ duration: 2 * 12_800, compositionOffset: 0, isSync: true }]);
  });
});
