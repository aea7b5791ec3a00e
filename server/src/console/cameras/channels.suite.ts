import {
  cameraAddResponse,
  cameraListResponse,
  cameraResponse,
  deviceDetailResponse,
  deviceOffer,
  discoveryResponse,
} from '@choi-canh/shared/cameras';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cameraPassword,
  CasesHarness,
  deviceOf,
  eventually,
  identity,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from '../cases.test-harness.js';

const nvr = 'http://192.168.5.10/onvif/device_service';
const tokens = (...numbers: number[]) => numbers.map((number) => ({ sourceToken: `VideoSource_${number}` }));

/** Devices with several channels: each channel a camera, the device one fact, its password one. */
export function channelsSuite(open: OpenTestDatabase): void {
  describe('devices with channels', () => {
    let harness: CasesHarness;
    let area: TestArea;
    let technician: TestActor;
    beforeEach(async () => {
      harness = new CasesHarness(open);
      await harness.start();
      area = await harness.area('Chí Đám');
      technician = harness.actor('technician', area);
      harness.recorder.identities.set(nvr, deviceOf(16, 3));
    });
    afterEach(() => harness.stop());

    const bodyOf = (more: object) => ({
      ...{ recorderId: harness.recorderId, areaId: area.id, username: 'admin' },
      ...more,
    });
    async function add(more: object, who = technician) {
      const started = await who.post('/api/cameras/additions', cameraAddResponse, bodyOf(more));
      const done = await eventually('the addition is done', async () => {
        const now = await who.get(`/api/cameras/additions/${started.id}`, cameraAddResponse);
        return now.state === 'done' && now;
      });
      return { ...done, result: done.results[0]! };
    }
    /** As the page does: the password is typed once, then channels are chosen. */
    async function addChannels(channels: object[]) {
      const offered = await add({ password: cameraPassword, devices: [{ deviceAddress: nvr }] });
      expect(offered.result.outcome).toBe('choose_channels');
      return add({ passwordOf: offered.id, devices: [{ deviceAddress: nvr, channels }] });
    }
    const detail = (id: string, who = technician) => who.get(`/api/devices/${id}`, deviceDetailResponse);
    const desired = () => harness.recorder.desired?.cameras ?? [];
    const passwordsSent = () => harness.recorder.identified.map(({ password }) => password);

    it('offer their channels, those without a signal last, and add those that are chosen with the password typed once', async () => {
      const offered = await add({ password: cameraPassword, devices: [{ deviceAddress: nvr }] });
      expect(offered.result).toMatchObject({ outcome: 'choose_channels', camera: null, deviceId: null });
      const { offer } = offered.result;
      expect(offer).toMatchObject({ kind: 'nvr', model: 'DS-7616NI' });
      expect(offer?.channels.map(({ number }) => number)).toEqual([...Array(16).keys()].map((index) => index + 1));
      expect(offer?.channels.slice(-3).map(({ signal }) => signal)).toEqual([false, false, false]);
      expect((await technician.get('/api/cameras', cameraListResponse)).items).toEqual([]);
      expect(JSON.stringify(offered)).not.toContain(cameraPassword);

      // Each with its picture, made by the device, to nobody else.
      const picture = `/api/cameras/additions/${offered.id}/picture?${new URLSearchParams({ deviceAddress: nvr, sourceToken: 'VideoSource_7' })}`;
      const response = await technician.fetch('GET', picture);
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      expect(Buffer.from(await response.arrayBuffer()).toString('latin1')).toContain('M7');
      expect(await harness.actor('technician', area).refusal('GET', picture)).toBe('404 addition_not_found');

      const chosen = [...tokens(7), { ...tokens(2)[0]!, name: 'Cổng chợ', place: 'Khu 3' }];
      const done = await add({ passwordOf: offered.id, devices: [{ deviceAddress: nvr, channels: chosen }] });
      expect(done.result).toMatchObject({ outcome: 'added', cameras: 2 });
      const { items } = await detail(done.result.deviceId!);
      expect(items).toMatchObject([
        {
          name: 'Cổng chợ',
          place: 'Khu 3',
          channelNumber: 2,
          main: { profileToken: 'M2' },
          sub: { profileToken: 'S2' },
        },
        { channelNumber: 7, main: { profileToken: 'M7' }, sub: { profileToken: 'S7' } },
      ]);
      await eventually('its recorder has both', () => desired().length === 2);
      expect(new Set(desired().map(({ deviceId }) => deviceId))).toEqual(new Set([done.result.deviceId]));
      expect(new Set(desired().map(({ password }) => password))).toEqual(new Set([cameraPassword]));
      expect(
        desired()
          .map(({ sourceToken }) => sourceToken)
          .sort(),
      ).toEqual(['VideoSource_2', 'VideoSource_7']);
      expect((await harness.trail('camera.create')).map(({ details }) => details)).toMatchObject([
        { channel: 7, serialNumber: 'SN-NVR' },
        { channel: 2 },
      ]);
      expect((await add({ password: 'x', devices: [{ deviceAddress: nvr }] })).result).toMatchObject({
        ...{ outcome: 'already_there', deviceId: done.result.deviceId },
      });
      // Nothing but that password was ever sent to it.
      expect(new Set(passwordsSent())).toEqual(new Set([cameraPassword]));
    });

    it('keep the password for who typed it, that address and that account', async () => {
      const offered = await add({ password: cameraPassword, devices: [{ deviceAddress: nvr }] });
      const other = 'http://192.168.5.11/onvif/device_service';
      const again = (more: object, who = technician) =>
        who.refusal(
          'POST',
          '/api/cameras/additions',
          bodyOf({ passwordOf: offered.id, devices: [{ deviceAddress: nvr, channels: tokens(1) }], ...more }),
        );
      const forgotten = '412 password_forgotten';
      expect(await again({}, harness.actor('technician', area))).toBe(forgotten);
      expect(await again({ devices: [{ deviceAddress: other, channels: tokens(1) }] })).toBe(forgotten);
      expect(await again({ username: 'root' })).toBe(forgotten);
      expect(await again({ password: 'b' })).toMatch(/^400/);
      expect(await again({ passwordOf: undefined })).toMatch(/^400/);
      expect(harness.recorder.identified.map(({ deviceAddress }) => deviceAddress)).toEqual([nvr]);
    });

    it('take a profile of the channel itself only, and no channel that is not there', async () => {
      const chosen = (more: object) => addChannels([{ ...tokens(3)[0]!, ...more }]);
      expect((await chosen({ mainProfileToken: 'M4' })).result.outcome).toBe('bad_answer');
      expect((await chosen({ sourceToken: 'VideoSource_17' })).result.outcome).toBe('bad_answer');
      const { result } = await chosen({ mainProfileToken: 'M3', subProfileToken: 'T3' });
      expect(result.camera).toMatchObject({ main: { profileToken: 'M3' }, sub: { profileToken: 'T3' } });
      const path = `/api/cameras/${result.camera!.id}/profiles`;
      const put = (main: string, sub: string | null) => ({ mainProfileToken: main, subProfileToken: sub });
      expect(await technician.refusal('PUT', path, put('M3', 'S4'))).toBe('400 profile_not_found');
      expect(await technician.refusal('PUT', path, put('M3', 'S3'))).toBe('200');
      await eventually('its recorder follows', () => desired()[0]?.subProfileToken === 'S3');
      expect((await harness.trail('camera.update')).at(-1)?.details).toMatchObject({
        ...{ before: { main: 'M3', sub: 'T3' }, after: { main: 'M3', sub: 'S3' } },
      });
    });

    it('are asked for more channels later, with the password that they have', async () => {
      const { deviceId } = (await addChannels(tokens(1))).result;
      const offer = await technician.post(`/api/devices/${deviceId}/channels`, deviceOffer, undefined);
      expect(offer.channels.filter(({ taken }) => taken).map(({ number }) => number)).toEqual([1]);
      const picture = await technician.fetch('GET', `/api/devices/${deviceId}/picture?sourceToken=VideoSource_9`);
      expect(Buffer.from(await picture.arrayBuffer()).toString('latin1')).toContain('M9');
      const more = { areaId: area.id, channels: [...tokens(1), ...tokens(9)] };
      const now = await technician.post(`/api/devices/${deviceId}/cameras`, deviceDetailResponse, more);
      expect(now.items.map(({ channelNumber }) => channelNumber)).toEqual([1, 9]);
      expect(new Set(passwordsSent())).toEqual(new Set([cameraPassword]));
      expect(new Set(harness.recorder.snapshots.map(({ password }) => password))).toEqual(new Set([cameraPassword]));
    });

    it('are one fact when they are down, and several while a channel is not', async () => {
      const { deviceId } = (await addChannels(tokens(1, 2))).result;
      const { items } = await detail(deviceId!);
      const say = async (id: string, state: 'down' | 'alive', reason: 'wrong_password' | 'ok') => {
        const status = { cameraId: id, state, reason, detail: '', sinceAt: new Date().toISOString() };
        harness.recorder.emit({ type: 'camera.state', status });
        await eventually('it is believed', async () => {
          const now = await technician.get(`/api/cameras/${id}`, cameraResponse);
          return now.state === state;
        });
      };
      await say(items[0]!.id, 'down', 'wrong_password');
      expect((await detail(deviceId!)).device).toMatchObject({ cameras: 2, down: 1, trouble: null });
      await say(items[1]!.id, 'down', 'wrong_password');
      const trouble = { reason: 'wrong_password' };
      expect((await detail(deviceId!)).device).toMatchObject({ cameras: 2, down: 2, trouble });
    });

    it('get one password and one address for all their channels', async () => {
      const { deviceId } = (await addChannels(tokens(1, 2, 3))).result;
      const { items } = await detail(deviceId!);
      await technician.patch(`/api/cameras/${items[2]!.id}`, cameraResponse, { password: 'Mat-khau-khac' });
      await eventually('all have it', () => desired().every(({ password }) => password === 'Mat-khau-khac'));
      const moved = 'http://192.168.5.20/onvif/device_service';
      harness.recorder.identities.set(moved, deviceOf(16, 3));
      const move = { deviceAddress: moved, password: 'Mat-khau-khac' };
      await technician.post(`/api/cameras/${items[0]!.id}/address`, cameraResponse, move);
      await eventually('all follow', () => desired().every(({ deviceAddress }) => deviceAddress === moved));
      expect(new Set((await detail(deviceId!)).items.map(({ deviceAddress }) => deviceAddress))).toEqual(
        new Set([moved]),
      );
    });

    it('are changed by nobody who may not see all of their cameras', async () => {
      const { deviceId } = (await addChannels(tokens(1, 2))).result;
      const other = await harness.area('Đồng Lương');
      const { items } = await detail(deviceId!);
      const admin = harness.actor('administrator');
      await admin.patch(`/api/cameras/${items[1]!.id}`, cameraResponse, { areaId: other.id });
      const mine = await detail(deviceId!);
      expect([mine.items.length, mine.shared, mine.device.cameras]).toEqual([1, true, 1]);
      const path = `/api/cameras/${items[0]!.id}`;
      expect(await technician.refusal('PATCH', path, { password: 'x' })).toBe('403 device_shared');
      expect(await technician.refusal('POST', `${path}/address`, { deviceAddress: nvr, password: 'x' })).toBe(
        '403 device_shared',
      );
      expect(await technician.refusal('PATCH', path, { place: 'Cổng chợ' })).toBe('200');
      await eventually('its place is told', () => desired().length === 2);
      expect(desired().every(({ password }) => password === cameraPassword)).toBe(true);
      expect(passwordsSent()).not.toContain('x');
      expect((await detail(deviceId!, admin)).shared).toBe(false);
      // Which channels somebody else's are is not told.
      const offer = await technician.post(`/api/devices/${deviceId}/channels`, deviceOffer, undefined);
      expect(offer.channels.slice(0, 3).map(({ taken, knownCameraId }) => [taken, knownCameraId])).toEqual([
        ...[
          [true, items[0]!.id],
          [true, null],
        ],
        [false, null],
      ]);
      expect(offer.channels[1]!.name).toBe('');
      // Nor how they are named, nor what they see; who may see them sees it.
      const picture = (number: number) => `/api/devices/${deviceId}/picture?sourceToken=VideoSource_${number}`;
      const before = harness.recorder.snapshots.length;
      expect(await technician.refusal('GET', picture(2))).toBe('404 channel_not_found');
      expect(harness.recorder.snapshots).toHaveLength(before);
      for (const number of [1, 3]) expect(await technician.refusal('GET', picture(number))).toBe('200');
      await admin.post(`/api/devices/${deviceId}/channels`, deviceOffer, undefined);
      expect(await admin.refusal('GET', picture(2))).toBe('200');
    });

    it('go out of use with their last camera, and come back as what they were', async () => {
      const { deviceId } = (await addChannels(tokens(1, 2))).result;
      const { items } = await detail(deviceId!);
      const retire = (id: string) => technician.post(`/api/cameras/${id}/retire`, cameraResponse, { reason: 'đi sửa' });
      await retire(items[0]!.id);
      expect((await detail(deviceId!)).items.map(({ id }) => id)).toEqual([items[1]!.id]);
      await retire(items[1]!.id);
      expect(await technician.refusal('GET', `/api/devices/${deviceId}`)).toBe('404 device_not_found');
      const again = await addChannels(tokens(2, 3));
      expect(again.result).toMatchObject({ outcome: 'added', deviceId, cameras: 2 });
      const now = (await detail(deviceId!)).items;
      expect(now.map(({ channelNumber }) => channelNumber)).toEqual([2, 3]);
      expect(now[0]!.id).toBe(items[1]!.id);
      expect(await harness.trail('camera.return')).toHaveLength(1);
      const more = { areaId: area.id, channels: tokens(1) };
      const all = await technician.post(`/api/devices/${deviceId}/cameras`, deviceDetailResponse, more);
      expect(all.items[0]!.id).toBe(items[0]!.id);
    });

    it('do not come back without a password where the last camera went out of use while more were added', async () => {
      const { deviceId, camera } = (await addChannels(tokens(1))).result;
      const asked = harness.recorder.identified.length;
      harness.recorder.identifyMs = 1500;
      const more = { areaId: area.id, channels: tokens(2) };
      const adding = technician.refusal('POST', `/api/devices/${deviceId}/cameras`, more);
      await eventually('the device is asked', () => harness.recorder.identified.length > asked);
      await technician.post(`/api/cameras/${camera!.id}/retire`, cameraResponse, { reason: 'đi sửa' });
      expect(await adding).toBe('404 device_not_found');
      expect((await technician.get('/api/cameras', cameraListResponse)).items).toEqual([]);
    });

    it('get their stored password over the key alone that they showed when it was typed', async () => {
      const secure = 'https://192.168.5.12/onvif/device_service';
      const tlsKey = 'a'.repeat(64);
      harness.recorder.identities.set(secure, { ...deviceOf(16, 3), tlsKey, oldTls: true });
      const devices = [{ deviceAddress: secure, channels: tokens(1) }];
      const { deviceId, camera } = (await add({ password: cameraPassword, devices })).result;
      const { identified, snapshots } = harness.recorder;
      const asked = identified.length;
      await technician.post(`/api/devices/${deviceId}/channels`, deviceOffer, undefined);
      await technician.fetch('GET', `/api/devices/${deviceId}/picture?sourceToken=VideoSource_9`);
      await technician.refusal('POST', `/api/devices/${deviceId}/cameras`, { areaId: area.id, channels: tokens(2) });
      await technician.refusal('PUT', `/api/cameras/${camera!.id}/profiles`, {
        ...{ mainProfileToken: 'M1', subProfileToken: null },
      });
      expect(identified.slice(asked).map((one) => one.tlsKey)).toEqual([tlsKey, tlsKey, tlsKey]);
      expect(snapshots).toMatchObject([{ tlsKey }]);
      const shown = () => technician.get(`/api/devices/${deviceId}`, deviceDetailResponse);
      expect((await shown()).device.oldTls).toBe(true);
      // Its firmware was updated.
      harness.recorder.identities.set(secure, { ...deviceOf(16, 3), tlsKey, oldTls: false });
      await technician.post(`/api/devices/${deviceId}/channels`, deviceOffer, undefined);
      expect((await shown()).device.oldTls).toBe(false);
    });

    it('that share a reference at the same time are told apart by serial, then by address', async () => {
      const at = (host: number) => `http://192.168.6.${host}/onvif/device_service`;
      const clone = (host: number) => ({
        ...{ endpointReference: 'urn:uuid:clone', deviceAddress: at(host), host: `192.168.6.${host}` },
        ...{ name: '', hardware: 'J20', locationHint: '' },
      });
      for (const host of [1, 2]) harness.recorder.identities.set(at(host), { ...identity, serialNumber: `SN${host}` });
      harness.recorder.discovery = {
        ...{ state: 'done', progress: 1, rejectedAnswers: 0, errorCode: null, devices: [clone(1), clone(2)] },
      };
      const body = { recorderId: harness.recorderId, ranges: [] };
      await technician.post('/api/discoveries', discoveryResponse, body);
      for (const host of [1, 2]) {
        const { result } = await add({ password: cameraPassword, devices: [{ deviceAddress: at(host) }] });
        expect(result.outcome).toBe('added');
      }
      const found = await technician.post('/api/discoveries', discoveryResponse, body);
      expect(found.devices.map(({ movedFrom }) => movedFrom)).toEqual([null, null]);
      expect(new Set(found.devices.map(({ knownCameraId }) => knownCameraId)).size).toBe(2);
      // One of them at another address: its serial number says which.
      harness.recorder.identities.set(at(3), { ...identity, serialNumber: 'SN2' });
      harness.recorder.discovery = { ...harness.recorder.discovery, devices: [clone(1), clone(3)] };
      await technician.post('/api/discoveries', discoveryResponse, body);
      const { result } = await add({ password: cameraPassword, devices: [{ deviceAddress: at(3) }] });
      expect(result).toMatchObject({ outcome: 'already_there', camera: { deviceAddress: at(2) } });
    });
  });
}
