// Low-latency playlists of the running recorder, as a viewer reads them who reloads without a pause, judged by a reader
// that is not ours (hls-parser, strict) and by the media in the parts: RFC 8216bis 4.4.3.7, 4.4.4.9.
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../../scripts/camera-simulator/simulator.js';

import { readBoxes } from '../harness/box-reader.js';
import { startRecorder, type RecorderProcess } from '../harness/recorder.js';
import { temporaryFolder } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

interface ReadPart {
  readonly hint: boolean;
  readonly uri: string;
  readonly duration?: number;
}
interface ReadPlaylist {
  readonly partTargetDuration: number;
  readonly lowLatencyCompatibility: { readonly canBlockReload: boolean; readonly partHoldBack: number };
  readonly segments: readonly {
    readonly uri: string;
    readonly mediaSequenceNumber: number;
    readonly parts: ReadPart[];
  }[];
}
const hls = createRequire(import.meta.url)('hls-parser') as {
  setOptions(options: { strictMode: boolean }): void;
  parse(text: string): ReadPlaylist;
};
hls.setOptions({ strictMode: true });

const small = { width: 160, height: 90, bitrateKbps: 80, loopSeconds: 4 };
const smaller = { ...small, width: 96, height: 54 };
const sources = [
  { main: { ...small, framesPerSecond: 25, bFrames: 2 }, sub: { ...smaller, framesPerSecond: 5 } },
  { main: { ...small, framesPerSecond: 25, bFrames: 0 }, sub: { ...smaller, framesPerSecond: 12.5 } },
  { main: { ...small, framesPerSecond: 12.5, bFrames: 2 }, sub: { ...smaller, framesPerSecond: 10 } },
];
const streams = sources.flatMap(({ main, sub }, source) => [
  { name: `${main.framesPerSecond} a second, ${main.bFrames} B-pictures, recorded`, source, stream: 'main' },
  { name: `${sub.framesPerSecond} a second, pulled`, source, stream: 'sub' },
]);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let simulators: Simulator[];
let recorder: RecorderProcess;
let ids: string[];

beforeAll(async () => {
  folder = await temporaryFolder();
  simulators = await Promise.all(
    sources.map(({ main, sub }, index) =>
      startSimulator({ cameras: 1, network: `127.94.${index}.0`, media: { main, sub, startMode: 'next-keyframe' } }),
    ),
  );
  recorder = await startRecorder({ folder: folder.path, discoveryPort: simulators[0]!.discovery.port });
  ids = await recorder.add(simulators.flatMap(({ cameras }) => cameras));
  await waitFor(
    'all are recorded',
    async () => [...(await recorder.cameras()).values()].filter(({ state }) => state === 'alive').length === ids.length,
    40_000,
  );
});
afterAll(async () => {
  await recorder?.stop();
  await Promise.all((simulators ?? []).map((one) => one.stop()));
  await folder?.remove();
});

async function fetched(path: string): Promise<Buffer> {
  const response = await fetch(recorder.url + path, { headers: { authorization: `Bearer ${recorder.token}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

/** The parts of a stream, each as it was listed last, until there are so many. */
async function watch(path: string, count: number) {
  const parts = new Map<string, { part: ReadPart; isLast: boolean; bytes: Buffer; sequence: number }>();
  // A sub-stream is encoded when it is asked for the first time.
  await waitFor('the stream is there', () => fetched(`${path}/playlist.m3u8?latency=low`), 60_000);
  let reload = '';
  let targetSeconds = 0;
  let first: number | undefined;
  for (;;) {
    const text = (await fetched(`${path}/playlist.m3u8?latency=low${reload}`)).toString();
    const playlist = hls.parse(text);
    targetSeconds ||= playlist.partTargetDuration;
    expect(playlist.partTargetDuration).toBe(targetSeconds);
    expect(playlist.lowLatencyCompatibility).toMatchObject({ canBlockReload: true });
    expect(playlist.lowLatencyCompatibility.partHoldBack).toBeGreaterThanOrEqual(2 * targetSeconds);
    for (const segment of playlist.segments) {
      const listed = segment.parts.filter(({ hint }) => !hint);
      for (const part of listed) {
        const isLast = segment.uri !== '' && part === listed.at(-1);
        const known = parts.get(part.uri);
        if (known !== undefined) known.isLast = isLast;
        else {
          const bytes = await fetched(`${path}/${part.uri}`);
          parts.set(part.uri, { part, isLast, bytes, sequence: segment.mediaSequenceNumber });
        }
      }
    }
    const hinted = /PRELOAD-HINT:TYPE=PART,URI="(\d+)-(\d+)\.m4s"/.exec(text)!;
    // What a fresh stream has from before its first viewer comes whole; then all comes in parts.
    const growing = Number(hinted[1]);
    first ??= [...parts.values()].at(-1)?.sequence;
    for (const { mediaSequenceNumber: sequence, parts: own } of playlist.segments)
      if (first !== undefined && sequence > first && sequence >= growing - 2) expect(own, text).not.toEqual([]);
    if (parts.size >= count) break;
    reload = `&_HLS_msn=${hinted[1]}&_HLS_part=${hinted[2]}`;
  }
  const map = /EXT-X-MAP:URI="([^"]+)"/.exec((await fetched(`${path}/playlist.m3u8`)).toString())![1]!;
  return { parts: [...parts.values()], targetSeconds, init: await fetched(`${path}/${map}`) };
}

it.concurrent.each(streams)('$name: parts as RFC 8216bis has them', async ({ source, stream }) => {
  const path = `/v1/cameras/${ids[source]}/live/${stream}`;
  const { parts, targetSeconds, init } = await watch(path, 14);
  expect(targetSeconds).toBeLessThanOrEqual(0.6);
  for (const { part, isLast, bytes } of parts) {
    const { samples } = readBoxes(Buffer.concat([init, bytes]));
    const timescale = 90_000;
    const mediaSeconds = samples.reduce((sum, { duration }) => sum + duration, 0) / timescale;
    expect(mediaSeconds, part.uri).toBeCloseTo(part.duration!, 3);
    expect(mediaSeconds, part.uri).toBeLessThanOrEqual(targetSeconds + 0.0001);
    if (isLast || part === parts.at(-1)!.part) continue;
    expect(mediaSeconds, part.uri).toBeGreaterThanOrEqual(0.85 * targetSeconds - 0.0001);
  }
  // Part by part the pictures follow each other, none missing and none twice.
  const all = readBoxes(Buffer.concat([init, ...parts.map(({ bytes }) => bytes)])).samples;
  for (const [index, sample] of all.slice(1).entries())
    expect(Math.abs(sample.dts - all[index]!.dts - all[index]!.duration)).toBeLessThanOrEqual(90);
});
