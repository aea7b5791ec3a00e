// Streams as cameras of the field send them (test/fixtures/streams), over real connections through the recorder's ingest:
// by the native engine alone, and where both engines may be used.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from 'selfsigned';
import { afterEach, expect, it } from 'vitest';
import { decodeFragments } from '../../../../scripts/replay/decode.js';
import { readStreamCase, type StreamCase } from '../../../../scripts/replay/stream-case.js';
import { systemClock } from '../../lib/clock.js';
import type { Fragment } from '../../lib/fragment.js';
import { silentLogger } from '../../lib/logger.js';
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { createFfmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createIngestSupervisor } from './ingest-supervisor.js';
import { scriptedServer, until, type Peer } from './native/rtsp.test-harness.js';
import { nothingLearnt, type LearntStream, type StreamMemory } from './stream-memory.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../../../test/fixtures/streams');
const cases = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => readStreamCase(join(folder, name)));

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Sends the stream as it came, once, and then nothing. */
async function play(one: StreamCase, peer: Peer): Promise<void> {
  const startedAt = performance.now();
  for (const packet of one.packets) {
    const waitMs = packet.atMs - (performance.now() - startedAt);
    if (waitMs > 0) await systemClock.sleep(waitMs);
    peer.send(packet.isRtcp ? 1 : 0, packet.bytes(systemClock.nowMs()));
  }
}

async function camera(one: StreamCase): Promise<string> {
  const server = await scriptedServer(({ method }, peer) => {
    if (method === 'DESCRIBE') return { headers: { 'Content-Type': 'application/sdp' }, body: one.sdp };
    if (method === 'PLAY') setImmediate(() => void play(one, peer));
    return undefined;
  });
  stops.push(() => server.close());
  return server.url;
}

/** What only one kind of stream shows, by its folder. */
const quirksOf: Readonly<Record<string, readonly string[]>> = {
  'h265-order-numbers': ['order_numbers'],
  'h265-without-vps': ['no_video_parameters'],
  'other-payload-type': ['payload_type'],
  'outlying-time-stamps': ['outlying_time_stamps'],
  'several-units-in-a-fragment': ['start_codes'],
  'start-codes': ['start_codes'],
  'two-pictures-one-time-stamp': ['shared_time_stamps'],
};

async function record(engines: readonly ('native' | 'ffmpeg')[]) {
  const fragments = new Map<string, Fragment[]>();
  const learnt = new Map<string, LearntStream>();
  const memory: StreamMemory = {
    recall: () => undefined,
    learn: (cameraId, _stream, _access, one) => void learnt.set(cameraId, one),
  };
  const supervisor = createIngestSupervisor({
    ...{ rules: loopbackRules, clock: systemClock, logger: silentLogger, stallSeconds: 60, startStaggerMs: 0 },
    ...{ ffmpeg: createFfmpeg({ path: 'ffmpeg' }), engines, memory },
  });
  for (const { name } of cases) {
    fragments.set(name, []);
    supervisor.subscribe(name, 'main', (one) => fragments.get(name)!.push(one));
  }
  supervisor.setCameras(
    await Promise.all(
      cases.map(async (one) => ({
        ...{ cameraId: one.name, enabled: true, mainUrl: await camera(one), username: '', password: '' },
      })),
    ),
  );
  await supervisor.start();
  const samples = (name: string) => fragments.get(name)!.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
  const missing = () => cases.filter(({ name, pictures }) => samples(name) < pictures).map(({ name }) => name);
  await until('every picture', () => missing().length === 0, 30_000).catch(() => expect(missing()).toEqual([]));
  const runtimes = cases.map(({ name }) => [name, supervisor.runtime(name)!] as const);
  await supervisor.stop();
  for (const { name, pictures } of cases) expect([name, samples(name)]).toEqual([name, pictures]);
  return { fragments, learnt, runtimes };
}

it('each picture of every stream is recorded, by native alone and where both may be used, and what its camera does is said', async () => {
  const all = await Promise.all([record(['native']), record(['native', 'ffmpeg'])]);
  for (const { runtimes, learnt } of all)
    for (const [name, runtime] of runtimes) {
      expect([name, runtime.engine, runtime.state, runtime.reason]).toEqual([name, 'native', 'recording', 'ok']);
      expect([name, ...runtime.quirks]).toEqual([name, ...(quirksOf[name] ?? [])]);
      expect([name, ...(learnt.get(name) ?? nothingLearnt).quirks]).toEqual([name, ...(quirksOf[name] ?? [])]);
    }
  const { learnt } = all[0];
  expect(learnt.get('parameters-change-in-a-group')?.habits).toEqual({ setsPlace: 'samples', recoveryPoints: false });
  for (const { name, pictures } of cases)
    expect([name, decodeFragments(all[0].fragments.get(name)!)]).toEqual([
      name,
      expect.objectContaining({ pictures, errorLines: 0 }),
    ]);
}, 90_000);

it('begins as it was learnt before a restart', async () => {
  const one = cases.find(({ name }) => name === 'parameters-change-in-a-group')!;
  const supervisor = createIngestSupervisor({
    ...{ rules: loopbackRules, clock: systemClock, logger: silentLogger, stallSeconds: 60, startStaggerMs: 0 },
    memory: {
      recall: () => ({ ...nothingLearnt, habits: { setsPlace: 'samples', recoveryPoints: false } }),
      learn: () => undefined,
    },
  });
  stops.push(() => supervisor.stop());
  const fragments: Fragment[] = [];
  supervisor.subscribe(one.name, 'main', (fragment) => fragments.push(fragment));
  supervisor.setCameras([
    { cameraId: one.name, enabled: true, mainUrl: await camera(one), username: '', password: '' },
  ]);
  await supervisor.start();
  await until('a fragment', () => fragments.length > 0, 30_000);
  expect(fragments[0]!.init.codec).toMatch(/^avc3/);
}, 60_000);

it('goes on with what was learnt before a restart: the engine, what ends sessions, the key of a camera', async () => {
  const made = await generate([{ name: 'commonName', value: 'camera' }], { keyType: 'ec', curve: 'P-256' });
  const server = await scriptedServer();
  const secure = await scriptedServer(undefined, { tls: { key: made.private, cert: made.cert } });
  stops.push(
    () => server.close(),
    () => secure.close(),
  );
  const asked: string[] = [];
  const learnt: Readonly<Record<string, LearntStream>> = {
    mjpeg: {
      ...nothingLearnt,
      engine: { engine: 'ffmpeg', reason: 'codec', decidedAtMs: systemClock.nowMs() - 1000, hasProved: true },
    },
    silent: { ...nothingLearnt, lostKeepAlives: ['OPTIONS', 'GET_PARAMETER'], quirks: ['keep_alive'] },
    stranger: { ...nothingLearnt, tlsKey: '0'.repeat(64) },
  };
  const supervisor = createIngestSupervisor({
    ...{ rules: loopbackRules, clock: systemClock, logger: silentLogger, stallSeconds: 60, startStaggerMs: 0 },
    ffmpeg: createFfmpeg({ path: 'ffmpeg' }),
    memory: {
      recall: (cameraId, stream, access) => {
        asked.push(`${stream} ${access}`);
        return learnt[cameraId];
      },
      learn: () => undefined,
    },
  });
  stops.push(() => supervisor.stop());
  const camera = { enabled: true, username: 'u', password: 'geheim', mainUrl: server.url };
  supervisor.setCameras([
    { ...camera, cameraId: 'mjpeg' },
    { ...camera, cameraId: 'silent' },
    { ...camera, cameraId: 'stranger', mainUrl: secure.url },
  ]);
  await supervisor.start();
  expect(supervisor.runtime('mjpeg')).toMatchObject({ engine: 'ffmpeg', engineReason: 'codec' });
  expect(supervisor.runtime('silent')).toMatchObject({ engine: 'native', quirks: ['keep_alive'] });
  await until('the key', () => supervisor.runtime('stranger')!.reason === 'tls_key_changed');
  expect(secure.requests).toEqual([]);
  // Of address, user and the time when the password was typed: a hash, without the password.
  expect(new Set(asked).size).toBe(2);
  for (const one of asked) expect(one).toMatch(/^main [0-9a-f]{64}$/);
});
