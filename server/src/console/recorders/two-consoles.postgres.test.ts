import { cameraResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import { recorderListResponse, recorderResponse } from '@choi-canh/shared/recorders';
import { beforeEach, afterEach, expect, it } from 'vitest';
import { emptyDatabase } from '../../../../test/harness/empty-database.js';
import { silentLogger } from '../../lib/logger.js';
import { openDatabase } from '../../platform/db/open-database.js';
import { CasesHarness, eventually, type TestArea } from '../cases.test-harness.js';
import { consoleEntities, consoleMigrations } from '../console.schema.js';
import { FakeRecorder } from './fake-recorder.js';
import { recorderEntity } from './recorder.entity.js';

let one: CasesHarness;
let other: CasesHarness;
let remote: FakeRecorder;
let area: TestArea;
let id: string;
let camera: CameraResponse;

beforeEach(async () => {
  const url = await emptyDatabase();
  const open = () =>
    openDatabase({ url, entities: consoleEntities, migrations: consoleMigrations, logger: silentLogger });
  [one, other] = [new CasesHarness(open), new CasesHarness(open)];
  other.recorder.token = 'of-the-recorder-beside-the-other-console';
  await one.start();
  await other.start();
  remote = new FakeRecorder();
  remote.isPaired = true;
  await remote.start();
  area = await one.area('Chí Đám', undefined, `A${remote.url}`);
  const body = { name: 'Máy ghi huyện', url: remote.url, code: remote.code };
  id = (await one.actor('administrator').post('/api/recorders', recorderResponse, body)).id;
  for (const console of [one, other]) await eventually('both reach it', async () => (await shown(console))?.reachable);
  camera = await one.camera(area, undefined, { recorder: remote, id });
  await eventually('it has the camera', () => remote.desired?.cameras.some((wanted) => wanted.id === camera.id));
});
afterEach(async () => {
  await one.stop();
  await other.stop();
  await remote.stop();
});

const shown = async (console: CasesHarness) =>
  (await console.actor('administrator').get('/api/recorders', recorderListResponse)).items.find(
    (item) => item.id === id,
  );
const reason = async (console: CasesHarness) =>
  (await console.actor('administrator').get(`/api/cameras/${camera.id}`, cameraResponse)).reason;
const untilReason = async (wanted: string) => {
  for (const console of [one, other]) await eventually(wanted, async () => (await reason(console)) === wanted);
};
const emit = (state: 'alive' | 'down', why: 'ok' | 'no_stream') => {
  const status = { cameraId: camera.id, state, reason: why, detail: '', sinceAt: new Date().toISOString() } as const;
  remote.statuses.set(camera.id, status);
  remote.emit({ type: 'camera.state', status });
};
const holder = async () =>
  (
    (await one.db.read.query('SELECT lease_holder AS holder FROM recorder WHERE id = $1', [id])) as { holder: string }[]
  )[0]?.holder;

it('one of two consoles keeps a recorder in step, both show it, and the other goes on when the first ends', async () => {
  emit('alive', 'ok');
  await untilReason('ok');
  emit('down', 'no_stream');
  await untilReason('no_stream');
  const polls = () => remote.asked.filter(({ path }) => path === '/v1/events').length;
  const first = await holder();
  expect(first).toBeDefined();
  expect(polls()).toBeGreaterThan(0);

  for (const console of [one, other]) {
    await eventually('its browsers know', () =>
      console.told.some(({ event, args }) => event === 'camera.state' && JSON.stringify(args).includes('no_stream')),
    );
  }

  // A change at the console that does not keep it in step reaches the recorder all the same.
  for (const [index, console] of [one, other].entries()) {
    const name = `Cổng chợ ${index}`;
    await console.actor('administrator').patch(`/api/cameras/${camera.id}`, cameraResponse, { name });
    await eventually(`${name} at the recorder`, () => remote.desired?.cameras.some((wanted) => wanted.name === name));
  }

  await one.stopConsole();
  emit('alive', 'ok');
  await eventually('the other goes on', async () => (await reason(other)) === 'ok');
  await eventually('all is confirmed as read', async () => {
    const row = await other.db.read.findOneBy(recorderEntity, { id });
    return row?.lastSequence === remote.events.at(-1)?.sequence;
  });
  await one.startConsole();
  emit('down', 'no_stream');
  await untilReason('no_stream');
});

it('a console that was killed loses its leases, and one that cannot reach the recorder gives it up', async () => {
  emit('alive', 'ok');
  await untilReason('ok');
  // Killed: its lease is in the name of nobody who lives.
  await one.db.write((manager) =>
    manager.query(
      `UPDATE recorder SET lease_holder = 'dead', lease_until = (extract(epoch from clock_timestamp()) * 1000)::bigint + 2500
       WHERE id = $1`,
      [id],
    ),
  );
  emit('down', 'no_stream');
  await untilReason('no_stream');
  await remote.stop();
  await untilReason('recorder_unreachable');
  await eventually('nobody has it', async () => (await holder()) === null);
  await remote.start();
  await untilReason('no_stream');
});

it('what happens to cases and cameras at one console the browsers of the other hear', async () => {
  const heard = (console: CasesHarness, event: string, id: string) =>
    console.told.filter((told) => told.event === event && JSON.stringify(told.args).includes(id));
  for (const [here, there] of [
    [one, other],
    [other, one],
  ] as const) {
    const officer = here.actor('commune_officer', area);
    const incident = await here.incident(officer, area, { description: 'Xe máy '.repeat(600) });
    await eventually('the incident', () => heard(there, 'incident.changed', incident.id).length > 0);
    const now = Date.now();
    const hold = {
      cameraIds: [camera.id],
      from: new Date(now - 60_000).toISOString(),
      to: new Date(now).toISOString(),
    };
    expect(await officer.status('POST', `/api/incidents/${incident.id}/holds`, hold)).toBe(201);
    await eventually('the hold', () => heard(there, 'hold.state', incident.id).length > 0);
    expect(heard(there, 'hold.state', incident.id)[0]?.to).toEqual({ areaId: area.id, permission: 'hold.edit' });
    const before = heard(there, 'camera.changed', camera.id).length;
    const name = `Cổng chợ ${incident.number}`;
    await here.actor('technician', area).patch(`/api/cameras/${camera.id}`, cameraResponse, { name });
    await eventually('the camera', () => heard(there, 'camera.changed', camera.id).length > before);
    expect(heard(here, 'incident.changed', incident.id).length).toBeGreaterThan(0);
  }
});

it('what one console does with recorders the other follows, and each has the recorder beside itself', async () => {
  const list = async (console: CasesHarness) =>
    (await console.actor('administrator').get('/api/recorders', recorderListResponse)).items;
  expect(one.recorderId).not.toBe(other.recorderId);
  const admin = other.actor('administrator');
  await admin.patch(`/api/recorders/${id}`, recorderResponse, { name: 'Máy ghi chợ' });
  await eventually('renamed', async () => (await list(one)).some(({ name }) => name === 'Máy ghi chợ'));
  expect(await admin.status('POST', `/api/cameras/${camera.id}/retire`, { reason: 'Tháo camera' })).toBe(200);
  expect(await admin.status('DELETE', `/api/recorders/${id}`, { reason: 'Trả máy cho xã' })).toBe(204);
  await eventually('nobody asks it any more', async () => {
    const asked = remote.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return remote.asked.length === asked;
  });
});
