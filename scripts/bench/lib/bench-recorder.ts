/** A recorder without a console: the product's own command, forked and told its secrets as the console does. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  cameraRuntime,
  desiredCamera,
  desiredStateAnswer,
  identifyResponse,
  type DesiredState,
} from '@choi-canh/shared/recorder-api';
import { z } from 'zod';
import { recorderRuntime } from '../../../server/src/recorder-process.js';
import { ManagedChild } from '../../lib/child.js';
import type { SimulatedCamera } from '../../lib/simulator-process.js';
import type { Bench } from './bench.js';
import { builtMain, root } from './built-server.js';

/** Of the console that these recorders follow. */
const ownConsoleId = 'c0000000-0000-4000-8000-000000000001';

const identifyAtOnce = 8;
const startMs = 60_000;
/** What a benchmark looks at. */
const recorderStatus = z.object({
  cameras: z.array(
    cameraRuntime.pick({ cameraId: true, engine: true, lastFragmentAt: true, reason: true, reconnects: true }),
  ),
});
type RecorderStatus = z.infer<typeof recorderStatus>;

export interface BenchRecorder {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  readonly footageFolder: string;
  /** Ids of the cameras, by number. */
  readonly cameraIds: ReadonlyMap<number, string>;
  status(): Promise<RecorderStatus>;
  /** Any answer, with the token. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** From now on these are recorded; resolves when the recorder has it on its disk. `putAtMs`: when it was told. */
  record(cameras: readonly SimulatedCamera[]): Promise<{ putAtMs: number }>;
  /** Resolves when every camera has stored a fragment. */
  allRecording(timeoutMs: number): Promise<RecorderStatus>;
  /** Closes its files. */
  stop(): Promise<void>;
}

export async function startRecorder(
  bench: Bench,
  options: { folder: string; engine: 'native' | 'ffmpeg'; env?: NodeJS.ProcessEnv; nodeArgs?: string[] },
): Promise<BenchRecorder> {
  const footageFolder = join(options.folder, 'footage');
  mkdirSync(options.folder, { recursive: true });
  const child = new ManagedChild(
    `recorder (${options.engine})`,
    [...recorderRuntime.nodeArgs, ...(options.nodeArgs ?? []), builtMain, 'recorder', '--embedded'],
    {
      cwd: root,
      env: {
        ...recorderRuntime.environment,
        ...process.env,
        CHOI_CANH_DATA_DIR: options.folder,
        CHOI_CANH_FOOTAGE_DIR: footageFolder,
        CHOI_CANH_ENGINE: options.engine,
        CHOI_CANH_MIN_FREE_GB: '1',
        CHOI_CANH_LOG_LEVEL: 'warn',
        CHOI_CANH_DISCOVERY_PORT: '0',
        CHOI_CANH_ALLOWED_ADDRESSES: '127.0.0.0/8',
        ...options.env,
      },
    },
  );
  bench.onEnd(child.name, () => child.stop());
  const token = randomBytes(24).toString('hex');
  const ready = child.message<{ url: string }>('recorder-ready', startMs);
  child.process.send({ type: 'secrets', token, stateKey: randomBytes(32).toString('hex') });
  const { url } = await ready;
  const pid = child.process.pid;
  if (pid === undefined) throw new Error('the recorder has no process');
  const cameraIds = new Map<number, string>();
  let revision = 0;

  const request = (path: string, init: RequestInit = {}) =>
    fetch(url + path, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
      signal: bench.signal,
    });

  async function ask<S extends z.ZodType>(schema: S, method: string, path: string, body?: unknown) {
    const response = await request(path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return schema.parse(JSON.parse(text));
  }

  /** As the console does when a camera is added: the profiles of its streams are asked of the camera. */
  async function desired(camera: SimulatedCamera): Promise<DesiredState['cameras'][number]> {
    const { deviceAddress, username, password, number, name } = camera;
    const found = await ask(identifyResponse, 'POST', '/v1/identify', { deviceAddress, username, password });
    const id = cameraIds.get(number) ?? randomUUID();
    cameraIds.set(number, id);
    return desiredCamera.parse({
      ...{ id, name, deviceAddress, username, password },
      enabled: true,
      audio: false,
      retentionDays: 30,
      mainProfileToken: found.main.profileToken,
      subProfileToken: null,
    });
  }

  const status = () => ask(recorderStatus, 'GET', '/v1/status');
  return {
    pid,
    url,
    token,
    footageFolder,
    cameraIds,
    status,
    fetch: request,
    async record(cameras) {
      const waiting = [...cameras.entries()];
      const wanted: DesiredState['cameras'] = [];
      const worker = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
          wanted[next[0]] = await desired(next[1]);
      };
      await Promise.all(Array.from({ length: identifyAtOnce }, worker));
      const state: DesiredState = {
        consoleId: ownConsoleId,
        base: null,
        revision: ++revision,
        cameras: wanted,
        removed: [],
        minFreeBytes: 1e9,
      };
      const putAtMs = Date.now();
      await ask(desiredStateAnswer, 'PUT', '/v1/desired-state', state);
      return { putAtMs };
    },
    allRecording: (timeoutMs) =>
      bench.until('all cameras are recorded', timeoutMs, async () => {
        if (!child.running) throw new Error(`the recorder ended: ${child.lastWords()}`);
        const now = await status();
        const recorded = now.cameras.filter((camera) => camera.lastFragmentAt !== null).length;
        return recorded === cameraIds.size ? now : undefined;
      }),
    stop: () => child.stop(),
  };
}
