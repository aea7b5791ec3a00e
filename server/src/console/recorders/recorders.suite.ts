import { cameraListResponse, cameraRuntimeResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import {
  recorderListResponse,
  recorderResponse,
  recorderRetentionResponse,
  type RecorderAlerts,
  type RecorderResponse,
} from '@choi-canh/shared/recorders';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CasesHarness,
  eventually,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from '../cases.test-harness.js';
import { newId } from '../../lib/ids.js';
import { newPairingCode } from '../../lib/pairing.js';
import { FakeRecorder } from './fake-recorder.js';

const fine = { state: 'ok', slowCameras: 0, droppedFragments: 0, awaitingHolds: false, rebuilding: false } as const;

export function recordersSuite(open: OpenTestDatabase): void {
  describe('recorders', () => {
    const harness = new CasesHarness(open);
    const { recorder } = harness;
    let mine: TestArea;
    let theirs: TestArea;
    let camera: CameraResponse;
    let other: CameraResponse;
    let admin: TestActor;
    let technician: TestActor;
    beforeAll(async () => {
      await harness.start();
      mine = await harness.area('Chí Đám');
      theirs = await harness.area('Đồng Lương');
      camera = await harness.camera(mine);
      other = await harness.camera(theirs);
      admin = harness.actor('administrator');
      technician = harness.actor('technician', mine);
      for (const { id } of [camera, other]) {
        recorder.statuses.set(id, {
          cameraId: id,
          state: 'alive',
          reason: 'ok',
          detail: '',
          sinceAt: recorder.startedAt,
        });
      }
      await eventually('the recorder was asked', async () => (await list())?.recordingCameras === 2);
    });
    afterAll(() => harness.stop());

    const list = async (actor = admin): Promise<RecorderResponse | undefined> =>
      (await actor.get('/api/recorders', recorderListResponse)).items[0];
    const codes = async () => (await list())?.alerts.map((alert) => alert.code) ?? [];
    const untilCodes = (wanted: string[]) =>
      eventually(`alerts ${wanted.join()}`, async () => (await codes()).join() === wanted.join());
    const told = () =>
      harness.told.flatMap((one) => (one.event === 'recorder.alerts' ? [{ to: one.to, list: one.args[0] }] : []));

    it('are listed with their disk, clock, chain and engines', async () => {
      recorder.runtimes.set(other.id, { engine: 'ffmpeg', engineReason: 'codec', codec: 'mjpeg' });
      const found = await eventually('both engines', async () => {
        const now = await list();
        return now?.engines.ffmpeg === 1 ? now : undefined;
      });
      expect(found).toMatchObject({
        ...{ embedded: true, url: null, reachable: true, cameras: 2, recordingCameras: 2, version: '0.1.0' },
        engines: { native: 1, ffmpeg: 1 },
        ...{ freeBytes: 2000, totalBytes: 3000, footageBytes: 1000 },
        clock: { epoch: 0, ageDeletionSuspended: false },
        storage: { state: 'ok' },
        chain: { keyId: 'k1' },
        transcodes: { running: 1, limit: 2 },
        alerts: [],
      });
      expect(Math.abs(Date.parse(found.clockNow ?? '') - Date.now())).toBeLessThan(30_000);
    });

    it('tell of one camera how it is recorded, to who sees the camera', async () => {
      const clock = { clockOffsetMs: 12_000, clockMeasuredAt: '2026-11-21T07:20:00.000Z' };
      recorder.runtimes.set(camera.id, { lostPackets: 7, timeErrorMs: 12.5, ...clock, reconnects: 3 });
      const path = `/api/cameras/${camera.id}/runtime`;
      const officer = harness.actor('commune_officer', mine);
      const runtime = await eventually('the newer figures', async () => {
        const now = (await officer.get(path, cameraRuntimeResponse)).runtime;
        return now?.lostPackets === 7 ? now : undefined;
      });
      expect(runtime).toMatchObject({
        ...{ engine: 'native', engineReason: 'default', codec: 'h264', frameRate: 25, bitrateKbps: 2000 },
        ...{ timeSource: 'rtcp', timeErrorMs: 12.5, ...clock, reconnects: 3, audio: false },
      });
      expect(await officer.refusal('GET', `/api/cameras/${other.id}/runtime`)).toBe('404 camera_not_found');
    });

    it('give the facts of a forecast: cameras of other areas are summed, not named', async () => {
      const facts = (cameraId: string, retentionDays: number, bytesPerDay: number, oldestAt: string | null) => ({
        ...{ cameraId, retentionDays, bytesPerDay, oldestAt, footageBytes: bytesPerDay * 2, heldBytes: 5 },
      });
      const third = await harness.camera(theirs);
      recorder.retention = {
        ...{ freeBytes: 100, totalBytes: 1000, minFreeBytes: 50, footageBytes: 400 },
        cameras: [
          facts(camera.id, 30, 10, null),
          facts(other.id, 30, 20, '2026-11-20T00:00:00.000Z'),
          facts(third.id, 30, 40, '2026-11-19T00:00:00.000Z'),
        ],
      };
      const path = `/api/recorders/${harness.recorderId}/retention`;
      const all = await admin.get(path, recorderRetentionResponse);
      expect(all).toMatchObject({ ...recorder.retention, others: [], defaultRetentionDays: 30 });
      const some = await technician.get(path, recorderRetentionResponse);
      expect(some.cameras.map((one) => one.cameraId)).toEqual([camera.id]);
      expect(some.others).toEqual([
        {
          ...{ cameras: 2, retentionDays: 30, bytesPerDay: 60, footageBytes: 120, heldBytes: 10 },
          oldestAt: '2026-11-19T00:00:00.000Z',
        },
      ]);
      expect(some).toMatchObject({ freeBytes: 100, totalBytes: 1000, minFreeBytes: 50, footageBytes: 400 });
      expect(JSON.stringify(some)).not.toContain(other.id);

      // One out of use is none any more, wherever cameras are counted; what is left of it still takes room.
      const count = async () => {
        const listed = (await admin.get('/api/cameras', cameraListResponse)).items.length;
        const atRecorder = (await admin.get('/api/recorders', recorderListResponse)).items[0]!.cameras;
        const { cameras, others } = await admin.get(path, recorderRetentionResponse);
        const forecast = cameras.length + others.reduce((sum, one) => sum + one.cameras, 0);
        return { listed, atRecorder, forecast };
      };
      expect(await count()).toEqual({ listed: 3, atRecorder: 3, forecast: 3 });
      expect(await admin.status('POST', `/api/cameras/${third.id}/retire`, { reason: 'thay máy' })).toBe(200);
      expect(await count()).toEqual({ listed: 2, atRecorder: 2, forecast: 2 });
      expect((await admin.get(path, recorderRetentionResponse)).others).toMatchObject([
        { cameras: 0, bytesPerDay: 0, footageBytes: 80, heldBytes: 5 },
      ]);
      const again = await harness.camera(theirs);
      recorder.retention.cameras.push(facts(again.id, 30, 40, null));
      expect(await count()).toEqual({ listed: 3, atRecorder: 3, forecast: 3 });
      expect(await harness.actor('commune_officer', mine).refusal('GET', path)).toBe('403 not_allowed');
      expect(await admin.refusal('GET', path.replace(harness.recorderId, camera.id))).toBe('404 recorder_not_found');
    });

    it('alert of a full disk and a clock that stepped, gravest first, until it is over', async () => {
      harness.told.length = 0;
      const steppedAt = new Date(Date.now() - 60_000).toISOString();
      recorder.clock = { epoch: 1, ageDeletionSuspended: true, stepMs: 10_800_000, steppedAt };
      await untilCodes(['clock_stepped']);
      recorder.storage = { ...fine, state: 'full' };
      await untilCodes(['storage_full', 'clock_stepped']);
      expect((await list())?.alerts).toMatchObject([
        { code: 'storage_full', severity: 'critical', facts: { freeBytes: 2000, held: 0 } },
        { code: 'clock_stepped', severity: 'warning', sinceAt: steppedAt, facts: { stepMs: 10_800_000 } },
      ]);
      const [first] = (await list())?.alerts ?? [];
      recorder.storage = { ...fine, state: 'full', fullOfHeld: true };
      await eventually('held footage is named', async () => (await list())?.alerts[0]?.facts['held'] === 1);
      recorder.storage = fine;
      await untilCodes(['clock_stepped']);
      const lists = told().map(({ list }) => (list as RecorderAlerts[])[0]?.alerts.map((alert) => alert.code));
      const full = ['storage_full', 'clock_stepped'];
      expect(lists).toEqual([['clock_stepped'], full, full, ['clock_stepped']]);
      expect(told().every(({ to }) => 'permission' in to && to.permission === 'recorder.view')).toBe(true);
      expect(Date.parse(first?.sinceAt ?? '')).toBeLessThanOrEqual(Date.now());
    });

    it('take the confirmation of the clock from administrators alone, with a reason that is kept', async () => {
      const path = `/api/recorders/${harness.recorderId}/clock/confirm`;
      const reason = 'Đã đối chiếu với đồng hồ của trụ sở';
      expect(await technician.refusal('POST', path, { reason })).toBe('403 not_allowed');
      expect(await admin.status('POST', path, { reason: '  ' })).toBe(400);
      // By it footage of every area is deleted.
      expect(await harness.actor('administrator', mine).refusal('POST', path, { reason })).toBe('403 outside_area');
      expect(recorder.clockConfirmations).toBe(0);
      expect(await admin.status('POST', path, { reason })).toBe(204);
      expect(recorder.clockConfirmations).toBe(1);
      await untilCodes([]);
      const [record] = await harness.trail('recorder.clock_confirm');
      expect(record).toMatchObject({
        ...{ subjectType: 'recorder', subjectId: harness.recorderId, purpose: reason },
        details: { clock: { ageDeletionSuspended: true, stepMs: 10_800_000 } },
      });
    });

    it('take it from administrators alone that footage goes to another volume, and only where one is missing', async () => {
      const path = `/api/recorders/${harness.recorderId}/volume/accept`;
      const reason = 'Đã thay ổ đĩa hỏng';
      expect(await admin.refusal('POST', path, { reason })).toBe('409 volume_present');
      recorder.storage = { ...fine, state: 'foreign', directory: '/mnt/footage' };
      await untilCodes(['storage_missing']);
      expect((await list())?.alerts).toMatchObject([
        { severity: 'critical', facts: { directory: '/mnt/footage', foreign: 1 } },
      ]);
      expect(await technician.refusal('POST', path, { reason })).toBe('403 not_allowed');
      expect(await harness.actor('administrator', mine).refusal('POST', path, { reason })).toBe('403 outside_area');
      expect(await admin.status('POST', path, { reason: '  ' })).toBe(400);
      expect(recorder.volumeAcceptances).toBe(0);
      expect(await admin.status('POST', path, { reason })).toBe(204);
      expect(recorder.volumeAcceptances).toBe(1);
      await untilCodes([]);
      const [record] = await harness.trail('recorder.volume_accept');
      expect(record).toMatchObject({
        ...{ subjectType: 'recorder', subjectId: harness.recorderId, purpose: reason },
        details: { storage: 'foreign', directory: '/mnt/footage' },
      });
    });

    it('alert of an ffmpeg that is missing or too old', async () => {
      recorder.ffmpeg = { version: null, problem: 'too_old' };
      await untilCodes(['ffmpeg_missing']);
      expect((await list())?.alerts).toMatchObject([{ severity: 'warning', facts: { old: 1 } }]);
      recorder.ffmpeg = { version: '5.1', problem: null };
      await untilCodes([]);
    });

    it('alert of devices that show another TLS key, until the old one is back or the new one is confirmed', async () => {
      const statuses = [0, 1].map((index) => ({
        ...{ cameraId: newId(), state: 'down', reason: 'tls_key_changed', detail: '' },
        sinceAt: `2026-11-29T10:00:0${index}.000Z`,
      }));
      for (const one of statuses) recorder.statuses.set(one.cameraId, one as never);
      await untilCodes(['device_key_changed']);
      expect((await list())?.alerts).toMatchObject([
        { severity: 'critical', facts: { cameras: 2 }, sinceAt: statuses[0]!.sinceAt },
      ]);
      for (const { cameraId } of statuses) recorder.statuses.delete(cameraId);
      await untilCodes([]);
    });

    it('alert of a slow disk, missing holds, a catalogue at work and a chain that does not fit', async () => {
      recorder.storage = { ...fine, state: 'slow', slowCameras: 3, droppedFragments: 9, rebuilding: true };
      recorder.chain = { ...recorder.chain, troubles: 2 };
      await untilCodes(['chain_trouble', 'storage_slow', 'catalogue_rebuilding']);
      expect((await list())?.alerts.map((alert) => [alert.severity, alert.facts])).toEqual([
        ['critical', { troubles: 2 }],
        ['warning', { cameras: 3, droppedFragments: 9 }],
        ['warning', {}],
      ]);
      // A lost list of holds is confirmed soon after a start: it is said only when that lasts.
      recorder.startedAt = new Date().toISOString();
      recorder.isSilentOfHolds = true;
      recorder.storage = { ...fine, awaitingHolds: true };
      recorder.chain = { ...recorder.chain, troubles: 0 };
      await untilCodes([]);
      const { startedAt } = recorder;
      recorder.startedAt = new Date(Date.now() - 120_000).toISOString();
      await untilCodes(['holds_missing']);
      recorder.isSilentOfHolds = false;
      recorder.storage = fine;
      recorder.startedAt = startedAt;
      await untilCodes([]);
    });

    it('that are lost alert of just that, and nothing is said of their cameras; regained, it clears', async () => {
      recorder.storage = { ...fine, state: 'slow', slowCameras: 1 };
      await untilCodes(['storage_slow']);
      harness.told.length = 0;
      await recorder.stop();
      await untilCodes(['recorder_lost']);
      expect(await list()).toMatchObject({ reachable: false, recordingCameras: 0, engines: { native: 0, ffmpeg: 0 } });
      expect((await admin.get(`/api/cameras/${camera.id}/runtime`, cameraRuntimeResponse)).runtime).toBeNull();
      expect(await admin.refusal('GET', `/api/recorders/${harness.recorderId}/retention`)).toBe(
        '503 recorder_unreachable',
      );
      recorder.storage = fine;
      await recorder.start();
      await untilCodes([]);
      expect(told().map(({ list }) => (list as RecorderAlerts[])[0]?.alerts.map((alert) => alert.code))).toEqual([
        ['recorder_lost'],
        [],
      ]);
    });

    it('on other machines are taken in once they answer, by administrators of everything', async () => {
      const remote = new FakeRecorder();
      remote.isPaired = true;
      await remote.start();
      const body = { name: 'Đầu ghi huyện', url: `${remote.url}/`, code: remote.code };
      expect(await technician.refusal('POST', '/api/recorders', body)).toBe('403 not_allowed');
      const local = harness.actor('administrator', mine);
      expect(await local.refusal('POST', '/api/recorders', body)).toBe('403 outside_area');
      for (const url of [
        'file:///etc/passwd',
        'ftp://127.0.0.1/',
        'http://127.0.0.1:8471',
        'https://a:b@127.0.0.1/',
        `${remote.url}/v1/x`,
        'x y',
      ]) {
        expect(`${url} ${await admin.status('POST', '/api/recorders', { ...body, url })}`).toBe(`${url} 400`);
      }
      expect(remote.asked).toEqual([]);
      expect(await admin.refusal('POST', '/api/recorders', { ...body, code: newPairingCode() })).toBe(
        '409 pairing_wrong_code',
      );
      expect(await admin.refusal('POST', '/api/recorders', { ...body, code: 'ABCD-EFGH-JKMN-UUUU' })).toBe(
        '400 bad_pairing_code',
      );
      remote.consoleKey = 'e'.repeat(64);
      remote.statuses.set(camera.id, {
        cameraId: camera.id,
        state: 'alive',
        reason: 'ok',
        detail: '',
        sinceAt: remote.startedAt,
      });
      expect(await admin.refusal('POST', '/api/recorders', body)).toBe('409 recorder_in_use');
      expect(remote.desiredPuts).toEqual([]);
      remote.statuses.clear();
      const added = await admin.post('/api/recorders', recorderResponse, body);
      expect(added).toMatchObject({ name: 'Đầu ghi huyện', embedded: false, url: remote.url });
      expect(added.key).toBe(remote.certificate?.fingerprint);
      await eventually('it is kept in step', async () => {
        const { items } = await admin.get('/api/recorders', recorderListResponse);
        return remote.desired !== undefined && items.find(({ id }) => id === added.id)?.reachable;
      });
      expect(await admin.refusal('POST', '/api/recorders', body)).toBe('409 recorder_known');
      const trail = await harness.trail('recorder.create');
      expect(trail).toMatchObject([{ subjectId: added.id, details: { after: { url: remote.url, key: added.key } } }]);
      expect(JSON.stringify(trail)).not.toContain(body.code);
      await remote.stop();
      expect(await admin.refusal('POST', '/api/recorders', { ...body, url: 'https://127.0.0.1:9/' })).toBe(
        '503 recorder_unreachable',
      );
    });
  });
}
