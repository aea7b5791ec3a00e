import { accountListResponse, accountResponse } from '@choi-canh/shared/accounts';
import { areaListResponse, areaResponse } from '@choi-canh/shared/areas';
import {
  cameraAddResponse,
  cameraListResponse,
  discoveryResponse,
  type CameraAddRequest,
  type DiscoveredDevice,
} from '@choi-canh/shared/cameras';
import { recorderListResponse } from '@choi-canh/shared/recorders';
import { z } from 'zod';
import type { ApiClient } from '../lib/api-client.js';
import type { SimulatedCamera } from '../lib/simulator-process.js';
import type { DemoAccount } from './accounts-file.js';
import { demoAreas, type DemoArea } from './areas.js';

type Reachable = Pick<SimulatedCamera, 'deviceAddress' | 'username' | 'password' | 'name' | 'place'>;

type AddedDevice = CameraAddRequest['devices'][number];

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** First start: the administrator through the one-time link. */
export async function setUp(api: ApiClient, setupUrl: string, administrator: DemoAccount): Promise<void> {
  const token =
    new URLSearchParams(new URL(setupUrl).hash.slice(1)).get('token') ?? new URL(setupUrl).searchParams.get('token');
  const { username, displayName, password } = administrator;
  await api.post('/api/setup', z.unknown(), { token, username, displayName, password });
}

/** Creates what of the area tree is missing. Returns ids by name. */
export async function ensureAreas(api: ApiClient): Promise<Map<string, string>> {
  const existing = await api.get('/api/areas', areaListResponse);
  const ids = new Map(existing.items.map((area) => [area.name, area.id]));
  const create = async (areas: DemoArea[], parentId: string | null): Promise<void> => {
    for (const { children = [], ...area } of areas) {
      const id = ids.get(area.name) ?? (await api.post('/api/areas', areaResponse, { ...area, parentId })).id;
      ids.set(area.name, id);
      await create(children, id);
    }
  };
  await create(demoAreas, null);
  return ids;
}

export async function ensureAccounts(
  api: ApiClient,
  accounts: DemoAccount[],
  areaIds: Map<string, string>,
): Promise<void> {
  const existing = new Set(
    (await api.get('/api/accounts', accountListResponse)).items.map((account) => account.username),
  );
  for (const { area, ...account } of accounts) {
    if (existing.has(account.username)) continue;
    await api.post('/api/accounts', accountResponse, { ...account, areaId: area === null ? null : areaIds.get(area) });
  }
}

export async function discover(api: ApiClient, onProgress: (found: number) => void): Promise<DiscoveredDevice[]> {
  const recorderId = await embeddedRecorder(api);
  let scan = await api.post('/api/discoveries', discoveryResponse, { recorderId, ranges: [] });
  const deadline = Date.now() + 120_000;
  while (scan.state === 'running') {
    if (Date.now() > deadline) throw new Error('The search for cameras did not end within two minutes.');
    await wait(500);
    scan = await api.get(`/api/discoveries/${scan.id}`, discoveryResponse);
    onProgress(scan.devices.length);
  }
  if (scan.state === 'failed') throw new Error(`The search for cameras failed: ${scan.errorCode ?? 'unknown'}.`);
  return scan.devices;
}

async function embeddedRecorder(api: ApiClient): Promise<string> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const recorder = (await api.get('/api/recorders', recorderListResponse)).items[0];
    if (recorder?.reachable === true) return recorder.id;
    if (Date.now() > deadline) throw new Error('The recorder did not answer within a minute.');
    await wait(500);
  }
}

/** Adds the found devices, those of one password together. Returns how many cameras there are now. */
export async function addCameras(
  api: ApiClient,
  areaId: string,
  devices: DiscoveredDevice[],
  simulated: Reachable[],
  onProgress: (added: number, total: number) => void,
): Promise<number> {
  const recorderId = await embeddedRecorder(api);
  const credentials = new Map(simulated.map((camera) => [new URL(camera.deviceAddress).host, camera]));
  const groups = new Map<string, { username: string; password: string; devices: AddedDevice[] }>();
  for (const device of devices) {
    const camera = credentials.get(new URL(device.deviceAddress).host);
    if (camera === undefined || device.knownCameraId !== null) continue;
    const key = `${camera.username} ${camera.password}`;
    const group = groups.get(key) ?? { username: camera.username, password: camera.password, devices: [] };
    group.devices.push({
      deviceAddress: device.deviceAddress,
      endpointReference: device.endpointReference,
      name: camera.name,
      place: camera.place,
    });
    groups.set(key, group);
  }
  const total = [...groups.values()].reduce((sum, group) => sum + group.devices.length, 0);
  let done = 0;
  for (const group of groups.values()) {
    let addition = await api.post('/api/cameras/additions', cameraAddResponse, {
      recorderId,
      areaId,
      username: group.username,
      password: group.password,
      devices: group.devices,
    });
    while (addition.state === 'running') {
      await wait(500);
      addition = await api.get(`/api/cameras/additions/${addition.id}`, cameraAddResponse);
      onProgress(done + addition.results.length, total);
    }
    done += addition.total;
    for (const result of addition.results) {
      if (result.outcome !== 'added' && result.outcome !== 'already_there') {
        throw new Error(`Camera ${result.deviceAddress} could not be added: ${result.outcome} ${result.detail}`);
      }
    }
  }
  return (await api.get('/api/cameras', cameraListResponse)).items.length;
}
