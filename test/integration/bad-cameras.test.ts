import { cameraAddResponse, cameraListResponse } from '@choi-canh/shared/cameras';
import { errorResponse } from '@choi-canh/shared/errors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStage, type Stage } from '../harness/stage.js';
import { addCameras, createArea, discoverAll, reachableRecorderId, waitUntilRecorded } from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ cameras: 5 });
});
afterAll(async () => {
  await stage?.close();
});

it('shows of each bad camera what is wrong, and disturbs no other', async () => {
  const { system, simulator } = stage;
  const api = system.administrator;
  const area = await createArea(api, 'Chí Đám');
  const [good, audioOnly, junk, oversized, noisy] = simulator.cameras;
  if (!good || !audioOnly || !junk || !oversized || !noisy) throw new Error('five cameras are needed');
  const [goodCamera, audioCamera] = await addCameras(api, area.id, [good, audioOnly]);
  if (!goodCamera || !audioCamera) throw new Error('two cameras were added');
  await waitUntilRecorded(api, [goodCamera.id, audioCamera.id]);

  await simulator.setFault(audioOnly.number, { kind: 'not-video' });
  await simulator.setFault(junk.number, { kind: 'junk-onvif' });
  await simulator.setFault(oversized.number, { kind: 'oversized-onvif' });
  await simulator.setFault(noisy.number, { kind: 'junk-discovery' });

  const scan = await discoverAll(api);
  expect(scan.state).toBe('done');
  expect(scan.rejectedAnswers).toBeGreaterThan(0);
  expect(scan.devices.map((device) => device.host)).toContain(good.host);
  expect(scan.devices.find((device) => device.host === good.host)?.knownCameraId).toBe(goodCamera.id);

  const addition = await api.post('/api/cameras/additions', cameraAddResponse, {
    recorderId: await reachableRecorderId(api),
    areaId: area.id,
    username: good.username,
    password: good.password,
    devices: [junk, oversized].map(({ deviceAddress }) => ({ deviceAddress })),
  });
  const done = await waitFor(
    'the addition ends',
    async () => {
      const now = await api.get(`/api/cameras/additions/${addition.id}`, cameraAddResponse);
      return now.state === 'done' && now;
    },
    60_000,
  );
  expect(done.results.map((result) => result.outcome)).toEqual(['bad_answer', 'bad_answer']);

  const states = async () => {
    const { items } = await api.get('/api/cameras', cameraListResponse);
    return Object.fromEntries(items.map((camera) => [camera.id, { state: camera.state, reason: camera.reason }]));
  };
  await waitFor(
    'the camera without video says so',
    async () => (await states())[audioCamera.id]?.reason === 'not_video',
    40_000,
  );
  expect((await states())[audioCamera.id]?.state).toBe('down');
  expect((await states())[goodCamera.id]).toEqual({ state: 'alive', reason: 'ok' });
  await simulator.clearFault(audioOnly.number);
  await waitUntilRecorded(api, [goodCamera.id, audioCamera.id]);
});

it('answers a malformed request with 400, the field and a sentence', async () => {
  const api = stage.system.administrator;
  for (const [path, body, field] of [
    ['/api/incidents', { areaId: 'x', occurredAt: 'yesterday', place: '', category: 'theft' }, 'occurredAt'],
    ['/api/openings', { cameraIds: [], from: 'a', to: 'b' }, 'cameraIds'],
    ['/api/areas', { name: '', level: 'commune', parentId: null }, 'name'],
  ] as const) {
    const response = await api.fetch('POST', path, body);
    expect(response.status).toBe(400);
    const { error } = errorResponse.parse(await response.json());
    expect(error.kind).toBe('invalid');
    expect(error.fields?.find((one) => one.path === field)?.message.length, `${path} ${field}`).toBeGreaterThan(3);
  }
  const unknown = await api.fetch('GET', '/api/cameras/00000000-0000-4000-8000-000000000000');
  expect(unknown.status).toBe(404);
  const garbled = await fetch(`${api.origin}/api/incidents`, {
    method: 'POST',
    body: '{"areaId":',
    headers: { 'content-type': 'application/json', cookie: api.cookie, origin: api.origin },
  });
  expect(garbled.status).toBe(400);
  expect(errorResponse.parse(await garbled.json()).error.code).toBe('bad_json');
});
