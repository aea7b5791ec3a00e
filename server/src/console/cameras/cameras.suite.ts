import {
  cameraAddResponse,
  cameraHistoryResponse,
  cameraListResponse,
  cameraResponse,
  cameraRetryResponse,
  discoveryResponse,
} from '@choi-canh/shared/cameras';
import { clipResponse, tagResponse } from '@choi-canh/shared/evidence';
import { openingResponse } from '@choi-canh/shared/footage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cameraPassword,
  CasesHarness,
  eventually,
  identity,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from '../cases.test-harness.js';
import { areaEntity } from '../areas/area.entity.js';
import { deviceEntity } from './device.entity.js';

export function camerasSuite(open: OpenTestDatabase): void {
  describe('cameras', () => {
    const harness = new CasesHarness(open);
    let area: TestArea;
    let technician: TestActor;
    let other: TestArea;
    beforeAll(async () => {
      await harness.start();
      area = await harness.area('Chí Đám');
      technician = harness.actor('technician', area);
      other = await harness.area('Đồng Lương');
    });
    afterAll(() => harness.stop());

    async function add(devices: object[], { password = cameraPassword, former = 'return' } = {}) {
      const started = await technician.post('/api/cameras/additions', cameraAddResponse, {
        recorderId: harness.recorderId,
        areaId: area.id,
        username: 'admin',
        password,
        devices,
        former,
      });
      return eventually('the addition is done', async () => {
        const now = await technician.get(`/api/cameras/additions/${started.id}`, cameraAddResponse);
        return now.state === 'done' ? now : undefined;
      });
    }

    it('adds many with one password, at most eight at a time, tells apart what fails, and adds none twice', async () => {
      const devices = Array.from({ length: 24 }, (_, index) => ({
        deviceAddress: `http://192.168.1.${index + 1}/onvif/device_service`,
        name: `Cam ${index + 1}`,
      }));
      for (const { deviceAddress } of devices) harness.recorder.identities.set(deviceAddress, identity);
      harness.recorder.identities.set(devices[3]!.deviceAddress, { kind: 'precondition', code: 'wrong_password' });
      harness.recorder.identities.set(devices[4]!.deviceAddress, { kind: 'unavailable', code: 'host_unreachable' });
      harness.recorder.identities.set(devices[5]!.deviceAddress, { kind: 'precondition', code: 'no_video' });
      harness.recorder.identities.set(devices[6]!.deviceAddress, { kind: 'unavailable', code: 'bad_answer' });

      const done = await add([...devices, { deviceAddress: 'HTTP://192.168.1.1:80/onvif/device_service' }]);
      expect(done.total).toBe(25);
      const outcomes = new Map(done.results.map((result) => [result.deviceAddress, result.outcome]));
      expect(devices.slice(3, 7).map((device) => outcomes.get(device.deviceAddress))).toEqual([
        'wrong_password',
        'unreachable',
        'no_video',
        'bad_answer',
      ]);
      expect(done.results.filter((result) => result.outcome === 'added')).toHaveLength(20);
      expect(done.results.filter((result) => result.outcome === 'already_there')).toHaveLength(1);
      expect(harness.recorder.mostIdentifiesAtOnce).toBeGreaterThan(1);
      expect(harness.recorder.mostIdentifiesAtOnce).toBeLessThanOrEqual(8);
      expect(JSON.stringify(done)).not.toContain(cameraPassword);
      expect(harness.told.some(({ event }) => event === 'camera.add')).toBe(true);

      harness.recorder.identities.set(devices[3]!.deviceAddress, identity);
      const again = await add(devices);
      expect(
        again.results.filter((result) => result.outcome === 'added').map((result) => result.deviceAddress),
      ).toEqual([devices[3]!.deviceAddress]);
      expect(again.results.filter((result) => result.outcome === 'already_there')).toHaveLength(20);

      const { items } = await technician.get('/api/cameras', cameraListResponse);
      expect(items.map((camera) => camera.name)).toEqual(
        [...Array(24).keys()]
          .map((index) => `Cam ${index + 1}`)
          .filter((name) => !['Cam 5', 'Cam 6', 'Cam 7'].includes(name)),
      );
      expect(items[0]).toMatchObject({ state: 'unknown', reason: 'connecting', retentionDays: null, enabled: true });
      expect(items[0]).toMatchObject({ effectiveRetentionDays: 30, retentionSource: 'default', audio: false });
    });

    it('gives the recorder the passwords and nobody else', async () => {
      await eventually('the recorder has them', () => harness.recorder.desired?.cameras.length === 21);
      expect(new Set(harness.recorder.desired?.cameras.map((camera) => camera.password))).toEqual(
        new Set([cameraPassword]),
      );
      expect(harness.recorder.desired?.cameras[0]).toMatchObject({
        username: 'admin',
        mainProfileToken: 'main',
        subProfileToken: 'sub',
        retentionDays: 30,
      });
      const rows = await harness.db.read.find(deviceEntity);
      expect(JSON.stringify(rows)).not.toContain(cameraPassword);
      expect(new Set(rows.map((row) => row.passwordBox)).size).toBe(rows.length);
      const response = await technician.fetch('GET', '/api/cameras');
      const text = await response.text();
      expect(text).not.toContain(cameraPassword);
      expect(text).not.toContain('passwordBox');
    });

    it('is tried at once where somebody asks, in the scope only, and audited if it was', async () => {
      const { items } = await technician.get('/api/cameras', cameraListResponse);
      const path = `/api/cameras/${items[0]!.id}/retry`;
      const { recorder } = harness;
      expect(await technician.post(path, cameraRetryResponse, undefined)).toEqual({ tried: true, waitMs: 10_000 });
      recorder.retryAnswer = { tried: false, waitMs: 80_000 };
      expect(await technician.post(path, cameraRetryResponse, undefined)).toEqual({ tried: false, waitMs: 80_000 });
      expect(recorder.retried).toEqual([items[0]!.id, items[0]!.id]);
      expect(await harness.trail('camera.retry')).toMatchObject([
        { subjectId: items[0]!.id, areaId: items[0]!.areaId },
      ]);
      expect(await harness.actor('commune_officer').refusal('POST', path)).toBe('403 not_allowed');
      const elsewhere = harness.actor('technician', await harness.area('Hùng Xuyên'));
      expect(await elsewhere.refusal('POST', path)).toBe('404 camera_not_found');
      expect(recorder.retried).toHaveLength(2);
    });

    it('is changed, audited without the password, and told to recorder and browsers', async () => {
      const { items } = await technician.get('/api/cameras', cameraListResponse);
      const id = items[0]!.id;
      const changed = await technician.patch(`/api/cameras/${id}`, cameraResponse, {
        place: 'Cổng chợ',
        location: { lat: 21.6, lon: 105.2 },
        retentionDays: 60,
        password: 'Mat-khau-moi-hon',
      });
      expect(changed).toMatchObject({ place: 'Cổng chợ', location: { lat: 21.6, lon: 105.2 }, retentionDays: 60 });
      await eventually('the recorder knows', () =>
        harness.recorder.desired?.cameras.some(
          (camera) => camera.id === id && camera.retentionDays === 60 && camera.password === 'Mat-khau-moi-hon',
        ),
      );
      expect(
        harness.told.some(({ event, args }) => event === 'camera.changed' && (args[0] as string[])[0] === id),
      ).toBe(true);
      const [record] = await harness.trail('camera.update');
      expect(record).toMatchObject({
        subjectId: id,
        details: {
          before: { place: '', retentionDays: null },
          after: { place: 'Cổng chợ', retentionDays: 60, password: '(changed)' },
        },
      });
      expect(JSON.stringify(await harness.trail())).not.toContain('Mat-khau');
      const cleared = await technician.patch(`/api/cameras/${id}`, cameraResponse, { location: null });
      expect(cleared).toMatchObject({ location: null, place: 'Cổng chợ' });
    });

    it('is taken out of use with a reason, keeps its past, and comes back as itself', async () => {
      const camera = await harness.camera(area, 'Cam bỏ');
      const path = `/api/cameras/${camera.id}`;
      const incident = await harness.incident(harness.actor('commune_officer', area), area);
      expect(await technician.refusal('POST', `${path}/retire`, {})).toMatch(/^400/);
      const retired = await technician.post(`${path}/retire`, cameraResponse, { reason: 'sửa nguồn điện' });
      expect(retired).toMatchObject({ id: camera.id, state: 'paused', reason: 'retired' });
      expect(retired.retiredAt).not.toBeNull();
      const [record] = await harness.trail('camera.retire');
      expect(record).toMatchObject({ subjectName: 'Cam bỏ', purpose: 'sửa nguồn điện' });
      expect(await technician.refusal('POST', `${path}/retire`, { reason: 'lần nữa' })).toBe('404 camera_not_found');

      const listed = async (query = '') =>
        (await technician.get(`/api/cameras${query}`, cameraListResponse)).items.map(({ id }) => id);
      expect(await listed()).not.toContain(camera.id);
      expect(await listed('?retired=1')).toEqual([camera.id]);
      expect(await harness.actor('technician', other).get('/api/cameras?retired=1', cameraListResponse)).toEqual({
        items: [],
      });
      expect(await technician.get(path, cameraResponse)).toEqual(retired);
      // It is not recorded, its password is nowhere any more, and what was recorded is kept for its days.
      const wanted = await eventually('the recorder drops it', () =>
        harness.recorder.desired?.cameras.every(({ id }) => id !== camera.id) === true
          ? harness.recorder.desired
          : undefined,
      );
      expect(wanted.keptCameras).toEqual([{ id: camera.id, retentionDays: 30 }]);
      expect(await harness.db.read.findOneBy(deviceEntity, { id: camera.deviceId })).toMatchObject({
        ...{ passwordBox: '', retiredAt: Date.parse(retired.retiredAt ?? '') },
      });
      expect(await technician.refusal('PATCH', path, { enabled: true })).toBe('409 camera_retired');
      await technician.patch(path, cameraResponse, { retentionDays: 7, place: 'Cổng chợ cũ' });
      await eventually('its days are told', () => harness.recorder.desired?.keptCameras?.[0]?.retentionDays === 7);
      expect(await technician.refusal('GET', `${path}/live/sub/playlist.m3u8`)).toBe('404 camera_not_found');

      // Its past can be seen, tagged and cut as before.
      const officer = harness.actor('commune_officer', area);
      const range = { from: incident.occurredAt, to: new Date(Date.parse(incident.occurredAt) + 5000).toISOString() };
      await officer.post('/api/openings', openingResponse, { cameraIds: [camera.id], ...range, purpose: 'Xem lại' });
      await officer.post(`/api/incidents/${incident.id}/tags`, tagResponse, { cameraId: camera.id, ...range });
      await officer.post(`/api/incidents/${incident.id}/clips`, clipResponse, { cameraId: camera.id, ...range });

      const again = await add([{ deviceAddress: camera.deviceAddress }]);
      expect(again.results[0]).toMatchObject({
        outcome: 'returned',
        camera: { id: camera.id, name: 'Cam bỏ', place: 'Cổng chợ cũ', retiredAt: null, reason: 'connecting' },
      });
      expect((await harness.trail('camera.return'))[0]).toMatchObject({
        subjectId: camera.id,
        details: { retiredAt: retired.retiredAt },
      });
      await eventually('the recorder records it again', () =>
        harness.recorder.desired?.cameras.some(({ id, password }) => id === camera.id && password !== ''),
      );
      expect(harness.recorder.desired?.keptCameras).toEqual([]);
      const span = `from=${camera.createdAt}&to=${new Date(Date.now() + 1000).toISOString()}`;
      const { items } = await technician.get(`${path}/history?${span}`, cameraHistoryResponse);
      expect(items.map(({ reason }) => reason)).toEqual(['connecting', 'retired', 'connecting']);
      for (const [index, { toAt }] of items.entries()) expect(toAt).toBe(items[index + 1]?.sinceAt ?? null);
      expect((await add([{ deviceAddress: camera.deviceAddress }])).results[0]?.outcome).toBe('already_there');
    });

    it('comes back from its page at another address, where the same device answers', async () => {
      const camera = await harness.camera(area);
      const path = `/api/cameras/${camera.id}`;
      const [elsewhere, foreign] = ['http://10.1.0.1/onvif/device_service', 'http://10.1.0.2/onvif/device_service'];
      harness.recorder.identities.set(elsewhere, identity);
      harness.recorder.identities.set(foreign, { ...identity, serialNumber: 'SN-khac' });
      const given = { username: 'admin', password: 'Mat-khau-moi' };
      expect(await technician.refusal('POST', `${path}/return`, { ...given, deviceAddress: elsewhere })).toBe(
        '409 camera_in_use',
      );
      await technician.post(`${path}/retire`, cameraResponse, { reason: 'mang đi sửa' });
      expect(await technician.refusal('POST', `${path}/return`, { ...given, deviceAddress: foreign })).toBe(
        '409 other_device',
      );
      const taken = await harness.camera(area);
      expect(await technician.refusal('POST', `${path}/return`, { ...given, deviceAddress: taken.deviceAddress })).toBe(
        '409 address_taken',
      );
      expect(
        await technician.post(`${path}/return`, cameraResponse, { ...given, deviceAddress: elsewhere }),
      ).toMatchObject({ id: camera.id, deviceAddress: elsewhere, retiredAt: null });
      expect(JSON.stringify(await harness.trail())).not.toContain('Mat-khau-moi');
    });

    it('is a new camera where a person says so, and in another area', async () => {
      const camera = await harness.camera(area);
      await technician.post(`/api/cameras/${camera.id}/retire`, cameraResponse, { reason: 'thay camera khác' });
      const there = await harness.actor('administrator').post('/api/cameras/additions', cameraAddResponse, {
        ...{ recorderId: harness.recorderId, areaId: other.id, username: 'admin', password: cameraPassword },
        devices: [{ deviceAddress: camera.deviceAddress }],
      });
      const admin = harness.actor('administrator');
      await eventually('it is added there', async () =>
        (await admin.get('/api/cameras', cameraListResponse)).items.some(
          (one) => one.areaId === other.id && one.deviceAddress === camera.deviceAddress && one.id !== camera.id,
        ),
      );
      expect(there.total).toBe(1);
      const former = await harness.camera(area);
      await technician.post(`/api/cameras/${former.id}/retire`, cameraResponse, { reason: 'thay camera khác' });
      const fresh = await add([{ deviceAddress: former.deviceAddress }], { former: 'new' });
      expect(fresh.results[0]?.outcome).toBe('added');
      expect(fresh.results[0]?.camera?.id).not.toBe(former.id);
    });

    it('shows a state of another version as one that is not known, in its history and in the list', async () => {
      const camera = await harness.camera(area);
      await harness.db.write((manager) =>
        manager.query(
          `UPDATE camera_state_interval SET state = 'asleep', reason = 'nap_time' WHERE camera_id = '${camera.id}'`,
        ),
      );
      const span = `from=${camera.createdAt}&to=${new Date(Date.now() + 1000).toISOString()}`;
      const { items } = await technician.get(`/api/cameras/${camera.id}/history?${span}`, cameraHistoryResponse);
      expect(items).toMatchObject([{ state: 'unknown', reason: 'unknown' }]);
      expect(await technician.get(`/api/cameras/${camera.id}`, cameraResponse)).toMatchObject({ reason: 'unknown' });
      const listed = (await technician.get('/api/cameras', cameraListResponse)).items;
      expect(listed.find(({ id }) => id === camera.id)).toMatchObject({ reason: 'unknown' });
    });

    it('is found by a search, which names what is known and what it is called', async () => {
      const known = await harness.camera(area);
      const fresh = 'http://192.168.9.9/onvif/device_service';
      const device = {
        endpointReference: 'urn:uuid:9',
        deviceAddress: fresh,
        host: '192.168.9.9',
        name: 'Ngã tư bưu điện',
        hardware: 'KX',
        locationHint: 'Khu 4',
      };
      harness.recorder.discovery = {
        state: 'running',
        progress: 0.5,
        devices: [device, { ...device, deviceAddress: known.deviceAddress, endpointReference: 'urn:uuid:8' }],
        rejectedAnswers: 2,
        errorCode: null,
      };
      const started = await technician.post('/api/discoveries', discoveryResponse, {
        recorderId: harness.recorderId,
        ranges: ['192.168.9.0/24'],
      });
      expect(started).toMatchObject({ state: 'running', rejectedAnswers: 2 });
      harness.recorder.discovery = { ...harness.recorder.discovery, state: 'done', progress: 1 };
      const done = await eventually('the search is done', async () => {
        const now = await technician.get(`/api/discoveries/${started.id}`, discoveryResponse);
        return now.state === 'done' ? now : undefined;
      });
      expect(done.devices.map((found) => found.knownCameraId)).toEqual([null, known.id]);
      await eventually('browsers are told', () => harness.told.some(({ event }) => event === 'discovery.progress'));
      const colleague = harness.actor('technician', area);
      expect(await colleague.refusal('GET', `/api/discoveries/${started.id}`)).toBe('404 discovery_not_found');

      harness.recorder.identities.set(fresh, identity);
      const added = await add([{ deviceAddress: fresh }]);
      expect(added.results[0]?.camera).toMatchObject({ name: 'Ngã tư bưu điện', place: 'Khu 4' });
      harness.recorder.identities.set('http://192.168.9.10/onvif/device_service', identity);
      const moved = await add([
        { deviceAddress: 'http://192.168.9.10/onvif/device_service', endpointReference: 'urn:uuid:9' },
      ]);
      expect(moved.results[0]?.outcome).toBe('already_there');
    });

    it('says what is wrong with what it was given', async () => {
      const { items } = await technician.get('/api/cameras', cameraListResponse);
      const id = items[0]!.id;
      const range = 'from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z';
      expect(await technician.refusal('GET', `/api/cameras/${id}/history?${range}`)).toBe('400 bad_range');
      expect(await technician.refusal('GET', '/api/cameras/nonsense')).toBe('404 not_found');
      expect(await technician.status('PATCH', `/api/cameras/${id}`, { retentionDays: 0 })).toBe(400);
      const body = { recorderId: harness.recorderId, areaId: area.id, username: 'a', password: 'b' };
      expect(
        await technician.refusal('POST', '/api/cameras/additions', {
          ...body,
          devices: [{ deviceAddress: 'ftp://10.0.0.1/' }],
        }),
      ).toBe('400 bad_device_address');
      expect(
        await technician.refusal('POST', '/api/cameras/additions', {
          ...body,
          recorderId: area.id,
          devices: [{ deviceAddress: 'http://10.0.0.1/' }],
        }),
      ).toBe('404 recorder_not_found');
    });

    it('is seen live through the console, by file names that are checked', async () => {
      const { items } = await technician.get('/api/cameras', cameraListResponse);
      const base = `/api/cameras/${items[0]!.id}/live/sub`;
      const playlist = await technician.fetch('GET', `${base}/playlist.m3u8`);
      expect(playlist.status).toBe(200);
      expect(playlist.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
      expect(playlist.headers.get('cache-control')).toBe('no-store');
      expect(playlist.headers.get('x-secret-of-recorder')).toBeNull();
      expect(await playlist.text()).toBe(`live/sub/playlist.m3u8 of ${items[0]!.id}`);
      const segment = await technician.fetch('GET', `${base}/1234.m4s`);
      expect(segment.headers.get('cache-control')).toBe('private, max-age=60');
      await segment.arrayBuffer();
      for (const bad of ['..%2f..%2fstatus', 'a.b.mp4', '.m4s', 'playlist.m3u8%00', 'x.exe', '%2e%2e']) {
        expect([400, 404], bad).toContain(await technician.status('GET', `${base}/${bad}`));
      }
      expect(await technician.status('GET', base.replace('sub', 'third') + '/playlist.m3u8')).toBe(404);
    });

    it('is kept as its own days say, else as the nearest area says, else as everywhere; its recorder is told', async () => {
      const province = await harness.area('Phú Thọ');
      const commune = await harness.area('Sóc Đăng', province);
      const { id } = await harness.camera(commune);
      const admin = harness.actor('administrator');
      const setArea = async (areaId: string, retentionDays: number | null) => {
        await harness.db.write((manager) => manager.update(areaEntity, { id: areaId }, { retentionDays }));
        await harness.cases.areaRetentionChanged(areaId);
      };
      const expectDays = async (days: number, source: string, areaId: string | null) => {
        const now = await admin.get(`/api/cameras/${id}`, cameraResponse);
        expect([now.effectiveRetentionDays, now.retentionSource, now.retentionAreaId]).toEqual([days, source, areaId]);
        await eventually(`the recorder keeps it ${days} days`, () =>
          harness.recorder.desired?.cameras.some((camera) => camera.id === id && camera.retentionDays === days),
        );
      };
      await expectDays(30, 'default', null);
      harness.told.length = 0;
      await setArea(province.id, 90);
      await expectDays(90, 'area', province.id);
      expect(harness.told).toContainEqual({
        to: { areaId: commune.id, permission: 'camera.view' },
        ...{ event: 'camera.changed', args: [[id]] },
      });
      await setArea(commune.id, 7);
      await expectDays(7, 'area', commune.id);
      await admin.patch(`/api/cameras/${id}`, cameraResponse, { retentionDays: 14 });
      await expectDays(14, 'camera', null);
      await admin.patch(`/api/cameras/${id}`, cameraResponse, { retentionDays: null });
      await setArea(commune.id, null);
      await expectDays(90, 'area', province.id);
      // A technician of the commune is told the days and whose choice they are, though the province is not theirs to see.
      const local = harness.actor('technician', commune);
      expect((await local.get('/api/cameras', cameraListResponse)).items).toMatchObject([
        { effectiveRetentionDays: 90, retentionSource: 'area', retentionAreaId: province.id },
      ]);
    });

    it('records sound only where somebody switched it on', async () => {
      const { id } = await harness.camera(area);
      const audioOf = () => harness.recorder.desired?.cameras.find((camera) => camera.id === id)?.audio;
      await eventually('the recorder has it', () => audioOf() === false);
      expect((await technician.patch(`/api/cameras/${id}`, cameraResponse, { audio: true })).audio).toBe(true);
      await eventually('the recorder records sound', () => audioOf() === true);
      expect((await harness.trail('camera.update')).at(-1)?.details).toMatchObject({
        ...{ before: { audio: false }, after: { audio: true } },
      });
    });

    it('lets go of the recorder when the viewer leaves', async () => {
      const { items } = await technician.get('/api/cameras', cameraListResponse);
      harness.recorder.endlessMedia = true;
      const leaving = new AbortController();
      const response = await technician.fetch(
        'GET',
        `/api/cameras/${items[0]!.id}/live/main/5.m4s`,
        undefined,
        {},
        leaving.signal,
      );
      await response.body?.getReader().read();
      expect(harness.recorder.openMedia).toBe(1);
      leaving.abort();
      await eventually('the recorder is let go', () => harness.recorder.openMedia === 0);
      harness.recorder.endlessMedia = false;
    });

    it('has a history', async () => {
      const camera = await harness.camera(area);
      const from = new Date(Date.now() - 60_000).toISOString();
      const to = new Date(Date.now() + 60_000).toISOString();
      const { items } = await technician.get(
        `/api/cameras/${camera.id}/history?from=${from}&to=${to}`,
        cameraHistoryResponse,
      );
      expect(items).toMatchObject([{ state: 'unknown', reason: 'connecting', toAt: null }]);
    });
  });
}
