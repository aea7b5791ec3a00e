import { loopbackAddresses } from '../lib/loopback.test-harness.js';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventPage,
  identifyResponse,
  recorderCoverage,
  recorderStatus,
  type RecorderEvent,
} from '@choi-canh/shared/recorder-api';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { z } from 'zod';
import { startSimulator, type Simulator } from '../../../scripts/camera-simulator/simulator.js';
import { systemClock } from '../lib/clock.js';
import { silentLogger } from '../lib/logger.js';
import { systemDisk } from './footage/footage-disk.js';
import { mountedDisk, type SmallDisk } from './footage/testing/small-disk.js';
import { createRecorderApp, type RecorderApp } from './recorder.app.js';

const token = `token-${randomUUID()}`;
let folder: string;
let dataDir: string;
let small: SmallDisk;
let simulator: Simulator;
let app: RecorderApp;
let url: string;
let giveWay: () => Promise<void>;

async function start(): Promise<void> {
  app = createRecorderApp({
    onVolumeLost: () => undefined,
    config: {
      DATA_DIR: dataDir,
      FOOTAGE_DIR: join(folder, 'footage'),
      FFMPEG_PATH: 'ffmpeg',
      RECORDER_HOST: '127.0.0.1',
      RECORDER_PORT: 0,
      MIN_FREE_GB: 0,
      FOOTAGE_FILE_SECONDS: 10,
      SYNC_SECONDS: 1,
      STALL_SECONDS: 2,
      START_STAGGER_MS: 10,
      DISCOVERY_INTERFACES: ['127.0.0.1'],
      DISCOVERY_PORT: simulator.discovery.port,
      ALLOWED_ADDRESSES: loopbackAddresses,
      ENGINE: 'auto',
      MAX_TRANSCODES: 2,
    },
    clock: systemClock,
    logger: silentLogger,
    access: { token },
    onvifIntervalMs: 4000,
  });
  ({ url } = await app.start());
}

/** Nothing more can be written to the data folder until `giveWay`. */
async function takeAllRoom(): Promise<void> {
  if (small.disk === systemDisk) {
    giveWay = () => small.release();
    return small.fill((await small.space()).freeBytes);
  }
  // No file system of our own is permitted here: SQLite is kept from its files instead.
  const locks = ['outbox.sqlite', 'extractions/extractions.sqlite'].map((name) => {
    const other = new Database(join(dataDir, 'recorder', name));
    other.exec('BEGIN IMMEDIATE');
    return other;
  });
  giveWay = () => Promise.resolve(locks.forEach((lock) => lock.close()));
}

async function ask<S extends z.ZodType>(schema: S, path: string, method = 'GET', body?: unknown): Promise<z.output<S>> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return schema.parse(await response.json());
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'choi-canh-full-'));
  dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  small = mountedDisk(dataDir, 4 * 1024 * 1024);
  giveWay = () => Promise.resolve();
  simulator = await startSimulator({
    cameras: 1,
    network: '127.93.0.0',
    media: {
      main: { width: 320, height: 180, framesPerSecond: 10, bitrateKbps: 120 },
      sub: { width: 160, height: 90, framesPerSecond: 5, bitrateKbps: 40 },
    },
  });
});
afterEach(async () => {
  await app?.stop();
  await simulator?.stop();
  await giveWay();
  small.unmount();
  rmSync(folder, { recursive: true, force: true });
});

it('records with a data folder that is full, starts on it, and tells what happened once there is room', async () => {
  await start();
  const [camera] = simulator.cameras;
  const { deviceAddress, username, password } = camera!;
  const facts = await ask(identifyResponse, '/v1/identify', 'POST', { deviceAddress, username, password });
  const id = randomUUID();
  await ask(recorderStatus.pick({ revision: true }), '/v1/desired-state', 'PUT', {
    ...{ consoleId: 'c0000000-0000-4000-8000-000000000001', revision: 1, minFreeBytes: 0 },
    cameras: [
      {
        ...{ id, deviceAddress, username, password, name: 'c', enabled: true, retentionDays: 30, audio: false },
        ...{ mainProfileToken: facts.main.profileToken, subProfileToken: null },
      },
    ],
  });
  const state = async () => (await ask(recorderStatus, '/v1/status')).cameras[0]?.state;
  const until = (what: string, look: () => Promise<unknown>) =>
    expect.poll(look, { timeout: 40_000, interval: 100, message: what }).toBeTruthy();
  const recordsFrom = async (ms: number) => {
    const range = `from=${new Date(ms).toISOString()}&to=${new Date(ms + 3_600_000).toISOString()}`;
    const found = await ask(recorderCoverage, `/v1/cameras/${id}/coverage?${range}`);
    return Date.parse(found.newestAt ?? '') > ms + 1000;
  };
  const events: RecorderEvent[] = [];
  const states = async () => {
    const page = await ask(eventPage, `/v1/events?after=${events.at(-1)?.sequence ?? 0}`);
    events.push(...page.events);
    return events.flatMap((event) => (event.type === 'camera.state' ? [event.status.state] : []));
  };
  await until('it is alive', async () => (await states()).at(-1) === 'alive');
  // The addresses that the camera told are written a second later.
  await until('it is recorded', async () => recordsFrom(Date.now() - 5000));

  await takeAllRoom();
  const toldBefore = (await states()).length;
  await simulator.setFault(1, { kind: 'off' });
  await until('it is down', async () => (await state()) === 'down');
  await simulator.clearFault(1);
  const backAt = Date.now();
  await until('it is recorded again', () => recordsFrom(backAt));
  await until('its state is looked at', async () => (await state()) === 'alive');
  expect(await states()).toHaveLength(toldBefore);

  await app.stop();
  await start();
  const startedAt = Date.now();
  await until('it is recorded after a start on the full disk', () => recordsFrom(startedAt));

  await giveWay();
  giveWay = () => Promise.resolve();
  await until(
    'its state is told',
    async () => (await states()).length > toldBefore && (await states()).at(-1) === 'alive',
  );
  expect(events.map((event) => event.type)).toContain('recorder.stopped');
}, 120_000);
