import type { ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { cameraListResponse } from '@choi-canh/shared/cameras';
import { holdListResponse, unknownHoldPage } from '@choi-canh/shared/evidence';
import { incidentResponse } from '@choi-canh/shared/incidents';
import { recorderListResponse, recorderResponse, recorderTakeOverResponse } from '@choi-canh/shared/recorders';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeKeyCertificate, type KeyCertificate } from '../../server/src/platform/http/key-certificate.js';
import { startRecorder, type RecorderProcess } from '../harness/recorder.js';
import { openStage, type Stage } from '../harness/stage.js';
import {
  addCameras,
  createArea,
  startConsole,
  temporaryFolder,
  waitUntilRecorded,
  type RunningConsole,
} from '../harness/system.js';
import { waitFor } from '../harness/wait.js';

let stage: Stage;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let remote: RecorderProcess;
let other: RunningConsole | undefined;

beforeAll(async () => {
  folder = await temporaryFolder();
  stage = await openStage({ cameras: 1 });
  remote = await startRecorder({ folder: folder.path, discoveryPort: stage.simulator.discoveryPort, paired: true });
});
afterAll(async () => {
  await other?.stop();
  await remote?.stop();
  await folder?.remove();
  await stage?.close();
});

/** Somebody in the middle: another key towards the console, everything else passed on to the recorder. */
async function sitBetween(identity: KeyCertificate) {
  const seen: string[] = [];
  const server = createServer(
    { cert: identity.cert, key: identity.key, requestCert: true, rejectUnauthorized: false },
    (incoming, outgoing: ServerResponse) => {
      seen.push(`${incoming.method} ${incoming.url}`);
      const target = new URL(incoming.url ?? '/', remote.url);
      const onwards = request(
        target,
        {
          ...{ method: incoming.method, headers: incoming.headers },
          ...{ cert: identity.cert, key: identity.key, rejectUnauthorized: false },
        },
        (answer) => answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers)),
      );
      onwards.on('error', () => outgoing.destroy());
      incoming.pipe(onwards);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `127.0.0.1:${port}`, seen, close };
}

const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code;

it('pairs with a recorder on another machine, not through somebody in the middle, and shows its footage over TLS', async () => {
  const { administrator: api, origin } = stage.system;
  const enter = (url: string, code: string) => api.fetch('POST', '/api/recorders', { name: 'Máy ghi xã', url, code });
  const middle = await makeKeyCertificate('middle');
  const between = await sitBetween(middle);
  const code = await remote.pairingCode();
  expect(await codeOf(await enter(between.address, code))).toBe('pairing_wrong_code');
  expect(between.seen).toEqual(['GET /v1/pairing', 'POST /v1/pairing']);

  // The code is good for the right one still.
  const added = recorderResponse.parse(await (await enter(remote.url, code)).json());
  const shown = async () =>
    (await api.get('/api/recorders', recorderListResponse)).items.find(({ id }) => id === added.id);
  await waitFor('it answers', async () => (await shown())?.reachable);
  expect(await codeOf(await enter(between.address, code))).toBe('pairing_no_code');

  const area = await createArea(api, 'Chí Đám');
  const [camera] = await addCameras(api, area.id, stage.simulator.cameras, added.id);
  const id = camera?.id ?? '';
  await waitUntilRecorded(api, [id]);
  const media = async (path: string) => {
    const answer = await api.fetch('GET', `/api/cameras/${id}/live/main/${path}`);
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  const picture = await waitFor('a picture', async () => {
    const found = await media('picture.jpg');
    return found.status === 200 && found.bytes;
  });
  expect(picture.subarray(0, 2).toString('hex')).toBe('ffd8');
  expect(origin).toContain('127.0.0.1');

  // The address leads to another key from now on: nothing is sent to it, and a person is shown why.
  const sent = between.seen.length;
  const moved = await api.fetch('PATCH', `/api/recorders/${added.id}`, { url: between.address });
  expect(await codeOf(moved)).toBe('recorder_other');
  expect(between.seen.length).toBe(sent);
  between.close();
  expect((await api.get('/api/cameras', cameraListResponse)).items[0]?.state).toBe('alive');
});

it('obeys another console that pairs with it, and that one takes it over with its cameras and holds', async () => {
  const { administrator: former } = stage.system;
  const [camera] = (await former.get('/api/cameras', cameraListResponse)).items;
  if (camera === undefined) throw new Error('the recorder has a camera');
  const atMs = Date.now();
  const range = { from: new Date(atMs - 2000).toISOString(), to: new Date(atMs).toISOString() };
  const incident = await former.post('/api/incidents', incidentResponse, {
    ...{ areaId: camera.areaId, occurredAt: range.from, place: 'Chợ', category: 'theft' },
  });
  const holds = `/api/incidents/${incident.id}/holds`;
  await former.post(holds, holdListResponse, { cameraIds: [camera.id], ...range });
  await waitFor('it is held', async () => (await former.get(holds, holdListResponse)).items[0]?.state === 'held');

  const dataDir = join(folder.path, 'other-console');
  other = await startConsole({ dataDir, env: { CHOI_CANH_RECORDER: 'none' } });
  const { administrator: api } = other;
  const body = { name: 'Máy ghi xã', url: remote.url, code: await remote.pairingCode() };
  expect(await codeOf(await api.fetch('POST', '/api/recorders', body))).toBe('recorder_in_use');
  const { id } = await api.post('/api/recorders', recorderResponse, { ...body, takeOver: true });
  const alertsAt = async (console: typeof api) =>
    (await console.get('/api/recorders', recorderListResponse)).items.flatMap(({ alerts }) =>
      alerts.map(({ code }) => code),
    );
  await waitFor('it says that it follows another database', async () =>
    (await alertsAt(api)).includes('console_unknown'),
  );
  await waitFor('the former one is refused, and says so', async () =>
    (await alertsAt(former)).includes('recorder_unpaired'),
  );

  const area = await createArea(api, 'Chí Đám');
  const given = { areaId: area.id, reason: 'máy chủ cũ đã hỏng' };
  expect(await api.post(`/api/recorders/${id}/take-over`, recorderTakeOverResponse, given)).toEqual({
    ...{ adopted: 1, skipped: 0 },
  });
  await waitUntilRecorded(api, [camera.id]);
  const unknown = await waitFor('its hold is known', async () => {
    const page = await api.get(`/api/recorders/${id}/unknown-holds`, unknownHoldPage);
    return page.ranges > 0 && page;
  });
  expect(unknown).toMatchObject({
    ranges: 1,
    items: [{ cameraId: camera.id, incidentNumber: incident.number, ranges: [range] }],
  });
});
