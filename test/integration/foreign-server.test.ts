// Streams of a server and of encoders that are not ours, of the odd shapes that the field has: each is recorded, and what
// was recorded is shown. Asked are decoders and readers that share no code with the writer.
import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../server/src/lib/clock.js';
import type { StoredFragment } from '../../server/src/lib/fragment.js';
import { parseMoof } from '../../server/src/lib/isobmff/moof.js';
import { loopbackRules } from '../../server/src/lib/loopback.test-harness.js';
import { silentLogger } from '../../server/src/lib/logger.js';
import { makeSelfSigned } from '../../server/src/platform/http/self-signed.js';
import { createFfmpeg } from '../../server/src/platform/ffmpeg/ffmpeg.js';
import { clipPath, cutClip } from '../../server/src/recorder/extraction/clip-cutter.js';
import { createFootageStore } from '../../server/src/recorder/footage/footage-store.js';
import type { FootageStore } from '../../server/src/recorder/footage/footage-types.js';
import { createIngestSupervisor, type IngestSupervisor } from '../../server/src/recorder/ingest/ingest-supervisor.js';
import { nothingLearnt, type LearntStream } from '../../server/src/recorder/ingest/stream-memory.js';
import { createLive, type Live } from '../../server/src/recorder/live/live.js';
import { createKeyframePictures } from '../../server/src/recorder/playback/keyframe-pictures.js';
import { createPlayback, type Playback } from '../../server/src/recorder/playback/playback.js';
import { foreignCases as cases, type ForeignCase } from '../harness/foreign-server/foreign-cases.js';
import { startForeignServers, type ForeignServer } from '../harness/foreign-server/foreign-server.js';

const run = promisify(execFile);

const pathOf = (index: number) => `s${index}`;
const kinds = ['none', 'basic', 'digest', 'secure'] as const;
const serverOf = ({ server }: ForeignCase): (typeof kinds)[number] => server ?? 'none';
const credentials = { username: 'viewer', password: 'Xem-hinh-1' };
/** It has the address of the stream over TLS, and knows another key of it. */
const otherKey = 'other-key';

/** Ten a second. */
const leastPictures = 200;

let folder: string;
let foreign: Awaited<ReturnType<typeof startForeignServers>>;
let store: FootageStore;
let ingest: IngestSupervisor;
let playback: Playback;
let engines: unknown[];
let refused: unknown;
let tlsKey: string;
let startedAtMs: number;
const learnt = new Map<string, LearntStream>([[otherKey, { ...nothingLearnt, tlsKey: '0'.repeat(64) }]]);
/** What was seen live of each. */
const seen: { playlist: string; picture: Buffer; path: string }[] = [];

const isJpeg = (bytes: Buffer) => bytes.subarray(0, 3).toString('hex') === 'ffd8ff';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreign-'));
  const { cert, key } = await makeSelfSigned([{ name: 'commonName', value: 'camera' }], {});
  tlsKey = createHash('sha256')
    .update(new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  const servers = kinds.map((kind): ForeignServer => {
    const own = cases.flatMap((one, index) => (serverOf(one) === kind ? [[pathOf(index), one] as const] : []));
    const auth = kind === 'secure' ? { auth: 'digest' as const, tls: cert + key } : { auth: kind };
    return { ...auth, user: credentials.username, password: credentials.password, streams: Object.fromEntries(own) };
  });
  foreign = await startForeignServers(servers);
  store = createFootageStore({
    ...{ directory: join(folder, 'footage'), clock: systemClock, logger: silentLogger },
    ...{ fileSeconds: 600, syncSeconds: 5 },
  });
  await store.start();
  const ffmpeg = createFfmpeg({ path: 'ffmpeg' });
  ingest = createIngestSupervisor({
    ...{ rules: loopbackRules, footage: store, clock: systemClock, logger: silentLogger },
    ...{ ffmpeg, stallSeconds: 10, startStaggerMs: 0 },
    memory: {
      recall: (cameraId) => learnt.get(cameraId),
      learn: (cameraId, _stream, _access, one) => void learnt.set(cameraId, one),
    },
  });
  const pictures = createKeyframePictures({ ffmpeg });
  playback = createPlayback({ footage: store, pictures });
  const cameraOf = (one: ForeignCase, index: number, cameraId: string) => {
    const kind = serverOf(one);
    const scheme = kind === 'secure' ? 'rtsps' : 'rtsp';
    return {
      ...{ cameraId, enabled: true, audio: one.sound !== undefined },
      mainUrl: `${scheme}://127.0.0.1:${foreign.ports[kinds.indexOf(kind)]}/${pathOf(index)}`,
      ...(kind === 'none' ? { username: '', password: '' } : credentials),
    };
  };
  const secure = cases.findIndex(({ server }) => server === 'secure');
  ingest.setCameras([
    ...cases.map((one, index) => cameraOf(one, index, pathOf(index))),
    cameraOf(cases[secure]!, secure, otherKey),
  ]);
  startedAtMs = systemClock.nowMs();
  await ingest.start();
  const live = createLive({ footage: store, ingest, pictures, clock: systemClock, logger: silentLogger });
  const deadline = performance.now() + 150_000;
  const recorded = async (index: number) => {
    const fragments = await store.fragments(pathOf(index), 0, Number.MAX_SAFE_INTEGER);
    return fragments.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
  };
  for (const [index, { name, pictures: least = leastPictures }] of cases.entries()) {
    while ((await recorded(index)) < least) {
      if (performance.now() > deadline)
        throw new Error(`${name} is not recorded: ${JSON.stringify(ingest.runtime(pathOf(index)))}`);
      await systemClock.sleep(100);
    }
    seen.push(await seenLive(live, pathOf(index)));
  }
  await live.stop();
  engines = cases.map((_, index) => ingest.runtime(pathOf(index))?.engine);
  refused = ingest.runtime(otherKey)?.reason;
  await ingest.stop();
}, 180_000);

afterAll(async () => {
  await ingest?.stop();
  await store?.stop();
  await foreign?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What a viewer has who comes now: of the newest init segment every segment that is offered, as one file. */
async function seenLive(live: Live, cameraId: string): Promise<(typeof seen)[number]> {
  const playlist = (await live.playlist(cameraId, 'main')).body.toString();
  const [, initId, list] = /^[^]*#EXT-X-MAP:URI="init-(.+?)\.mp4"([^]*)$/.exec(playlist)!;
  const bytes = [(await live.init(cameraId, 'main', initId!)).body];
  for (const [, sequence] of list!.matchAll(/^(\d+)\.m4s$/gm))
    bytes.push((await live.segment(cameraId, 'main', Number(sequence))).body);
  const path = join(folder, `${cameraId}-live.mp4`);
  await writeFile(path, Buffer.concat(bytes));
  return { playlist, path, picture: (await live.picture(cameraId, 'main')).body };
}

/** Pictures that ffmpeg decodes of a file, its edit list kept; none is left out that is close to another one. */
async function decoded(path: string): Promise<number> {
  const { stdout } = await run('ffmpeg', [
    ...['-v', 'fatal', '-i', path, '-map', '0:v:0', '-fps_mode', 'passthrough', '-f', 'framecrc', 'pipe:1'],
  ]);
  return stdout.split('\n').filter((line) => line.startsWith('0,')).length;
}

async function expectDecoded(path: string, least: number, most: number): Promise<void> {
  const pictures = await decoded(path);
  expect(pictures).toBeGreaterThanOrEqual(least);
  expect(pictures).toBeLessThanOrEqual(most);
}

/** When each picture of a fragment is shown. */
async function instantsOf({ fileId, offset, byteLength, startAtMs }: StoredFragment): Promise<number[]> {
  const { timescale } = (await store.file(fileId))!;
  let ticks = 0;
  return parseMoof(await store.read(fileId, offset, byteLength)).samples.map(({ duration, compositionOffset }) => {
    const at = startAtMs + ((ticks + compositionOffset) * 1000) / timescale;
    ticks += duration;
    return at;
  });
}

/** Of the file with most pictures: on a busy machine the first sender report may begin another one. */
function longestFile(fragments: readonly StoredFragment[]): StoredFragment[] {
  const ofFile = (id: string) => fragments.filter(({ fileId }) => fileId === id);
  const pictures = (some: readonly StoredFragment[]) => some.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
  return [...new Set(fragments.map(({ fileId }) => fileId))]
    .map(ofFile)
    .reduce((longest, file) => (pictures(file) > pictures(longest) ? file : longest));
}

describe.each(cases.map((one, index) => ({ ...one, index })))('$name', (one) => {
  const cameraId = pathOf(one.index);

  it('is recorded by the engine that can, and decodes whole', async () => {
    const fragments = await store.fragments(cameraId, 0, Number.MAX_SAFE_INTEGER);
    expect(engines[one.index]).toBe(one.engine ?? 'native');
    if (one.isRunning === true) expect(fragments[0]!.startAtMs - startedAtMs).toBeGreaterThan(15_000);
    expect(fragments.filter(({ independent }) => independent).length).toBeGreaterThanOrEqual(one.groups ?? 3);
    const file = (await store.file(fragments[0]!.fileId))!;
    expect(file.codec.split('.')[0]).toBe(one.entry ?? 'avc1');
    const longest = longestFile(fragments);
    const { fileId, initByteLength } = { ...longest[0]!, ...(await store.file(longest[0]!.fileId))! };
    const bytes = [await store.read(fileId, 0, initByteLength)];
    for (const { offset, byteLength } of longest) bytes.push(await store.read(fileId, offset, byteLength));
    const path = join(folder, `${cameraId}.mp4`);
    await writeFile(path, Buffer.concat(bytes));
    const samples = longest.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
    await expectDecoded(path, samples - (one.hidden ?? 0), samples);
    if (one.sound === undefined) return;
    expect((await run('mediainfo', ['--Output=Audio;%CodecID%', path])).stdout.trim()).toBe(one.sound);
    expect((await run('gst-discoverer-1.0', [path])).stdout).toMatch(/audio(\(s\))? ?#/);
  });

  it('a clip of it shows the pictures of its range, and a thumbnail', async () => {
    const fragments = await store.fragments(cameraId, 0, Number.MAX_SAFE_INTEGER);
    // Between two pictures, whatever is rounded.
    const longest = longestFile(fragments);
    const refreshMs = (one.hidden ?? 0) * 100;
    const fromMs = longest.at(-1)!.startAtMs - 3000 - refreshMs + 20;
    const toMs = fromMs + 2000 + refreshMs;
    const clips = await cutClip(store, {
      ...{ cameraId, fromMs, toMs, folder },
      ...{ signal: new AbortController().signal, onProgress: () => undefined },
    });
    expect(clips).toHaveLength(1);
    const shown = (await Promise.all(fragments.map(instantsOf))).flat();
    expect(clips[0]!.frames).toBe(shown.filter((at) => at >= fromMs && at < toMs).length);
    expect(clips[0]!.startsDamaged).toBeUndefined();
    const path = clipPath(folder, 0);
    // ffmpeg begins at the last place before the range, however few pictures of its refresh come before it.
    await expectDecoded(path, clips[0]!.frames - (one.hidden ?? 0), clips[0]!.frames);
    const { stdout } = await run('mediainfo', [
      '--Output=Video;%Format% %FrameCount% %Width% %Height% %DisplayAspectRatio%',
      path,
    ]);
    expect(stdout).toMatch(/^(AVC|HEVC) /);
    const discovered = await run('gst-discoverer-1.0', [path]);
    expect(discovered.stdout).toMatch(/video(\(s\))? ?#/);
    expect(isJpeg((await playback.thumbnail(cameraId, fromMs + 1000)).body)).toBe(true);
    if (one.size === undefined) return;
    const [width, height, shownWidth] = one.size;
    expect(stdout.split(' ').slice(2, 4).map(Number)).toEqual([width, height]);
    expect(Number(stdout.split(' ')[4])).toBeCloseTo(shownWidth / height, 2);
  });

  it('is seen live: segments that decode from the first on, and its newest picture', async () => {
    const { playlist, path, picture } = seen[one.index]!;
    expect(playlist).toMatch(/^#EXTM3U\n/);
    const { stdout } = await run('ffprobe', [
      ...['-v', 'error', '-select_streams', 'v', '-count_packets', '-show_entries', 'stream=nb_read_packets'],
      ...['-of', 'csv=p=0', path],
    ]);
    const samples = Number(stdout);
    expect(samples).toBeGreaterThan(10);
    await expectDecoded(path, samples - (one.hiddenLive ?? one.hidden ?? 0), samples);
    expect(isJpeg(picture)).toBe(true);
  });
});

it('the key of RTSP over TLS is pinned, and another one refused', async () => {
  const secure = cases.findIndex(({ server }) => server === 'secure');
  expect(learnt.get(pathOf(secure))?.tlsKey).toBe(tlsKey);
  expect(refused).toBe('tls_key_changed');
  expect(await store.fragments(otherKey, 0, Number.MAX_SAFE_INTEGER)).toEqual([]);
});
