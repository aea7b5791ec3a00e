import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recorderStatus, type RecorderStatus } from '@choi-canh/shared/recorder-api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loopbackAddresses } from '../lib/loopback.test-harness.js';
import { systemClock } from '../lib/clock.js';
import { silentLogger } from '../lib/logger.js';
import { createRecorderApp, type RecorderApp } from './recorder.app.js';

const token = 't'.repeat(32);
const consoleId = '7c1c0b52-3b0f-4f0c-9f0e-2f6f0f6a9d10';
const cameraId = '0b0d6a0e-9a53-4f0b-8d3e-0a4f3b1c2d01';
let folder: string;
let footage: string;
let url: string;
let running: RecorderApp | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'choi-canh-no-volume-'));
  footage = join(folder, 'footage');
});
afterEach(async () => {
  await running?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(ffmpeg = 'ffmpeg'): Promise<void> {
  running = createRecorderApp({
    config: {
      ...{ DATA_DIR: join(folder, 'data'), FOOTAGE_DIR: footage, FFMPEG_PATH: ffmpeg },
      ...{ RECORDER_HOST: '127.0.0.1', RECORDER_PORT: 0, MIN_FREE_GB: 0, FOOTAGE_FILE_SECONDS: 10, SYNC_SECONDS: 1 },
      ...{ STALL_SECONDS: 2, START_STAGGER_MS: 10, DISCOVERY_INTERFACES: ['127.0.0.1'], DISCOVERY_PORT: 3702 },
      ALLOWED_ADDRESSES: loopbackAddresses,
      ...{ ENGINE: 'auto', MAX_TRANSCODES: 2 },
    },
    ...{ clock: systemClock, logger: silentLogger, access: { token } },
    onVolumeLost: () => undefined,
  });
  ({ url } = await running.start());
}

const ask = (method: string, path: string, body?: unknown) =>
  fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const status = async (): Promise<RecorderStatus> => recorderStatus.parse(await (await ask('GET', '/v1/status')).json());

async function until(storage: string): Promise<RecorderStatus> {
  for (const endAt = Date.now() + 20_000; Date.now() < endAt;) {
    // While it changes over it does not listen for a moment.
    const now = await status().catch(() => undefined);
    if (now?.storage.state === storage) return now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the storage did not become ${storage}`);
}

const camera = {
  ...{ id: cameraId, name: 'Cổng chợ', deviceAddress: 'http://127.0.0.1:9/onvif/device_service' },
  ...{ username: '', password: '', enabled: true, retentionDays: 30, mainProfileToken: 'main', subProfileToken: null },
};

/** Has recorded to its volume once; then the mount point is empty. */
async function withoutVolume(): Promise<void> {
  await start();
  const wanted = { consoleId, revision: 1, cameras: [camera], minFreeBytes: 0 };
  expect((await ask('PUT', '/v1/desired-state', wanted)).ok).toBe(true);
  await running?.stop();
  renameSync(footage, join(folder, 'aside'));
  mkdirSync(footage);
  await start();
}

it('without its volume it answers, says why nothing is recorded, and writes nothing beneath the mount point', async () => {
  await withoutVolume();
  const now = await status();
  expect(now.storage).toMatchObject({ state: 'missing', directory: footage });
  expect(now.cameras).toMatchObject([{ cameraId, state: 'paused', reason: 'storage_missing' }]);
  expect(now.chain.publicKey).not.toBe('');
  const events = (await (await ask('GET', '/v1/events?after=0')).json()) as { events: unknown[] };
  expect(events.events.at(-1)).toMatchObject({ type: 'camera.state', status: { reason: 'storage_missing' } });
  const refused = await ask('GET', `/v1/cameras/${cameraId}/coverage`);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: 'storage_missing' } });
  expect(readdirSync(footage)).toEqual([]);
});

it('goes on by itself when the volume is mounted, and does not say that it did not run meanwhile', async () => {
  await withoutVolume();
  const waitingSince = Date.parse((await status()).startedAt);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  rmSync(footage, { recursive: true });
  renameSync(join(folder, 'aside'), footage);
  const now = await until('ok');
  expect(now.chain.troubles).toBe(0);
  expect(readdirSync(footage)).toContain('catalogue.sqlite');
  const { events } = (await (await ask('GET', '/v1/events?after=0')).json()) as {
    events: { type: string; to?: string }[];
  };
  const stopped = events.filter((event) => event.type === 'recorder.stopped').at(-1);
  expect(Date.parse(stopped?.to ?? '')).toBeLessThanOrEqual(waitingSince + 1000);
});

it('begins anew on what is there when a person accepts it', async () => {
  await withoutVolume();
  expect((await ask('POST', '/v1/volume/accept')).status).toBe(204);
  await until('ok');
  expect(readdirSync(footage)).toContain('footage-volume.json');
});

it('records without ffmpeg, and says that it is missing', async () => {
  await start('/nowhere/ffmpeg');
  const now = await status();
  expect(now.ffmpeg).toEqual({ version: null, problem: 'missing' });
  expect(now.storage.state).toBe('ok');
});
