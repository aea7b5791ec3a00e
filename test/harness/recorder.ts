import { loopbackAddresses } from '../../server/src/lib/loopback.test-harness.js';
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  desiredCamera,
  desiredStateAnswer,
  identifyResponse,
  recorderStatus,
  type DesiredState,
} from '@choi-canh/shared/recorder-api';
import type { z } from 'zod';
import type { SimulatedCamera } from '../../scripts/camera-simulator/simulator.js';
import type { Holdings } from './holdings.js';
import type { RecorderChildAnswer, RecorderChildRequest } from './recorder-child.js';

/** Of the console that these recorders follow. */
const ownConsoleId = 'c0000000-0000-4000-8000-000000000001';

const typescript = ['--conditions=source', '--import', 'tsx'];
const identifyAtOnce = 8;

export type RecordedCamera = z.infer<typeof recorderStatus>['cameras'][number];

export interface RecorderProcess {
  readonly pid: number;
  /** Where a console reaches it, and with which token. */
  readonly url: string;
  readonly token: string;
  /** A new one-time code. */
  pairingCode(): Promise<string>;
  /** Where it keeps the footage of a camera. */
  footageOf(cameraId: string): string;
  /** Adds cameras to those that are recorded, as the console does; their ids in the same order. */
  add(cameras: readonly SimulatedCamera[]): Promise<string[]>;
  /** As when a person types a camera's new password. */
  setPassword(cameraId: string, password: string): Promise<void>;
  cameras(): Promise<Map<string, RecordedCamera>>;
  holdings(): Promise<Holdings>;
  status(): Promise<z.infer<typeof recorderStatus>>;
  /** As a power cut would end it, but for what the system had not yet written. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** A recorder alone, without a console, with the product's own configuration where nothing else is said. */
export async function startRecorder(options: {
  folder: string;
  discoveryPort: number;
  onvifIntervalMs?: number;
  /** Default: a folder in `folder`. */
  footage?: string;
  /** Bytes that stay free on the footage disk; default 0. */
  minFreeBytes?: number;
  /** Default 600. */
  fileSeconds?: number;
  /** TLS, paired by a code: as on another machine. It answers no question of this harness then. */
  paired?: boolean;
}): Promise<RecorderProcess> {
  const child = fork(join(import.meta.dirname, 'recorder-child.ts'), {
    execArgv: typescript,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const token = `token-${randomUUID()}`;
  const footage = options.footage ?? join(options.folder, 'footage');
  const minFreeBytes = options.minFreeBytes ?? 0;
  const started = await request(child, {
    kind: 'start',
    token: options.paired === true ? undefined : token,
    onvifIntervalMs: options.onvifIntervalMs ?? 60_000,
    config: {
      DATA_DIR: options.folder,
      FOOTAGE_DIR: footage,
      FFMPEG_PATH: 'ffmpeg',
      RECORDER_HOST: '127.0.0.1',
      RECORDER_PORT: 0,
      MIN_FREE_GB: minFreeBytes / 1e9,
      FOOTAGE_FILE_SECONDS: options.fileSeconds ?? 600,
      SYNC_SECONDS: 5,
      STALL_SECONDS: 10,
      START_STAGGER_MS: 20,
      DISCOVERY_INTERFACES: ['127.0.0.1'],
      DISCOVERY_PORT: options.discoveryPort,
      ALLOWED_ADDRESSES: loopbackAddresses,
      ENGINE: 'auto',
      MAX_TRANSCODES: 2,
    },
  });
  if (!('url' in started)) throw new Error('the recorder did not say where it listens');
  const { url } = started;

  async function ask<S extends z.ZodType>(schema: S, method: string, path: string, body?: unknown) {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return schema.parse(JSON.parse(text));
  }

  async function desired(camera: SimulatedCamera): Promise<DesiredState['cameras'][number]> {
    const { deviceAddress, username, password, name } = camera;
    const facts = await ask(identifyResponse, 'POST', '/v1/identify', { deviceAddress, username, password });
    return desiredCamera.parse({
      ...{ id: randomUUID(), name, deviceAddress, username, password, enabled: true, audio: false, retentionDays: 30 },
      mainProfileToken: facts.main.profileToken,
      subProfileToken: facts.sub?.profileToken ?? null,
    });
  }

  let state: DesiredState = {
    consoleId: ownConsoleId,
    base: null,
    revision: 0,
    cameras: [],
    removed: [],
    minFreeBytes,
  };
  async function put(cameras: DesiredState['cameras']): Promise<void> {
    state = { ...state, revision: state.revision + 1, cameras };
    await ask(desiredStateAnswer, 'PUT', '/v1/desired-state', state);
  }

  return {
    pid: child.pid ?? 0,
    url,
    token,
    async pairingCode() {
      const answer = await request(child, { kind: 'pairing-code' });
      if (!('code' in answer)) throw new Error('the recorder made no code');
      return answer.code;
    },
    footageOf: (cameraId) => join(footage, cameraId),
    async add(cameras) {
      const waiting = [...cameras.entries()];
      const wanted: DesiredState['cameras'] = [];
      const worker = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) wanted[next[0]] = await desired(next[1]);
      };
      await Promise.all(Array.from({ length: identifyAtOnce }, worker));
      await put([...state.cameras, ...wanted]);
      return wanted.map(({ id }) => id);
    },
    setPassword: (cameraId, password) =>
      put(state.cameras.map((camera) => (camera.id === cameraId ? { ...camera, password } : camera))),
    async cameras() {
      const { cameras } = await ask(recorderStatus.pick({ cameras: true }), 'GET', '/v1/status');
      return new Map(cameras.map((camera) => [camera.cameraId, camera]));
    },
    async holdings() {
      const answer = await request(child, { kind: 'measure' });
      if (!('holdings' in answer)) throw new Error('the recorder did not say what it holds');
      return answer.holdings;
    },
    status: () => ask(recorderStatus, 'GET', '/v1/status'),
    async kill() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** One question at a time. */
async function request(child: ChildProcess, question: RecorderChildRequest): Promise<RecorderChildAnswer> {
  const answer = await new Promise<RecorderChildAnswer>((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null) =>
      reject(new Error(`the recorder ended: ${code ?? signal}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as RecorderChildAnswer);
    });
    child.send(question);
  });
  if ('error' in answer) throw new Error(answer.error);
  return answer;
}
