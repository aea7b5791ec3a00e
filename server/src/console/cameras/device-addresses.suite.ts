import {
  cameraAddResponse,
  cameraResponse,
  cameraSightingsResponse,
  discoveryResponse,
} from '@choi-canh/shared/cameras';
import { recorderListResponse, recorderResponse } from '@choi-canh/shared/recorders';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cameraPassword,
  CasesHarness,
  eventually,
  identity,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from '../cases.test-harness.js';

const at = (host: string, scheme = 'http') => `${scheme}://${host}/onvif/device_service`;

/** Where cameras' passwords go, which addresses are tried, and what of that is on record. */
export function deviceAddressesSuite(open: OpenTestDatabase): void {
  describe('addresses of cameras', () => {
    let harness: CasesHarness;
    let area: TestArea;
    let technician: TestActor;
    beforeEach(async () => {
      harness = new CasesHarness(open);
      await harness.start();
      area = await harness.area('Chí Đám');
      technician = harness.actor('technician', area);
      await eventually('the recorder said what it may search', async () => {
        const { items } = await technician.get('/api/recorders', recorderListResponse);
        return items[0]!.networks.length > 0;
      });
    });
    afterEach(() => harness.stop());

    const answers = (address: string, serialNumber = 'SN1', more = {}) =>
      harness.recorder.identities.set(address, { ...identity, serialNumber, ...more });
    const sentTo = (address: string) => harness.recorder.identified.filter((one) => one.deviceAddress === address);
    const desiredOf = (id: string) => harness.recorder.desired?.cameras.find((camera) => camera.id === id);
    const device = (deviceAddress: string, endpointReference: string, name = '') => ({
      ...{ endpointReference, deviceAddress, host: new URL(deviceAddress).hostname, name },
      ...{ hardware: 'KX', locationHint: '' },
    });
    const addressOf = async (id: string) => (await technician.get(`/api/cameras/${id}`, cameraResponse)).deviceAddress;
    const questions = async (who = technician) =>
      (await who.get('/api/camera-sightings', cameraSightingsResponse)).items;

    async function add(addresses: string[], who = technician, references: string[] = []) {
      const started = await who.post('/api/cameras/additions', cameraAddResponse, {
        ...{ recorderId: harness.recorderId, areaId: area.id, username: 'admin', password: cameraPassword },
        devices: addresses.map((deviceAddress, index) => ({
          ...{ deviceAddress, endpointReference: references[index] ?? '' },
        })),
      });
      return eventually('the addition is done', async () => {
        const now = await who.get(`/api/cameras/additions/${started.id}`, cameraAddResponse);
        return now.state === 'done' ? now : undefined;
      });
    }
    async function search(devices: ReturnType<typeof device>[], who = technician) {
      harness.recorder.discovery = {
        ...{ state: 'done', progress: 1, rejectedAnswers: 0, errorCode: null },
        devices,
      };
      const body = { recorderId: harness.recorderId, ranges: [] };
      return who.post('/api/discoveries', discoveryResponse, body);
    }
    async function camera(host: string, reference: string, more = {}, scheme = 'http') {
      answers(at(host, scheme), `SN-${reference}`, more);
      const { results } = await add([at(host, scheme)], technician, [reference]);
      return results[0]!.camera!.id;
    }
    async function goDown(id: string) {
      const status = { cameraId: id, state: 'down' as const, reason: 'host_unreachable' as const, detail: '' };
      harness.recorder.emit({ type: 'camera.state', status: { ...status, sinceAt: new Date().toISOString() } });
      await eventually('it is down', async () => {
        const now = await technician.get(`/api/cameras/${id}`, cameraResponse);
        return now.state === 'down';
      });
    }

    it('carry the confirmed host to the recorder', async () => {
      const id = await camera('192.168.8.1', 'urn:uuid:1');
      await eventually('the recorder has it', () => desiredOf(id) !== undefined);
      expect(desiredOf(id)).toMatchObject({ confirmedHosts: ['192.168.8.1'], plainPassword: true, tlsKey: null });
      expect(desiredOf(id)?.passwordTypedAt).toBeGreaterThan(Date.now() - 60_000);
    });

    it('that are typed come with the password; the stored one is not sent there, and is replaced', async () => {
      const id = await camera('192.168.8.1', 'urn:uuid:1');
      const relay = at('192.168.8.66');
      answers(relay, 'SN-urn:uuid:1');
      const move = (body: object) => technician.refusal('POST', `/api/cameras/${id}/address`, body);
      expect(await move({ deviceAddress: relay })).toBe('400 invalid_input');
      expect(sentTo(relay)).toEqual([]);

      expect(await move({ deviceAddress: relay, password: 'doan-bua' })).toBe('200');
      expect(sentTo(relay).map(({ password }) => password)).toEqual(['doan-bua']);
      await eventually('its recorder follows', () => desiredOf(id)?.deviceAddress === relay);
      expect(desiredOf(id)).toMatchObject({ password: 'doan-bua', confirmedHosts: ['192.168.8.66'] });
      expect((await harness.trail('camera.address_confirm')).at(-1)).toMatchObject({
        ...{ subjectId: id, accountName: technician.actor.name },
        details: { by: 'typed', before: { deviceAddress: at('192.168.8.1') }, after: { deviceAddress: relay } },
      });

      answers(at('192.168.8.67'), 'SN-another');
      expect(await move({ deviceAddress: at('192.168.8.67'), password: 'x' })).toBe('409 other_device');
      harness.recorder.identities.set(at('192.168.8.68'), { kind: 'precondition', code: 'wrong_password' });
      expect(await move({ deviceAddress: at('192.168.8.68'), password: 'x' })).toBe('412 wrong_password');
      const other = await camera('192.168.8.2', 'urn:uuid:2');
      answers(at('192.168.8.2'), 'SN-urn:uuid:1');
      expect(await move({ deviceAddress: at('192.168.8.2'), password: 'x' })).toBe('409 address_taken');
      expect(await addressOf(other)).toBe(at('192.168.8.2'));
      expect(await addressOf(id)).toBe(relay);
      expect((await harness.trail('camera.address_failed')).map(({ details }) => details)).toEqual([
        { deviceAddress: at('192.168.8.67'), outcome: 'other_device' },
        { deviceAddress: at('192.168.8.68'), outcome: 'wrong_password' },
      ]);
    });

    it('at which a camera was found are a question, and nothing is sent there before a person answered', async () => {
      const id = await camera('192.168.8.1', 'urn:uuid:1');
      await goDown(id);
      const found = at('192.168.8.7');
      answers(found, 'SN-urn:uuid:1');
      await search([device(found, 'urn:uuid:1', 'Ngã ba chợ')]);
      const [question] = await eventually('it is asked', async () => {
        const items = await questions();
        return items.length > 0 && items;
      });
      expect(question).toMatchObject({
        ...{ cameraId: id, deviceAddress: found, knownAddress: at('192.168.8.1'), endpointReference: 'urn:uuid:1' },
        ...{ name: 'Ngã ba chợ', hardware: 'KX' },
      });
      expect(sentTo(found)).toEqual([]);
      expect(await addressOf(id)).toBe(at('192.168.8.1'));
      expect(
        harness.told.some(({ event, args }) => event === 'camera.changed' && (args[0] as string[])[0] === id),
      ).toBe(true);

      const answer = (body: object, who = technician) => who.refusal('POST', `/api/cameras/${id}/sighting`, body);
      const elsewhere = harness.actor('technician', await harness.area('Hùng Xuyên'));
      expect(await questions(elsewhere)).toEqual([]);
      expect(await answer({ deviceAddress: found, same: true }, elsewhere)).toBe('404 camera_not_found');
      expect(await answer({ deviceAddress: found, same: true }, harness.actor('commune_officer', area))).toMatch(
        /^403/,
      );
      expect(await answer({ deviceAddress: at('192.168.8.99'), same: true })).toBe('404 sighting_not_found');
      expect(sentTo(found)).toEqual([]);

      expect(await answer({ deviceAddress: found, same: true })).toBe('200');
      expect(await addressOf(id)).toBe(found);
      expect(await questions()).toEqual([]);
      await eventually('its recorder follows', () => desiredOf(id)?.deviceAddress === found);
      // Recognised, not typed: the stored password goes there as a digest alone.
      expect(desiredOf(id)).toMatchObject({ confirmedHosts: ['192.168.8.7'], plainPassword: false });
      expect((await harness.trail('camera.address_confirm')).at(-1)).toMatchObject({
        ...{ subjectId: id, accountName: technician.actor.name },
        details: { by: 'answered', before: { deviceAddress: at('192.168.8.1') }, after: { deviceAddress: found } },
      });
      await technician.patch(`/api/cameras/${id}`, cameraResponse, { password: cameraPassword });
      await eventually('the password was typed for it', () => desiredOf(id)?.plainPassword === true);
    });

    it('are answered with a password for one that takes it only in clear, or with no', async () => {
      const id = await camera('192.168.8.1', 'urn:uuid:1');
      const [wrong, right] = [at('192.168.8.6'), at('192.168.8.7')];
      answers(right, 'SN-urn:uuid:1');
      for (const one of [wrong, right]) {
        await search([device(one, 'urn:uuid:1')]);
        await eventually('it is asked', async () =>
          (await questions()).some(({ deviceAddress }) => deviceAddress === one),
        );
      }
      const answer = (body: object) => technician.refusal('POST', `/api/cameras/${id}/sighting`, body);
      expect(await answer({ deviceAddress: wrong, same: false })).toBe('200');
      expect((await harness.trail('camera.address_dismiss')).at(-1)).toMatchObject({
        details: { deviceAddress: wrong },
      });
      expect(sentTo(wrong)).toEqual([]);
      await search([device(wrong, 'urn:uuid:1')]);
      expect((await questions()).map(({ deviceAddress }) => deviceAddress)).toEqual([right]);

      expect(await answer({ deviceAddress: right, same: true, password: 'moi' })).toBe('200');
      expect(sentTo(right).map(({ password }) => password)).toEqual(['moi']);
      await eventually('its recorder follows', () => desiredOf(id)?.deviceAddress === right);
      expect(desiredOf(id)).toMatchObject({ password: 'moi', plainPassword: true });
    });

    it('are no question any more once the camera is found where it is', async () => {
      const id = await camera('192.168.8.1', 'urn:uuid:1');
      await search([device(at('192.168.8.7'), 'urn:uuid:1')]);
      await eventually('it is asked', async () => (await questions()).length === 1);
      await search([device(at('192.168.8.1'), 'urn:uuid:1')]);
      await eventually('nothing is asked', async () => (await questions()).length === 0);
      expect(await addressOf(id)).toBe(at('192.168.8.1'));
    });

    it('are at most eight questions of one camera, the newest', async () => {
      await camera('192.168.8.1', 'urn:uuid:1');
      for (let host = 10; host < 22; host += 1) {
        await search([device(at(`192.168.8.${host}`), 'urn:uuid:1')]);
        await eventually('it is asked', async () =>
          (await questions()).some(({ deviceAddress }) => deviceAddress === at(`192.168.8.${host}`)),
        );
      }
      expect(await questions()).toHaveLength(8);
    });

    it('are pinned to the key that was shown when the password was typed, and again when it is typed again', async () => {
      const [first, second] = ['ab'.repeat(32), 'cd'.repeat(32)];
      const id = await camera('192.168.8.1', 'urn:uuid:1', { tlsKey: first }, 'https');
      expect(sentTo(at('192.168.8.1', 'https'))).toMatchObject([{ plainPassword: true }]);
      await eventually('the recorder has it', () => desiredOf(id)?.tlsKey === first);
      harness.recorder.tlsKeys.set(at('192.168.8.1', 'https'), second);
      await technician.patch(`/api/cameras/${id}`, cameraResponse, { name: 'Cổng' });
      await eventually('the recorder has the name', () => desiredOf(id)?.name === 'Cổng');
      expect(desiredOf(id)?.tlsKey).toBe(first);
      await technician.patch(`/api/cameras/${id}`, cameraResponse, { password: 'mới' });
      await eventually('the recorder has the key', () => desiredOf(id)?.tlsKey === second);
      // What shows no key any more does not loosen it.
      harness.recorder.tlsKeys.clear();
      await technician.patch(`/api/cameras/${id}`, cameraResponse, { password: 'mới nữa' });
      await eventually('the recorder has the password', () => desiredOf(id)?.password === 'mới nữa');
      expect(desiredOf(id)?.tlsKey).toBe(second);
    });

    it.each([
      ['https://192.168.8.1:8443/onvif/device_service', 'https://192.168.8.1:8443/onvif/device_service'],
      ['https://192.168.8.2/onvif/device_service', undefined],
      ['https://a:b@192.168.8.1/onvif/device_service', undefined],
      ['http://192.168.8.1:8080/onvif/device_service', undefined],
    ])('over https, where a device redirects there on its own host: %s', async (stated, kept) => {
      const tlsKey = 'ab'.repeat(32);
      const id = await camera('192.168.8.1', 'urn:uuid:1', { tlsKey, deviceAddress: stated });
      expect(await addressOf(id)).toBe(kept ?? at('192.168.8.1'));
      // That it announces http is no other address.
      await search([device(at('192.168.8.1'), 'urn:uuid:1')]);
      expect(await questions()).toEqual([]);
    });

    it('are confirmed without a person by the key that was pinned, and by no other', async () => {
      const tlsKey = 'ab'.repeat(32);
      const id = await camera('192.168.8.1', 'urn:uuid:1', { tlsKey }, 'https');
      await goDown(id);
      const [relay, moved] = [at('192.168.8.6', 'https'), at('192.168.8.7', 'https')];
      for (const one of [relay, moved]) answers(one, 'SN-urn:uuid:1', { tlsKey });
      harness.recorder.tlsKeys.set(relay, 'cd'.repeat(32));
      harness.recorder.tlsKeys.set(moved, tlsKey);
      await search([device(relay, 'urn:uuid:1')]);
      await eventually('it is asked', async () => (await questions()).length === 1);
      expect(sentTo(relay)).toEqual([]);

      await search([device(moved, 'urn:uuid:1')]);
      await eventually('it is followed', async () => (await addressOf(id)) === moved);
      expect(sentTo(moved)).toMatchObject([{ password: cameraPassword, tlsKey }]);
      await eventually('its recorder follows', () => desiredOf(id)?.deviceAddress === moved);
      expect(desiredOf(id)).toMatchObject({ confirmedHosts: ['192.168.8.7'], plainPassword: false, tlsKey });
      expect((await harness.trail('camera.address_confirm')).at(-1)).toMatchObject({ details: { by: 'key' } });
      expect(sentTo(relay)).toEqual([]);
    });

    it('are none of the machine itself, nor of nobody, however they are written', async () => {
      const id = await camera('192.168.8.1', 'urn:uuid:1');
      const bad = [
        '169.254.169.254',
        '2851995905',
        '0xa9fea9fe',
        '[fe80::1]',
        '[::ffff:169.254.1.1]',
        '0.0.0.0',
        '224.0.0.1',
      ];
      for (const host of bad) {
        const body = { recorderId: harness.recorderId, areaId: area.id, username: 'a', password: 'b' };
        const devices = [{ deviceAddress: at(host) }];
        expect(await technician.refusal('POST', '/api/cameras/additions', { ...body, devices }), host).toBe(
          '400 address_not_allowed',
        );
        const move = { deviceAddress: at(host), password: 'b' };
        expect(await technician.refusal('POST', `/api/cameras/${id}/address`, move), host).toBe(
          '400 address_not_allowed',
        );
      }
      await search([device(at('169.254.169.254'), 'urn:uuid:1')]);
      expect(await questions()).toEqual([]);
    });

    it('that are tried in vain are on record, and do not tell a closed port from a silent one', async () => {
      const [closed, silent, web] = [at('192.168.8.1:81'), at('192.168.8.1:82'), at('192.168.8.1:83')];
      const refusedBy = (reason: string) => ({
        kind: 'unavailable' as const,
        code: 'unreachable',
        details: { reason },
      });
      harness.recorder.identities.set(closed, refusedBy('connection_refused'));
      harness.recorder.identities.set(silent, refusedBy('host_unreachable'));
      harness.recorder.identities.set(web, { kind: 'unavailable', code: 'bad_answer', details: { status: 404 } });
      const { results } = await add([closed, silent, web]);
      const of = (address: string) => results.find(({ deviceAddress }) => deviceAddress === address)!;
      expect({ ...of(closed), deviceAddress: '' }).toEqual({ ...of(silent), deviceAddress: '' });
      expect(of(web)).toMatchObject({ outcome: 'bad_answer', detail: 'no camera answers there' });
      const trail = await harness.trail('camera.add_failed');
      expect(trail).toHaveLength(3);
      expect(trail).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            ...{ accountName: technician.actor.name, areaId: area.id, subjectId: harness.recorderId },
            details: { deviceAddress: closed, outcome: 'unreachable' },
          }),
        ]),
      );
    });

    it('that are typed are so many in ten minutes, and then it is said how long to wait', async () => {
      const addresses = (from: number, count: number) =>
        Array.from({ length: count }, (_, index) => at(`192.168.7.${from + index}`));
      await harness.stopConsole();
      harness.attemptLimits = { windowMs: 600_000, typed: 10, found: 20 };
      await harness.startConsole();
      await add(addresses(0, 8));
      const body = { recorderId: harness.recorderId, areaId: area.id, username: 'a', password: 'b' };
      const response = await technician.fetch('POST', '/api/cameras/additions', {
        ...body,
        devices: addresses(8, 3).map((deviceAddress) => ({ deviceAddress })),
      });
      expect(response.status).toBe(429);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(500);
      expect(await response.json()).toMatchObject({
        error: { code: 'too_many_device_attempts', details: { waitMinutes: 10 } },
      });
      await add(addresses(8, 2));
      const id = await camera('192.168.8.1', 'urn:uuid:1').catch(() => undefined);
      expect(id).toBeUndefined();
      // Others are not kept waiting, and what a search found is another matter.
      await add([at('192.168.6.99')], harness.actor('technician', area));
      const many = addresses(101, 12);
      await search(many.map((address) => device(address, `urn:${address}`)));
      for (const address of many) answers(address, `SN-${address}`);
      expect((await add(many)).results.filter(({ outcome }) => outcome === 'added')).toHaveLength(12);
    });

    it('are searched for only in networks of the recorder and in what administrators added', async () => {
      const start = (ranges: string[]) =>
        technician.refusal('POST', '/api/discoveries', { recorderId: harness.recorderId, ranges });
      expect(await start(['192.168.20.0/24'])).toBe('202');
      expect(await start(['192.168.20.0/24', '10.20.0.0/24'])).toBe('400 range_not_allowed');
      const path = `/api/recorders/${harness.recorderId}/scan-ranges`;
      const ranges = ['10.20.0.9/24'];
      expect(await technician.status('PUT', path, { ranges })).toBe(403);
      const local = harness.actor('administrator', area);
      expect(await local.status('PUT', path, { ranges })).toBe(403);
      const admin = harness.actor('administrator');
      expect(await admin.refusal('PUT', path, { ranges: ['169.254.0.0/24'] })).toBe('400 address_not_allowed');
      expect(await admin.status('PUT', path, { ranges: ['10.0.0.0/8'] })).toBe(400);
      const response = await admin.fetch('PUT', path, { ranges });
      expect(recorderResponse.parse(await response.json())).toMatchObject({
        ...{ scanRanges: ['10.20.0.0/24'], networks: ['192.168.0.0/16'] },
      });
      expect(await start(['10.20.0.128/25', '10.20.0.7'])).toBe('202');
      expect(await start(['10.20.1.0/24'])).toBe('400 range_not_allowed');
      expect((await harness.trail('recorder.scan_ranges')).map(({ details }) => details)).toEqual([
        { before: { scanRanges: [] }, after: { scanRanges: ['10.20.0.0/24'] } },
      ]);
    });
  });
}
