import { randomUUID } from 'node:crypto';
import { holdListResponse, unknownHoldPage } from '@choi-canh/shared/evidence';
import type { CameraResponse } from '@choi-canh/shared/cameras';
import { cameraAddResponse, cameraListResponse } from '@choi-canh/shared/cameras';
import type { IncidentResponse } from '@choi-canh/shared/incidents';
import { recorderListResponse, recorderTakeOverResponse } from '@choi-canh/shared/recorders';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cameraPassword,
  CasesHarness,
  identity,
  eventually,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from '../cases.test-harness.js';
import { cameraEntity } from '../cameras/camera.entity.js';
import { holdCauseEntity, holdEntity, holdRangeEntity } from './hold.entity.js';

export function unknownHoldsSuite(open: OpenTestDatabase): void {
  describe('holds that a recorder has and the console does not', () => {
    const harness = new CasesHarness(open);
    const { recorder } = harness;
    let area: TestArea;
    let admin: TestActor;
    let officer: TestActor;
    let camera: CameraResponse;
    let incident: IncidentResponse;
    beforeAll(async () => {
      await harness.start();
      area = await harness.area('Chí Đám', undefined, 'CĐ');
      admin = harness.actor('administrator');
      officer = harness.actor('commune_officer', area);
      camera = await harness.camera(area, 'Cổng chợ');
      incident = await harness.incident(officer, area);
    });
    afterAll(() => harness.stop());

    const reason = { reason: 'đã kiểm tra' };
    const at = (seconds: number) => new Date(Date.parse(incident.occurredAt) + seconds * 1000).toISOString();
    const holds = async () => (await officer.get(`/api/incidents/${incident.id}/holds`, holdListResponse)).items;
    const unknown = () => admin.get(`/api/recorders/${harness.recorderId}/unknown-holds`, unknownHoldPage);
    const alerts = async () => (await admin.get('/api/recorders', recorderListResponse)).items[0]!.alerts;
    const alert = async (code: string) => (await alerts()).find((one) => one.code === code);
    const held = (given: object = {}) => {
      const id = randomUUID();
      recorder.heldRanges.set(id, {
        ...{ id, cameraId: camera.id, from: at(0), to: at(60), incident: null },
        ...given,
      });
      return id;
    };

    it('are never released because they are missing here, also where the database forgot all of them', async () => {
      const range = { cameraIds: [camera.id], from: at(0), to: at(60) };
      await officer.post(`/api/incidents/${incident.id}/holds`, holdListResponse, range);
      await eventually('it is held', async () => (await holds())[0]?.state === 'held');
      const before = [...recorder.heldRanges.keys()];
      expect(before).toHaveLength(1);
      // As restored from a backup of the time before.
      await harness.stopConsole();
      await harness.db.write(async (manager) => {
        for (const entity of [holdCauseEntity, holdRangeEntity, holdEntity])
          await manager.createQueryBuilder().delete().from(entity).execute();
      });
      await harness.startConsole();
      // The incident is known: it has its hold again.
      await eventually('it was taken over', async () => (await holds())[0]?.state === 'held');
      expect((await holds())[0]).toMatchObject({
        ranges: [{ from: at(0), to: at(60) }],
        causes: [{ kind: 'recorder', createdByName: '' }],
      });
      expect([...recorder.heldRanges.keys()]).toEqual(before);
      expect((await unknown()).items).toEqual([]);
    });

    it('of an incident that is not known are shown, said in an alert, and assigned or released by an administrator', async () => {
      const lost = { incident: { id: randomUUID(), number: 'CĐ-2025-0999' } };
      held({ ...lost, from: at(100), to: at(160) });
      held({ ...lost, from: at(200), to: at(260) });
      const foreign = held({ cameraId: randomUUID() });
      await eventually('they were taken over', async () => (await unknown()).ranges === 3);
      const { items } = await unknown();
      expect(
        items.map(({ cameraName, incidentNumber, ranges }) => [cameraName, incidentNumber, ranges.length]),
      ).toEqual(
        expect.arrayContaining([
          ['Cổng chợ', 'CĐ-2025-0999', 2],
          [null, '', 1],
        ]),
      );
      expect(await eventually('it is said', () => alert('holds_unknown'))).toMatchObject({ facts: { ranges: 3 } });
      expect(await officer.status('GET', `/api/recorders/${harness.recorderId}/unknown-holds`)).toBe(403);
      const local = harness.actor('administrator', area);
      expect(await local.status('GET', `/api/recorders/${harness.recorderId}/unknown-holds`)).toBe(403);

      const [mine] = items.filter(({ cameraName }) => cameraName !== null);
      const [other] = items.filter(({ cameraName }) => cameraName === null);
      const path = (id: string, what: string) => `/api/unknown-holds/${id}/${what}`;
      expect(await local.status('POST', path(mine!.id, 'release'), reason)).toBe(403);
      expect(await admin.refusal('POST', path(mine!.id, 'assign'), { incidentId: randomUUID() })).toBe(
        '404 incident_not_found',
      );
      expect(await admin.status('POST', path(mine!.id, 'assign'), { incidentId: incident.id })).toBe(204);
      expect((await holds()).map(({ ranges }) => ranges.length)).toEqual([3]);
      expect(await admin.status('POST', path(other!.id, 'release'), reason)).toBe(204);
      await eventually('the recorder released it', () => !recorder.heldRanges.has(foreign));
      await eventually('nothing is said any more', async () => (await alert('holds_unknown')) === undefined);
      expect((await harness.trail('hold.assign')).at(-1)).toMatchObject({ details: { incidentId: incident.id } });
      expect((await harness.trail('hold.release')).at(-1)).toMatchObject({ purpose: reason.reason });
      expect(await admin.refusal('POST', path(other!.id, 'assign'), { incidentId: incident.id })).toBe(
        '404 hold_not_found',
      );
    });

    it('are put again where the recorder lost them, and its list is confirmed then', async () => {
      const before = new Map(recorder.heldRanges);
      const confirmed = recorder.holdConfirmations;
      recorder.heldRanges.clear();
      recorder.storage = { ...recorder.storage, awaitingHolds: true };
      await eventually('they are there again', () => recorder.heldRanges.size === before.size);
      await eventually('the list is confirmed', () => recorder.holdConfirmations > confirmed);
      expect([...recorder.heldRanges.keys()].sort()).toEqual([...before.keys()].sort());
      await eventually('all is held', async () => (await holds()).every(({ state }) => state === 'held'));
    });

    it('that were released here are released again there', async () => {
      const [hold] = await holds();
      await (await officer.fetch('POST', `/api/holds/${hold!.id}/release`, reason)).arrayBuffer();
      const before = new Map(recorder.heldRanges);
      await eventually('they are released', () => recorder.heldRanges.size === 0);
      for (const [id, one] of before) recorder.heldRanges.set(id, one);
      await eventually('they are released again', () => recorder.heldRanges.size === 0);
      await eventually('that is known', async () => (await holds())[0]?.state === 'released');
    });

    it('are taken over in pages, however many there are', async () => {
      for (let count = 0; count < 1300; count++) held({ from: at(count * 10), to: at(count * 10 + 5) });
      await eventually('all were taken over', async () => (await unknown()).ranges === 1300);
      expect(recorder.heldRanges.size).toBe(1300);
      const [hold] = (await unknown()).items;
      expect(await admin.status('POST', `/api/unknown-holds/${hold!.id}/release`, reason)).toBe(204);
      await eventually('all are released', () => recorder.heldRanges.size === 0);
    });
  });

  describe('a recorder that follows another database', () => {
    const harness = new CasesHarness(open);
    const { recorder } = harness;
    let area: TestArea;
    let admin: TestActor;
    const stranger = randomUUID();
    const known = {
      ...{ id: randomUUID(), name: 'Ngã tư', deviceAddress: 'http://10.9.9.9/onvif/device_service', username: 'admin' },
      ...{
        password: 'chỉ máy ghi biết',
        enabled: true,
        retentionDays: 30,
        mainProfileToken: 'm',
        subProfileToken: null,
      },
      ...{ audio: false, mark: 'of another console' },
    };
    beforeAll(async () => {
      recorder.consoleId = stranger;
      recorder.desired = { revision: 77, minFreeBytes: 5, cameras: [known] };
      recorder.heldRanges.set(randomUUID(), {
        ...{ id: randomUUID(), cameraId: known.id, incident: null },
        ...{ from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T00:01:00.000Z' },
      });
      recorder.statuses.set(known.id, {
        ...{ cameraId: known.id, state: 'alive', reason: 'ok', detail: '', sinceAt: recorder.startedAt },
      });
      await harness.start();
      area = await harness.area('Chí Đám', undefined, 'CĐ');
      admin = harness.actor('administrator');
    });
    afterAll(() => harness.stop());

    const recorderNow = async () => (await admin.get('/api/recorders', recorderListResponse)).items[0]!;
    const path = (what: string) => `/api/recorders/${harness.recorderId}/${what}`;

    it('goes on as it was told, and an alert says so', async () => {
      const alert = await eventually('it is said', async () =>
        (await recorderNow()).alerts.find(({ code }) => code === 'console_unknown'),
      );
      expect(alert).toMatchObject({ severity: 'critical', facts: { cameras: 1, holds: 1 } });
      await new Promise((resolve) => setTimeout(resolve, 300)); // several turns
      expect(recorder.desiredPuts).toEqual([]);
      expect(recorder.holdChanges).toEqual([]);
      expect(recorder.desired).toMatchObject({ revision: 77, cameras: [known] });
    });

    it('is taken over by an administrator of everything: cameras come with their ids, passwords stay there', async () => {
      const body = { areaId: area.id, reason: 'cơ sở dữ liệu cũ đã mất' };
      expect(await harness.actor('administrator', area).status('POST', path('take-over'), body)).toBe(403);
      expect(await harness.actor('technician').status('POST', path('take-over'), body)).toBe(403);
      expect(await admin.refusal('POST', path('take-over'), { ...body, areaId: randomUUID() })).toBe(
        '404 area_not_found',
      );
      expect(recorder.consoleId).toBe(stranger);
      expect(await admin.post(path('take-over'), recorderTakeOverResponse, body)).toEqual({ adopted: 1, skipped: 0 });
      await eventually('it follows', () => recorder.desiredPuts.length > 0);
      expect(recorder.desired?.cameras).toMatchObject([
        { id: known.id, name: 'Ngã tư', password: null, retentionDays: 30 },
      ]);
      const { items } = await admin.get('/api/cameras', cameraListResponse);
      expect(items).toMatchObject([{ id: known.id, areaId: area.id, name: 'Ngã tư' }]);
      await eventually('its holds were taken over', async () =>
        (await recorderNow()).alerts.some(({ code }) => code === 'holds_unknown'),
      );
      expect(recorder.heldRanges.size).toBe(1);
      expect((await recorderNow()).alerts.map(({ code }) => code)).not.toContain('console_unknown');
      expect((await harness.trail('recorder.take_over')).at(-1)).toMatchObject({
        purpose: body.reason,
        details: { previousConsoleId: stranger, cameras: [known.id] },
      });
      expect(await admin.refusal('POST', path('take-over'), body)).toBe('409 recorder_ours');
    });

    it('restored from before: cameras follow the console, and what was dropped is said until it was read', async () => {
      const lost = {
        ...known,
        id: randomUUID(),
        name: 'Sân đình',
        deviceAddress: 'http://10.9.9.8/onvif/device_service',
      };
      await harness.stopConsole();
      const { desired } = recorder;
      recorder.desired = { ...desired!, revision: desired!.revision + 5, cameras: [...desired!.cameras, lost] };
      await harness.startConsole();
      const alert = await eventually('it is said', async () =>
        (await recorderNow()).alerts.find(({ code }) => code === 'cameras_dropped'),
      );
      expect(alert.facts).toEqual({ cameras: 1, names: 'Sân đình' });
      expect(recorder.desired.cameras.map(({ id }) => id)).toEqual([known.id]);
      expect(await admin.status('POST', path('dropped/confirm'), { reason: 'đã biết' })).toBe(204);
      await eventually('it was read', async () =>
        (await recorderNow()).alerts.every(({ code }) => code !== 'cameras_dropped'),
      );
    });

    it('says what it refuses, and is asked again until it takes it', async () => {
      recorder.refusal = { kind: 'invalid', code: 'too_many_cameras' };
      await harness.camera(area);
      const alert = await eventually('it is said', async () =>
        (await recorderNow()).alerts.find(({ code }) => code === 'desired_refused'),
      );
      expect(alert).toMatchObject({ severity: 'critical', facts: { code: 'too_many_cameras' } });
      recorder.refusal = undefined;
      await eventually('it is taken', () => recorder.desired?.cameras.length === 2);
      await eventually('nothing is said any more', async () =>
        (await recorderNow()).alerts.every(({ code }) => code !== 'desired_refused'),
      );
    });

    it('a change of one camera travels as that', async () => {
      const { items } = await admin.get('/api/cameras', cameraListResponse);
      const puts = recorder.desiredPuts.length;
      const asked = recorder.asked.length;
      await (await admin.fetch('PATCH', `/api/cameras/${items[0]!.id}`, { name: 'Tên mới' })).arrayBuffer();
      await eventually('it was told', () => recorder.desiredPuts.length > puts);
      expect(recorder.desiredPuts.at(-1)!.cameras.map(({ name }) => name)).toEqual(['Tên mới']);
      const paths = recorder.asked.slice(asked).map(({ method, path }) => `${method} ${path}`);
      expect(paths.filter((one) => /GET .*(desired-state|holds)/.test(one))).toEqual([]);
    });
  });
  describe('a recorder of 5,000 cameras', () => {
    const harness = new CasesHarness(open);
    const { recorder } = harness;
    beforeAll(() => harness.start());
    afterAll(() => harness.stop());

    it('is given all of them, each change as that, and one more is refused in words', async () => {
      const area = await harness.area('Chí Đám', undefined, 'CĐ');
      const first = await harness.camera(area);
      const row = await harness.db.read.findOneByOrFail(cameraEntity, { id: first.id });
      await harness.db.write(async (manager) => {
        const more = Array.from({ length: 4999 }, (_, index) => ({
          ...{ ...row, id: randomUUID(), name: `Camera ${index}`, sourceToken: `V${index}` },
        }));
        for (let at = 0; at < more.length; at += 30) await manager.insert(cameraEntity, more.slice(at, at + 30));
      });
      await harness.stopConsole();
      await harness.startConsole();
      await eventually('it has them', () => recorder.desired?.cameras.length === 5000, 60_000);
      expect(Math.max(...recorder.desiredPuts.map(({ cameras }) => cameras.length))).toBeLessThanOrEqual(250);
      const puts = recorder.desiredPuts.length;
      const admin = harness.actor('administrator');
      await (await admin.fetch('PATCH', `/api/cameras/${first.id}`, { name: 'Tên mới' })).arrayBuffer();
      await eventually('it was told', () => recorder.desiredPuts.length > puts);
      expect(recorder.desiredPuts.at(-1)!.cameras.map(({ id }) => id)).toEqual([first.id]);

      const deviceAddress = 'http://10.200.0.1/onvif/device_service';
      recorder.identities.set(deviceAddress, identity);
      const started = await admin.post('/api/cameras/additions', cameraAddResponse, {
        ...{ recorderId: harness.recorderId, areaId: area.id, username: 'admin', password: cameraPassword },
        devices: [{ deviceAddress }],
      });
      const done = await eventually('it was tried', async () => {
        const now = await admin.get(`/api/cameras/additions/${started.id}`, cameraAddResponse);
        return now.state === 'done' ? now : undefined;
      });
      expect(done.results.map(({ outcome }) => outcome)).toEqual(['recorder_full']);
      expect(await harness.db.read.countBy(cameraEntity, { recorderId: harness.recorderId })).toBe(5000);
    }, 120_000);
  });
}
