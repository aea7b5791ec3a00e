import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { accountResponse } from '@choi-canh/shared/accounts';
import { areaResponse, type AreaLevel } from '@choi-canh/shared/areas';
import {
  cameraAddResponse,
  cameraListResponse,
  discoveryResponse,
  type CameraResponse,
} from '@choi-canh/shared/cameras';
import type { Role } from '@choi-canh/shared/permissions';
import { recorderListResponse } from '@choi-canh/shared/recorders';
import { loopbackAddresses } from '../../server/src/lib/loopback.test-harness.js';
import { ApiClient } from '../../scripts/lib/api-client.js';
import { ManagedChild } from '../../scripts/lib/child.js';
import { setUp } from '../../scripts/demo/fill.js';
import {
  startSimulatorProcess,
  type SimulatedCamera,
  type SimulatorProcess,
} from '../../scripts/lib/simulator-process.js';
import { waitFor } from './wait.js';

export const root = resolve(import.meta.dirname, '../..');
const typescript = ['--conditions=source', '--import', 'tsx'];
const password = 'mat-khau-thu-nghiem';

/** Just above the sub-streams' 640×360; cameras differ in their groups of pictures and B-frames. */
const smallMedia = ['--width', '704', '--height', '396', '--fps', '10', '--bitrate-kbps', '160'];

export type RunningSimulator = SimulatorProcess;

/** The first `cameras` of Chí Đám, simulated in a process of their own. */
export function startSimulator(cameras: number, media: string[] = smallMedia): Promise<RunningSimulator> {
  // A port of its own, so that a demo on the same machine does not answer.
  return startSimulatorProcess(['--cameras', String(cameras), '--discovery-port', '0', ...media]);
}

export interface RunningConsole {
  child: ManagedChild;
  origin: string;
  administrator: ApiClient;
  dataDir: string;
  stop(): Promise<void>;
}

const builtMain = join(root, 'server/dist/main.js');
const mainArgs = () =>
  process.env.CHOI_CANH_TEST_BUILT === 'true' && existsSync(builtMain)
    ? [builtMain]
    : [...typescript, join(root, 'server/src/main.ts')];

export interface ConsoleOptions {
  dataDir: string;
  env?: NodeJS.ProcessEnv;
  /** The administrator of an earlier start, instead of a first set-up. */
  signIn?: boolean;
  /** What node runs; default: the product's sources, or what is built of them. */
  main?: string[];
}

/** The product as `npm start` runs it, on a free port, with its first administrator signed in. */
export async function startConsole({
  dataDir,
  env = {},
  signIn = false,
  main = mainArgs(),
}: ConsoleOptions): Promise<RunningConsole> {
  const child = new ManagedChild('console', main, {
    cwd: root,
    env: {
      ...process.env,
      CHOI_CANH_DATA_DIR: dataDir,
      CHOI_CANH_PORT: '0',
      CHOI_CANH_DISCOVERY_INTERFACES: '127.0.0.1',
      CHOI_CANH_ALLOWED_ADDRESSES: loopbackAddresses.join(','),
      CHOI_CANH_LOG_LEVEL: process.env.CHOI_CANH_LOG_LEVEL ?? 'warn',
      CHOI_CANH_MIN_FREE_GB: '0',
      ...env,
    },
  });
  const ready = await child.message<{ origin: string; setupUrl?: string }>('ready', 60_000);
  const administrator = new ApiClient(ready.origin);
  if (!signIn) {
    if (ready.setupUrl === undefined) throw new Error('no set-up link on the first start');
    await setUp(administrator, ready.setupUrl, {
      username: 'quantri',
      displayName: 'Quản trị',
      role: 'administrator',
      area: null,
      password,
    });
  }
  await administrator.signIn('quantri', password);
  return { child, origin: ready.origin, administrator, dataDir, stop: () => child.stop() };
}

export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'choi-canh-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

export async function createArea(
  api: ApiClient,
  name: string,
  parentId: string | null = null,
  level: AreaLevel = 'commune',
) {
  return api.post('/api/areas', areaResponse, { name, level, parentId });
}

/** Creates an account and signs it in. */
export async function createAccount(
  system: Pick<RunningConsole, 'administrator' | 'origin'>,
  username: string,
  role: Role,
  areaId: string | null,
): Promise<{ api: ApiClient; id: string; username: string; password: string }> {
  const account = await system.administrator.post('/api/accounts', accountResponse, {
    username,
    displayName: username,
    role,
    areaId,
    password,
  });
  const api = new ApiClient(system.origin);
  await api.signIn(username, password);
  return { api, id: account.id, username, password };
}

export async function reachableRecorderId(api: ApiClient): Promise<string> {
  return waitFor('the recorder is reachable', async () => {
    const { items } = await api.get('/api/recorders', recorderListResponse);
    return items.find((recorder) => recorder.reachable)?.id;
  });
}

/** Adds simulated cameras by address, each with its own password, and returns them in the given order. */
export async function addCameras(
  api: ApiClient,
  areaId: string,
  cameras: SimulatedCamera[],
  at?: string,
): Promise<CameraResponse[]> {
  const recorderId = at ?? (await reachableRecorderId(api));
  const byPassword = new Map<string, SimulatedCamera[]>();
  for (const camera of cameras) {
    const key = `${camera.username}\n${camera.password}`;
    byPassword.set(key, [...(byPassword.get(key) ?? []), camera]);
  }
  for (const group of byPassword.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const addition = await api.post('/api/cameras/additions', cameraAddResponse, {
      recorderId,
      areaId,
      username: first.username,
      password: first.password,
      devices: group.map(({ deviceAddress }) => ({ deviceAddress })),
    });
    const done = await waitFor(
      'the cameras are added',
      async () => {
        const now = await api.get(`/api/cameras/additions/${addition.id}`, cameraAddResponse);
        return now.state === 'done' && now;
      },
      120_000,
    );
    const failed = done.results.find((result) => result.outcome !== 'added');
    if (failed !== undefined) throw new Error(`${failed.deviceAddress}: ${failed.outcome} ${failed.detail}`);
  }
  const { items } = await api.get('/api/cameras', cameraListResponse);
  return cameras.map((camera) => {
    const found = items.find((item) => item.deviceAddress === camera.deviceAddress);
    if (found === undefined) throw new Error(`${camera.deviceAddress} is not in the list`);
    return found;
  });
}

export async function waitUntilRecorded(api: ApiClient, cameraIds: string[], timeoutMs = 60_000): Promise<void> {
  await waitFor(
    'every camera is alive',
    async () => {
      const { items } = await api.get('/api/cameras', cameraListResponse);
      return cameraIds.every((id) => items.find((camera) => camera.id === id)?.state === 'alive');
    },
    timeoutMs,
  );
}

export async function discoverAll(api: ApiClient) {
  const recorderId = await reachableRecorderId(api);
  const started = await api.post('/api/discoveries', discoveryResponse, { recorderId, ranges: [] });
  return waitFor('the scan ends', async () => {
    const scan = await api.get(`/api/discoveries/${started.id}`, discoveryResponse);
    return scan.state !== 'running' && scan;
  });
}
