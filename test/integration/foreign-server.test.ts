// Streams of a server and of encoders that are not ours, of the odd shapes that the field has: each is recorded, and what
// was recorded is shown. Asked are decoders and readers that share no code with the writer.
import { execFile } from 'node:child_process';
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
import { createFfmpeg } from '../../server/src/platform/ffmpeg/ffmpeg.js';
import { clipPath, cutClip } from '../../server/src/recorder/extraction/clip-cutter.js';
import { createFootageStore } from '../../server/src/recorder/footage/footage-store.js';
import type { FootageStore } from '../../server/src/recorder/footage/footage-types.js';
import { createIngestSupervisor, type IngestSupervisor } from '../../server/src/recorder/ingest/ingest-supervisor.js';
import { createKeyframePictures } from '../../server/src/recorder/playback/keyframe-pictures.js';
import { createPlayback, type Playback } from '../../server/src/recorder/playback/playback.js';
import { startForeignServers, type ForeignServer } from '../harness/foreign-server/foreign-server.js';

const run = promisify(execFile);

interface Case {
  readonly name: string;
  readonly launch: string;
  readonly server?: 'basic' | 'digest';
  readonly udpOnly?: boolean;
  readonly engine?: 'ffmpeg';
  /** The sample entry of its sound, as mediainfo names it; default: none is recorded. */
  readonly sound?: string;
  /** Sample entry. */
  readonly entry?: string;
  /** Of the picture as it is coded, and wide as it is shown. */
  readonly size?: readonly [width: number, height: number, shownWidth: number];
  /** Decoding can begin at so many places at least. */
  readonly groups?: number;
  /** Pictures at the beginning of a file that no decoder shows: of the refresh, or shown before its first one. */
  readonly hidden?: number;
}

const size = 'width=160,height=96';
const source = (caps = size) =>
  `videotestsrc is-live=true pattern=ball ! video/x-raw,${caps},framerate=10/1,format=I420`;
interface Encoding {
  readonly group?: number;
  /** Properties of the element; GStreamer sets these over the encoder's own options. */
  readonly more?: string;
  readonly options?: string;
  readonly caps?: string;
  readonly pay?: string;
  readonly profile?: string;
}
const h264 = ({ group = 10, more = '', options = '', caps = size, pay = 'pay0', profile = 'high' }: Encoding = {}) =>
  `${source(caps)} ! x264enc speed-preset=ultrafast threads=1 key-int-max=${group} ${more} option-string="scenecut=0${options}"` +
  ` ! video/x-h264,profile=${profile} ! rtph264pay name=${pay} pt=96`;
const h265 = ({ group = 10, options = '' }: Encoding) =>
  `${source()} ! x265enc speed-preset=ultrafast key-int-max=${group} option-string="scenecut=0:pools=none:frame-threads=1${options}"` +
  ' ! rtph265pay name=pay0 pt=96';
const tone = 'audiotestsrc is-live=true samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1';
const aac = 'audiotestsrc is-live=true ! audio/x-raw,rate=16000,channels=1 ! avenc_aac ! rtpmp4gpay';

const cases: readonly Case[] = [
  {
    name: 'open groups with B-pictures',
    launch: h264({ group: 12, more: 'bframes=3 b-adapt=false', options: ':min-keyint=12:open-gop=1' }),
    hidden: 3,
  },
  { name: 'a refresh piece by piece', launch: h264({ group: 20, more: 'intra-refresh=true' }), hidden: 20 },
  {
    name: 'H.265 with open groups',
    launch: h265({ group: 12, options: ':min-keyint=12:bframes=3:b-adapt=0:open-gop=1' }),
    entry: 'hvc1',
  },
  { name: 'a group of ten seconds', launch: h264({ group: 100 }), groups: 1 },
  { name: 'interlaced', launch: h264({ more: 'interlaced=true', profile: 'main' }) },
  {
    name: '704x576 with samples of 16:11',
    launch: h264({ caps: 'width=704,height=576,pixel-aspect-ratio=16/11' }),
    size: [704, 576, 1024],
  },
  { name: 'full range', launch: h264({ options: ':fullrange=on' }) },
  { name: 'cropped', launch: h264({ caps: 'width=202,height=114' }), size: [202, 114, 202] },
  {
    name: 'several slices with delimiters and filler',
    launch: h264({
      more: 'bitrate=300 aud=true',
      options: ':slices=4:nal-hrd=cbr:vbv-maxrate=300:vbv-bufsize=300',
    }),
  },
  { name: 'G.711 beside it', launch: `${h264()} ${tone} ! alawenc ! rtppcmapay name=pay1 pt=8`, sound: 'alaw' },
  { name: 'AAC beside it', launch: `${h264()} ${aac} name=pay1 pt=97`, sound: 'mp4a-40-2' },
  {
    name: 'sound first',
    launch: `${tone} ! mulawenc ! rtppcmupay name=pay0 pt=0 ${h264({ pay: 'pay1' })}`,
    sound: 'ulaw',
  },
  { name: 'Basic', launch: h264(), server: 'basic' },
  { name: 'Digest', launch: h264(), server: 'digest' },
  { name: 'UDP only', launch: h264({ more: 'bframes=0' }), udpOnly: true, engine: 'ffmpeg' },
];
const pathOf = (index: number) => `s${index}`;
const kinds = ['none', 'basic', 'digest'] as const;
const credentials = { username: 'viewer', password: 'Xem-hinh-1' };

/** Ten a second. */
const leastPictures = 200;

let folder: string;
let foreign: Awaited<ReturnType<typeof startForeignServers>>;
let store: FootageStore;
let ingest: IngestSupervisor;
let playback: Playback;
let engines: unknown[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreign-'));
  const servers = kinds.map((auth): ForeignServer => {
    const own = cases.flatMap((one, index) => ((one.server ?? 'none') === auth ? [[pathOf(index), one] as const] : []));
    return { auth, user: credentials.username, password: credentials.password, streams: Object.fromEntries(own) };
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
  });
  playback = createPlayback({ footage: store, pictures: createKeyframePictures({ ffmpeg }) });
  ingest.setCameras(
    cases.map(({ server = 'none' as (typeof kinds)[number], sound }, index) => ({
      cameraId: pathOf(index),
      enabled: true,
      mainUrl: `rtsp://127.0.0.1:${foreign.ports[kinds.indexOf(server)]}/${pathOf(index)}`,
      ...(server === 'none' ? { username: '', password: '' } : credentials),
      audio: sound !== undefined,
    })),
  );
  await ingest.start();
  const deadline = performance.now() + 90_000;
  const recorded = async (index: number) => {
    const fragments = await store.fragments(pathOf(index), 0, Number.MAX_SAFE_INTEGER);
    return fragments.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
  };
  for (const [index, { name }] of cases.entries())
    while ((await recorded(index)) < leastPictures) {
      if (performance.now() > deadline)
        throw new Error(`${name} is not recorded: ${JSON.stringify(ingest.runtime(pathOf(index)))}`);
      await systemClock.sleep(100);
    }
  engines = cases.map((_, index) => ingest.runtime(pathOf(index))?.engine);
  await ingest.stop();
}, 120_000);

afterAll(async () => {
  await ingest?.stop();
  await store?.stop();
  await foreign?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Pictures that ffmpeg decodes of a file, its edit list kept. */
async function decoded(path: string): Promise<number> {
  const { stdout } = await run('ffmpeg', ['-v', 'fatal', '-i', path, '-map', '0:v:0', '-f', 'framecrc', 'pipe:1']);
  return stdout.split('\n').filter((line) => line.startsWith('0,')).length;
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
    expect(await decoded(path)).toBeGreaterThanOrEqual(samples - (one.hidden ?? 0));
    expect(await decoded(path)).toBeLessThanOrEqual(samples);
    if (one.sound === undefined) return;
    expect((await run('mediainfo', ['--Output=Audio;%CodecID%', path])).stdout.trim()).toBe(one.sound);
    expect((await run('gst-discoverer-1.0', [path])).stdout).toMatch(/audio(\(s\))? ?#/);
  });

  it('a clip of it shows the pictures of its range, and a thumbnail', async () => {
    const fragments = await store.fragments(cameraId, 0, Number.MAX_SAFE_INTEGER);
    // Between two pictures, whatever is rounded.
    const longest = longestFile(fragments);
    const fromMs = longest.at(-1)!.startAtMs - 3000 + 20;
    const toMs = fromMs + 2000;
    const clips = await cutClip(store, {
      ...{ cameraId, fromMs, toMs, folder },
      ...{ signal: new AbortController().signal, onProgress: () => undefined },
    });
    expect(clips).toHaveLength(1);
    const shown = (await Promise.all(fragments.map(instantsOf))).flat();
    expect(clips[0]!.frames).toBe(shown.filter((at) => at >= fromMs && at < toMs).length);
    expect(clips[0]!.startsDamaged).toBeUndefined();
    const path = clipPath(folder, 0);
    // A clip from the very beginning of a file has nothing before it to be refreshed by.
    const unseen = Math.max(0, Math.ceil((one.hidden ?? 0) - (fromMs - longest[0]!.startAtMs) / 100));
    expect(await decoded(path)).toBeGreaterThanOrEqual(clips[0]!.frames - unseen);
    expect(await decoded(path)).toBeLessThanOrEqual(clips[0]!.frames);
    const { stdout } = await run('mediainfo', [
      '--Output=Video;%Format% %FrameCount% %Width% %Height% %DisplayAspectRatio%',
      path,
    ]);
    expect(stdout).toMatch(/^(AVC|HEVC) /);
    const discovered = await run('gst-discoverer-1.0', [path]);
    expect(discovered.stdout).toMatch(/video(\(s\))? ?#/);
    const { body } = await playback.thumbnail(cameraId, fromMs + 1000);
    expect(body.subarray(0, 3).toString('hex')).toBe('ffd8ff');
    if (one.size === undefined) return;
    const [width, height, shownWidth] = one.size;
    expect(stdout.split(' ').slice(2, 4).map(Number)).toEqual([width, height]);
    expect(Number(stdout.split(' ')[4])).toBeCloseTo(shownWidth / height, 2);
  });
});
