import { accountResponse } from '@choi-canh/shared/accounts';
import { clipResponse, holdListResponse, tagResponse } from '@choi-canh/shared/evidence';
import { openingResponse } from '@choi-canh/shared/footage';
import { incidentPageResponse, incidentResponse } from '@choi-canh/shared/incidents';
import { cameraListResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import { socketPath } from '@choi-canh/shared/realtime';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPlaylist } from '../harness/playlist.js';
import { openStage, type Stage } from '../harness/stage.js';
import {
  addCameras,
  createAccount,
  createArea,
  waitUntilRecorded,
  type RunningConsole,
  type RunningSimulator,
} from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

type Officer = Awaited<ReturnType<typeof createAccount>>;

let stage: Stage;
let simulator: RunningSimulator;
let system: RunningConsole;
let mine: CameraResponse;
let other: CameraResponse;
let officer: Officer;
let stranger: Officer;
let startedAtMs: number;
const sockets: Socket[] = [];

beforeAll(async () => {
  stage = await openStage({ cameras: 2 });
  ({ simulator, system } = stage);
  const api = system.administrator;
  const [chiDam, dongLuong] = [await createArea(api, 'Chí Đám'), await createArea(api, 'Đồng Lương')];
  [mine] = (await addCameras(api, chiDam.id, simulator.cameras.slice(0, 1))) as [CameraResponse];
  [other] = (await addCameras(api, dongLuong.id, simulator.cameras.slice(1))) as [CameraResponse];
  await waitUntilRecorded(api, [mine.id, other.id]);
  startedAtMs = Date.now();
  officer = await createAccount(system, 'canbo.chidam', 'commune_officer', chiDam.id);
  stranger = await createAccount(system, 'canbo.dongluong', 'commune_officer', dongLuong.id);
  await new Promise((resolve) => setTimeout(resolve, 4000));
});
afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await stage?.close();
});

const range = () => ({ from: new Date(startedAtMs).toISOString(), to: new Date(startedAtMs + 3000).toISOString() });

function connect(account: Officer, origin = system.origin): Socket {
  const socket = io(system.origin, {
    path: socketPath,
    transports: ['websocket'],
    reconnection: false,
    extraHeaders: { cookie: account.api.cookie, origin },
  });
  sockets.push(socket);
  return socket;
}

async function openOwn(account: Officer, camera: CameraResponse) {
  return account.api.post('/api/openings', openingResponse, {
    cameraIds: [camera.id],
    ...range(),
    purpose: 'Kiểm tra phân quyền',
  });
}

async function fullCase(account: Officer, camera: CameraResponse) {
  const incident = await account.api.post('/api/incidents', incidentResponse, {
    areaId: camera.areaId,
    occurredAt: range().from,
    place: 'Chợ',
    category: 'theft',
  });
  const tag = await account.api.post(`/api/incidents/${incident.id}/tags`, tagResponse, {
    cameraId: camera.id,
    ...range(),
  });
  const started = await account.api.post(`/api/incidents/${incident.id}/clips`, clipResponse, {
    cameraId: camera.id,
    ...range(),
  });
  const clip = await waitFor('the clip is cut', async () => {
    const now = await account.api.get(`/api/clips/${started.id}`, clipResponse);
    if (now.state === 'failed') throw new Error(`clip failed: ${now.errorCode}`);
    return now.state === 'done' && now;
  });
  const holds = await account.api.get(`/api/incidents/${incident.id}/holds`, holdListResponse);
  return { incident, tag, clip, hold: holds.items[0] };
}

describe('an officer of one area and what belongs to another', () => {
  it('gets 404 over REST and HLS, for reading and for changing', async () => {
    const theirs = await fullCase(stranger, other);
    expect(theirs.hold).toBeDefined();
    const opening = await openOwn(stranger, other);
    const [segment] = await readPlaylist(
      stranger.api,
      `/api/openings/${opening.id}/cameras/${other.id}/playlist.m3u8?from=${opening.from}&to=${opening.to}`,
    );
    if (segment === undefined) throw new Error('the stranger cannot see their own footage');
    const at = range().from;
    const tries: [string, string, unknown?][] = [
      ['GET', `/api/cameras/${other.id}`],
      ['GET', `/api/cameras/${other.id}/history?from=${range().from}&to=${range().to}`],
      ['GET', `/api/cameras/${other.id}/live/main/playlist.m3u8`],
      ['GET', `/api/cameras/${other.id}/live/sub/playlist.m3u8`],
      ['GET', `/api/cameras/${other.id}/live/main/picture.jpg`],
      ['GET', `/api/coverage?cameraIds=${other.id}&from=${range().from}&to=${range().to}`],
      ['POST', '/api/openings', { cameraIds: [other.id], ...range(), purpose: 'Xem thử của xã khác' }],
      ['POST', '/api/openings', { cameraIds: [mine.id, other.id], ...range(), purpose: 'Xem thử của xã khác' }],
      ['POST', '/api/openings', { cameraIds: [mine.id], ...range(), incidentId: theirs.incident.id }],
      ['GET', `/api/openings/${opening.id}`],
      ['GET', `/api/openings/${opening.id}/cameras/${other.id}/playlist.m3u8?from=${opening.from}&to=${opening.to}`],
      ['GET', segment.url],
      ['GET', `/api/openings/${opening.id}/cameras/${other.id}/thumbnail.jpg?at=${at}`],
      ['GET', `/api/incidents/${theirs.incident.id}`],
      ['PATCH', `/api/incidents/${theirs.incident.id}`, { place: 'Nơi khác' }],
      ['GET', `/api/incidents/${theirs.incident.id}/tags`],
      ['GET', `/api/incidents/${theirs.incident.id}/holds`],
      ['GET', `/api/incidents/${theirs.incident.id}/clips`],
      ['POST', `/api/incidents/${theirs.incident.id}/tags`, { cameraId: mine.id, ...range() }],
      ['PATCH', `/api/tags/${theirs.tag.id}`, { note: 'đổi' }],
      ['DELETE', `/api/tags/${theirs.tag.id}`],
      ['POST', `/api/holds/${theirs.hold?.id}/release`, { reason: 'không cần nữa' }],
      ['GET', `/api/clips/${theirs.clip.id}`],
      ['GET', `/api/clips/${theirs.clip.id}/files/0`],
      ['POST', '/api/incidents', { areaId: other.areaId, occurredAt: at, place: 'Chợ', category: 'theft' }],
    ];
    for (const [method, path, body] of tries) {
      const response = await officer.api.fetch(method, path, body, segment.url === path ? { range: 'bytes=0-99' } : {});
      expect(`${method} ${path}: ${response.status}`).toBe(`${method} ${path}: 404`);
      await response.arrayBuffer();
    }
    const own = await fullCase(officer, mine);
    for (const [path, body] of [
      [`/api/incidents/${own.incident.id}/tags`, { cameraId: other.id, ...range() }],
      [`/api/incidents/${own.incident.id}/clips`, { cameraId: other.id, ...range() }],
      [`/api/incidents/${own.incident.id}/holds`, { cameraIds: [other.id], ...range() }],
    ] as const) {
      expect((await officer.api.fetch('POST', path, body)).status, path).toBe(404);
    }
    const cameras = await officer.api.get('/api/cameras', cameraListResponse);
    expect(cameras.items.map((camera) => camera.id)).toEqual([mine.id]);
    const incidents = await officer.api.get('/api/incidents', incidentPageResponse);
    expect(incidents.items.map((incident) => incident.areaId)).toEqual([mine.areaId]);
  });

  it('hears only of its own cameras over socket.io', async () => {
    const [socket, strangerSocket] = [connect(officer), connect(stranger)];
    const heard: string[] = [];
    const strangerHeard: string[] = [];
    socket.onAny((event: string, payload: unknown) => heard.push(`${event} ${JSON.stringify(payload)}`));
    strangerSocket.onAny((event: string, payload: unknown) =>
      strangerHeard.push(`${event} ${JSON.stringify(payload)}`),
    );
    await waitFor('both sockets are connected', () => socket.connected && strangerSocket.connected);
    for (const camera of simulator.cameras) await simulator.setFault(camera.number, { kind: 'off' });
    await waitFor(
      'each hears that its camera is down',
      () => heard.join().includes(mine.id) && strangerHeard.join().includes(other.id),
      40_000,
    );
    for (const camera of simulator.cameras) await simulator.clearFault(camera.number);
    const case2 = await stranger.api.post('/api/incidents', incidentResponse, {
      areaId: other.areaId,
      occurredAt: range().from,
      place: 'Chợ',
      category: 'theft',
    });
    await stranger.api.post(`/api/incidents/${case2.id}/tags`, tagResponse, { cameraId: other.id, ...range() });
    await waitFor('the stranger hears of the new tag', () => strangerHeard.join().includes(case2.id));
    expect(heard.join()).not.toContain(other.id);
    expect(heard.join()).not.toContain(case2.id);
  });

  it('refuses a socket of a foreign origin and one without a session', async () => {
    for (const socket of [
      connect(officer, 'https://evil.example'),
      connect({ ...officer, api: Object.assign(Object.create(officer.api) as Officer['api'], { cookie: '' }) }),
    ]) {
      await waitFor(
        'the socket is refused',
        () =>
          new Promise<boolean>((resolve) => {
            if (socket.connected) resolve(false);
            socket.once('connect_error', () => resolve(true));
            socket.once('connect', () => resolve(false));
            socket.connect();
          }),
      );
      expect(socket.connected).toBe(false);
    }
  });

  it('ends sockets and media within 10 s when the area of an account changes, and at once on logout', async () => {
    const socket = connect(officer);
    await waitFor('the socket is connected', () => socket.connected);
    const opening = await openOwn(officer, mine);
    const playlist = `/api/openings/${opening.id}/cameras/${mine.id}/playlist.m3u8?from=${opening.from}&to=${opening.to}`;
    expect((await officer.api.fetch('GET', playlist)).status).toBe(200);
    await system.administrator.patch(`/api/accounts/${officer.id}`, accountResponse, {
      areaId: other.areaId,
    });
    await waitFor('the socket is closed', () => !socket.connected, 10_000);
    await waitFor('media is refused', async () => (await officer.api.fetch('GET', playlist)).status === 401, 10_000);

    const strangerSocket = connect(stranger);
    await waitFor('the socket is connected', () => strangerSocket.connected);
    const cookie = stranger.api.cookie;
    await stranger.api.delete('/api/session');
    stranger.api.cookie = cookie; // a stolen cookie is worth nothing after logout
    await waitFor('the socket is closed', () => !strangerSocket.connected, 10_000);
    await waitFor(
      'the API is closed',
      async () => (await stranger.api.fetch('GET', '/api/cameras')).status === 401,
      10_000,
    );
  });
});
