import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  desiredStateAnswer,
  extractionStatus,
  identifyResponse,
  recorderStatus,
  type DesiredState,
} from '@choi-canh/shared/recorder-api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { z } from 'zod';
import { tinyMedia } from '../../../scripts/camera-simulator/camera-media.js';
import { startSimulator, type Simulator } from '../../../scripts/camera-simulator/simulator.js';
import { missingFrames, shownFrames } from '../../../test/harness/clip-frames.js';
import { waitFor } from '../../../test/harness/wait.js';
import { systemClock } from '../lib/clock.js';
import { loopbackAddresses } from '../lib/loopback.test-harness.js';
import { silentLogger } from '../lib/logger.js';
import { createRecorderApp, type RecorderApp } from './recorder.app.js';

const token = `token-${randomUUID()}`;
let simulator: Simulator;
let folder: string;
let app: RecorderApp;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-channels-'));
  simulator = await startSimulator({
    ...{ cameras: 2, network: '127.96.0.0', media: tinyMedia },
    kinds: { 1: { device: 'nvr-16' }, 2: { device: 'dual-lens' } },
  });
  app = createRecorderApp({
    config: {
      ...{ DATA_DIR: folder, FOOTAGE_DIR: join(folder, 'footage'), FFMPEG_PATH: 'ffmpeg' },
      ...{ RECORDER_HOST: '127.0.0.1', RECORDER_PORT: 0, MIN_FREE_GB: 0, FOOTAGE_FILE_SECONDS: 60, SYNC_SECONDS: 1 },
      ...{ STALL_SECONDS: 5, START_STAGGER_MS: 10, DISCOVERY_INTERFACES: ['127.0.0.1'] },
      ...{ DISCOVERY_PORT: simulator.discovery.port, ALLOWED_ADDRESSES: loopbackAddresses },
      ...{ ENGINE: 'auto', MAX_TRANSCODES: 2 },
    },
    ...{ access: { token }, onvifIntervalMs: 4000, clock: systemClock, logger: silentLogger },
    onVolumeLost: () => undefined,
  });
  ({ url } = await app.start());
}, 60_000);
afterAll(async () => {
  await app?.stop();
  await simulator?.stop();
  await rm(folder, { recursive: true, force: true });
});

function ask(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(url + path, {
    ...{ method, headers: { authorization: `Bearer ${token}` } },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
async function json<S extends z.ZodType>(schema: S, method: string, path: string, body?: unknown) {
  const response = await ask(method, path, body);
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return schema.parse(await response.json());
}
const stateOf = async (id: string) =>
  (await json(recorderStatus, 'GET', '/v1/status')).cameras.find(({ cameraId }) => cameraId === id);

let revision = 0;
async function record(cameras: DesiredState['cameras']): Promise<void> {
  revision += 1;
  const state = { consoleId: 'c0000000-0000-4000-8000-000000000001', base: null, removed: [], minFreeBytes: 0 };
  await json(desiredStateAnswer, 'PUT', '/v1/desired-state', { ...state, revision, cameras });
}

/** Channels of a simulated device as the console wants them: one account, one device. */
async function channelsOf(number: number, wanted: readonly number[], given: string): Promise<DesiredState['cameras']> {
  const { deviceAddress, username, password } = simulator.cameras[number - 1]!;
  const { channels } = await json(identifyResponse, 'POST', '/v1/identify', { deviceAddress, username, password });
  const deviceId = randomUUID();
  return wanted.map((channel) => {
    const { sourceToken, main, sub } = channels[channel - 1]!;
    return {
      ...{ id: randomUUID(), name: `Kênh ${channel}`, deviceId, sourceToken, deviceAddress, username },
      ...{ password: given, enabled: true, audio: false, retentionDays: 30, mark: '' },
      ...{ mainProfileToken: main!.profileToken, subProfileToken: sub!.profileToken },
    };
  });
}

it('records of each channel its own pictures, and cuts clips of them', async () => {
  const [nvr, lenses] = simulator.cameras;
  const cameras = [...(await channelsOf(1, [2, 7], nvr!.password)), ...(await channelsOf(2, [1, 2], lenses!.password))];
  await record(cameras);
  for (const { id } of cameras) {
    await waitFor('it is recorded', async () => (await stateOf(id))?.state === 'alive', 60_000);
  }
  const fromMs = Date.now();
  await waitFor('three seconds are recorded', () => Date.now() > fromMs + 4500);
  for (const [camera, stamp] of [
    [cameras[1]!, 1007],
    [cameras[3]!, 2002],
  ] as const) {
    const range = { from: new Date(fromMs).toISOString(), to: new Date(fromMs + 2500).toISOString() };
    const path = `/v1/extractions/${randomUUID()}`;
    await json(extractionStatus, 'PUT', path, { cameraId: camera.id, ...range });
    await waitFor('the clip is cut', async () => (await json(extractionStatus, 'GET', path)).state === 'done');
    const clip = join(folder, `${stamp}.mp4`);
    await writeFile(clip, Buffer.from(await (await ask('GET', `${path}/files/0`)).arrayBuffer()));
    const frames = await shownFrames(clip);
    expect(frames.length).toBeGreaterThan(20);
    expect(new Set(frames.map(({ cameraNumber }) => cameraNumber))).toEqual(new Set([stamp]));
    expect(missingFrames(frames)).toBe(0);
  }
}, 120_000);

it('tries a password that a device refuses with few connections, however many channels it has', async () => {
  await record(await channelsOf(1, [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14], simulator.cameras[0]!.password));
  await waitFor(
    'all are recorded',
    async () => {
      const { cameras } = await json(recorderStatus, 'GET', '/v1/status');
      return cameras.length === 13 && cameras.every(({ state }) => state === 'alive');
    },
    60_000,
  );
  const before = simulator.load(1).attempts;
  await simulator.setFault(1, { kind: 'new-password', password: 'khac-1234' });
  await waitFor(
    'all say so',
    async () => {
      const { cameras } = await json(recorderStatus, 'GET', '/v1/status');
      return cameras.every(({ reason }) => reason === 'wrong_password');
    },
    60_000,
  );
  // Thirteen would have tried it, each more than once, and the recorder had locked the account.
  expect(simulator.load(1).attempts - before).toBeLessThanOrEqual(3);
}, 180_000);

it('leaves a device alone that keeps its account locked, over RTSP and ONVIF, and says so of all its channels', async () => {
  await simulator.clearFault(1);
  const cameras = await channelsOf(1, [1, 2, 7, 8], simulator.cameras[0]!.password);
  await record(cameras);
  const all = (what: string, is: (state: { state: string; reason: string }) => boolean) =>
    waitFor(
      what,
      async () => {
        const status = await json(recorderStatus, 'GET', '/v1/status');
        return status.cameras.length === 4 && status.cameras.every(is);
      },
      60_000,
    );
  await all('all are recorded', ({ state }) => state === 'alive');
  await simulator.setFault(1, { kind: 'account-locked', manner: 'isapi', seconds: 900 });
  await all('all say so', ({ reason }) => reason === 'account_locked');
  const { deviceAddress, username, password } = simulator.cameras[0]!;
  const identified = await ask('POST', '/v1/identify', { deviceAddress, username, password });
  expect(await identified.json()).toMatchObject({ error: { code: 'account_locked' } });
  const attempts = simulator.load(1).lockedSignIns;
  // The one that found out, what was under way over ONVIF, and the question above.
  expect(attempts).toBeLessThanOrEqual(4);
  const from = performance.now();
  // A look over ONVIF would be due every four seconds.
  await waitFor('some time passes', () => performance.now() - from > 5500, 60_000);
  expect(simulator.load(1).lockedSignIns).toBe(attempts);
  await simulator.clearFault(1);
  expect((await ask('POST', `/v1/cameras/${cameras[3]!.id}/retry`)).status).toBe(200);
  await all('the others follow', ({ state }) => state === 'alive');
}, 180_000);
