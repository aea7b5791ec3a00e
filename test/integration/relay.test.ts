// A technician with a relay between recorder and camera: it passes ONVIF on, and rewrites the RTSP address to itself.
import { auditPageResponse } from '@choi-canh/shared/audit';
import { cameraResponse, cameraSightingsResponse, discoveryResponse } from '@choi-canh/shared/cameras';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiFailure, type ApiClient } from '../../scripts/lib/api-client.js';
import { startCameraRelay, type CameraRelay } from '../harness/camera-relay.js';
import { openStage, type Stage } from '../harness/stage.js';
import {
  addCameras,
  createAccount,
  createArea,
  discoverAll,
  reachableRecorderId,
  waitUntilRecorded,
} from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

let stage: Stage;
let relay: CameraRelay;
let technician: ApiClient;
let cameraId: string;
let reference = '';
const secrets: string[] = [];

beforeAll(async () => {
  stage = await openStage({ cameras: 1 });
  const { system, simulator } = stage;
  const [camera] = simulator.cameras;
  if (camera === undefined) throw new Error('a camera is needed');
  const area = await createArea(system.administrator, 'Chí Đám');
  ({ api: technician } = await createAccount(system, 'kythuat', 'technician', area.id));
  const scan = await discoverAll(system.administrator);
  reference = scan.devices.find(({ host }) => host === camera.host)?.endpointReference ?? '';
  const [added] = await addCameras(system.administrator, area.id, [camera]);
  cameraId = added!.id;
  await waitUntilRecorded(system.administrator, [cameraId]);
  const basic = Buffer.from(`${camera.username}:${camera.password}`).toString('base64');
  secrets.push(camera.password, basic, 'Basic ');
  relay = await startCameraRelay({ host: '127.0.88.77', camera, endpointReference: () => reference });
});
afterAll(async () => {
  await relay?.stop();
  await stage?.close();
});

const expectNothingTold = () => {
  for (const secret of secrets) expect(relay.heard()).not.toContain(secret);
};
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof ApiFailure ? error.code : String(error)),
  );

it('gets nothing by typing its address: the stored password is not sent there, a guess is refused by the camera', async () => {
  const path = `/api/cameras/${cameraId}/address`;
  const { deviceAddress } = relay;
  expect(await codeOf(technician.post(path, cameraResponse, { deviceAddress }))).toBe('invalid_input');
  expect(relay.seen).toEqual({ onvif: 0, rtsp: 0 });
  expect(await codeOf(technician.post(path, cameraResponse, { deviceAddress, password: 'doan-bua' }))).toBe(
    'wrong_password',
  );
  expect(relay.seen.onvif).toBeGreaterThan(0);
  expectNothingTold();
  expect((await technician.get(`/api/cameras/${cameraId}`, cameraResponse)).deviceAddress).not.toBe(deviceAddress);
});

it('gets nothing by announcing itself, and no password in clear when the technician says that it is the camera', async () => {
  const { simulator, system } = stage;
  const before = relay.seen.onvif;
  await simulator.setFault(1, { kind: 'junk-discovery' });
  const body = { recorderId: await reachableRecorderId(technician), ranges: [relay.range] };
  const started = await technician.post('/api/discoveries', discoveryResponse, body);
  await waitFor('the search ends', async () => {
    const now = await technician.get(`/api/discoveries/${started.id}`, discoveryResponse);
    return now.state === 'done';
  });
  const [question] = await waitFor('it is asked', async () => {
    const { items } = await technician.get('/api/camera-sightings', cameraSightingsResponse);
    return items.length > 0 && items;
  });
  expect(question).toMatchObject({ cameraId, deviceAddress: relay.deviceAddress, endpointReference: reference });
  expect(relay.seen).toEqual({ onvif: before, rtsp: 0 });

  const answer = { deviceAddress: relay.deviceAddress, same: true };
  await technician.post(`/api/cameras/${cameraId}/sighting`, cameraResponse, answer);
  await waitFor('the recorder asked the relay for the stream', () => relay.seen.rtsp > 0, 60_000);
  const state = async () => {
    const now = await technician.get(`/api/cameras/${cameraId}`, cameraResponse);
    return now.reason === 'password_withheld' && now;
  };
  await waitFor('the camera says that its password was withheld', state, 60_000);
  expectNothingTold();

  const { items } = await system.administrator.get('/api/audit?action=camera.address_confirm', auditPageResponse);
  expect(items[0]).toMatchObject({
    ...{ accountName: 'kythuat', subjectId: cameraId },
    details: { by: 'answered', after: { deviceAddress: relay.deviceAddress } },
  });
});
