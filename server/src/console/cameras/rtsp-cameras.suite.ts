import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cameraListResponse, cameraResponse } from '@choi-canh/shared/cameras';
import { deviceEventsResponse } from '@choi-canh/shared/device-events';
import type { StreamProbeResponse } from '@choi-canh/shared/recorder-api';
import { rtspAddResponse, rtspProbeResponse } from '@choi-canh/shared/rtsp-cameras';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { snapshotSqlite } from '../../platform/db/sqlite-snapshot.js';
import {
  CasesHarness,
  eventually,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from '../cases.test-harness.js';

const gives = (change: Partial<StreamProbeResponse> = {}): Partial<StreamProbeResponse> => ({
  ...{
    reason: 'ok',
    detail: '',
    codec: 'h265',
    width: 2560,
    height: 1440,
    frameRate: 20,
    bitrateKbps: 2048,
    sound: 'PCMA',
  },
  ...change,
});
const account = { username: 'admin', password: 'mật-khẩu-1' };

export function rtspCamerasSuite(open: OpenTestDatabase): void {
  describe('cameras without ONVIF', () => {
    const harness = new CasesHarness(open);
    let area: TestArea;
    let technician: TestActor;
    let officer: TestActor;
    beforeAll(async () => {
      await harness.start();
      area = await harness.area('Chí Đám');
      technician = harness.actor('technician', area);
      officer = harness.actor('commune_officer', area);
    });
    afterAll(() => harness.stop());

    async function add(cameras: object[]) {
      const body = { recorderId: harness.recorderId, areaId: area.id, cameras };
      const started = await technician.post('/api/cameras/rtsp-additions', rtspAddResponse, body);
      return eventually('the addition is done', async () => {
        const now = await technician.get(`/api/cameras/rtsp-additions/${started.id}`, rtspAddResponse);
        return now.state === 'done' ? now : undefined;
      });
    }
    const probedSince = (count: number) => harness.recorder.probed.slice(count).map(({ url }) => url);

    it('are tried at the paths of their brand until one gives a picture', async () => {
      const { recorder } = harness;
      recorder.streams.set('rtsp://192.168.6.1:554/unicast/c1/s0/live', { reason: 'not_video' });
      recorder.streams.set('rtsp://192.168.6.1:554/media/video1', gives());
      recorder.streams.set('rtsp://192.168.6.1:554/media/video2', gives({ codec: 'h264', width: 640, height: 360 }));
      const device = { brand: 'uniview', host: '192.168.6.1' };
      const body = { recorderId: harness.recorderId, device, ...account };
      const tried = await technician.post('/api/cameras/rtsp-probes', rtspProbeResponse, body);
      expect(tried).toMatchObject({
        mainUrl: 'rtsp://192.168.6.1:554/media/video1',
        main: { reason: 'ok', codec: 'h265', width: 2560, frameRate: 20, sound: 'PCMA' },
        sub: { reason: 'ok', width: 640 },
      });
      expect(recorder.probed.every((asked) => asked.plainPassword && asked.password === account.password)).toBe(true);
      expect(JSON.stringify(tried)).not.toContain(account.password);
    });

    it.each(['wrong_password', 'connection_refused', 'host_unreachable', 'forbidden'] as const)(
      'are not tried further where the host says %s; that is on record',
      async (reason) => {
        harness.recorder.streams.set('rtsp://192.168.6.2:554/unicast/c1/s0/live', { reason });
        const before = harness.recorder.probed.length;
        const device = { brand: 'uniview', host: '192.168.6.2' };
        const body = { recorderId: harness.recorderId, device, ...account };
        expect(await technician.post('/api/cameras/rtsp-probes', rtspProbeResponse, body)).toMatchObject({
          main: { reason },
          sub: null,
        });
        expect(probedSince(before)).toHaveLength(1);
        const last = (await harness.trail()).at(-1);
        expect(last).toMatchObject({ action: 'camera.add_failed' });
        expect(JSON.stringify(last)).toContain(reason);
        expect(JSON.stringify(last)).not.toContain(account.password);
      },
    );

    it('are added with their addresses, which the recorder gets; the same one once', async () => {
      const { recorder } = harness;
      for (const channel of [1, 7]) {
        const path = `rtsp://192.168.6.3:554/cam/realmonitor?channel=${channel}&subtype=`;
        recorder.streams.set(`${path}0`, gives());
        recorder.streams.set(
          `${path}1`,
          channel === 1 ? gives({ codec: 'h264', width: 704, height: 576 }) : { reason: 'no_stream' },
        );
      }
      const one = (channel: number) => ({ device: { brand: 'dahua', host: '192.168.6.3', channel }, ...account });
      const done = await add([{ ...one(1), name: 'Cổng chợ', place: 'Chợ' }, one(7), one(7)]);
      expect(done.results.map(({ outcome }) => outcome)).toEqual(['added', 'added', 'already_there']);
      const [gate, seventh] = done.results.map(({ camera }) => camera);
      expect(gate).toMatchObject({
        name: 'Cổng chợ',
        place: 'Chợ',
        manufacturer: 'Dahua, Imou, KBVision',
        channelNumber: 1,
      });
      expect(gate?.main).toMatchObject({
        codec: 'H265',
        url: 'rtsp://192.168.6.3:554/cam/realmonitor?channel=1&subtype=0',
      });
      expect(seventh).toMatchObject({ channelNumber: 7, sub: null, deviceId: gate?.deviceId });
      expect(seventh?.name).toContain('7');
      const desired = await eventually('the recorder has them', () => {
        const found = recorder.desired?.cameras.filter(({ mainUrl }) => mainUrl?.includes('192.168.6.3'));
        return found?.length === 2 ? found : undefined;
      });
      expect(desired.find(({ id }) => id === gate?.id)).toMatchObject({
        ...{ confirmedHosts: ['192.168.6.3'], password: account.password, plainPassword: true },
        subUrl: 'rtsp://192.168.6.3:554/cam/realmonitor?channel=1&subtype=1',
      });
      expect(desired.find(({ id }) => id === seventh?.id)).toMatchObject({ subUrl: null });
      const trail = await harness.trail();
      expect(
        trail.filter(({ action, subjectId }) => action === 'camera.create' && subjectId === gate?.id),
      ).toHaveLength(1);
    });

    it('of one host are not tried with a password that was wrong there; others are', async () => {
      const { recorder } = harness;
      for (let channel = 1; channel <= 5; channel += 1)
        recorder.streams.set(`rtsp://192.168.6.4:554/Streaming/Channels/${channel}01`, { reason: 'wrong_password' });
      recorder.streams.set('rtsp://192.168.6.5:8554/stream1', gives());
      const before = recorder.probed.length;
      const rows = [1, 2, 3, 4, 5].map((channel) => ({
        device: { brand: 'hikvision', host: '192.168.6.4', channel },
        ...account,
      }));
      const done = await add([...rows, { device: { brand: 'tapo', host: '192.168.6.5', port: 8554 }, ...account }]);
      expect(done.results.map(({ outcome }) => outcome)).toEqual([...Array<string>(5).fill('failed'), 'added']);
      expect(new Set(done.results.slice(0, 5).map(({ reason }) => reason))).toEqual(new Set(['wrong_password']));
      expect(probedSince(before).filter((url) => url.includes('192.168.6.4'))).toHaveLength(1);
      expect(JSON.stringify(done)).not.toContain(account.password);
    });

    it('wait for their turn where the recorder tries as many as it can', async () => {
      harness.recorder.streams.set('rtsp://192.168.6.21:554/stream1', gives());
      harness.recorder.busyProbes = 2;
      const done = await add([{ device: { brand: 'tapo', host: '192.168.6.21' }, ...account }]);
      expect(done.results[0]).toMatchObject({ outcome: 'added', reason: 'ok' });
      expect(harness.recorder.busyProbes).toBe(0);
    });

    it('with addresses of their own: a sub-stream elsewhere gets no password', async () => {
      const { recorder } = harness;
      recorder.streams.set('rtsp://192.168.6.6/live', gives({ codec: 'mjpeg', sound: null }));
      const device = { brand: 'plain', mainUrl: 'rtsp://192.168.6.6/live', subUrl: 'rtsp://192.168.6.7/live' };
      const done = await add([{ device, ...account }]);
      expect(done.results[0]).toMatchObject({ outcome: 'added', camera: { sub: null, main: { codec: 'MJPEG' } } });
      expect(recorder.probed.some(({ url }) => url.includes('192.168.6.7'))).toBe(false);
      const camera = done.results[0]?.camera;
      const got = await technician.get(`/api/cameras/${camera?.id ?? ''}`, cameraResponse);
      expect(got.deviceAddress).toBe('rtsp://192.168.6.6:554/');
      const list = await technician.get('/api/cameras', cameraListResponse);
      expect(list.items.some(({ id }) => id === camera?.id)).toBe(true);
    });

    const secretUrl = (password: string) => `rtsp://192.168.6.99:554/user=admin&password=${password}&channel=1`;
    const keptUrl = 'rtsp://192.168.6.99:554/user={username}&password={password}&channel=1';
    /** Whole rows, as a thief of the database has them. */
    const stored = async () =>
      JSON.stringify([
        await harness.db.read.query('SELECT * FROM camera'),
        await harness.db.read.query('SELECT * FROM device'),
        await harness.db.read.query('SELECT * FROM audit_record'),
      ]);

    it('whose address holds the password are kept, tried and recorded without it', async () => {
      const { recorder } = harness;
      const password = 'bí-mật/1';
      recorder.streams.set(keptUrl, gives());
      const plain = (word: string) => ({ brand: 'plain', mainUrl: secretUrl(word), subUrl: null });
      const written = encodeURIComponent(password);
      const done = await add([{ device: plain(written), username: 'admin', password }]);
      expect(done.results[0]).toMatchObject({ outcome: 'added', camera: { main: { url: keptUrl } } });
      const desired = await eventually('it is recorded', () =>
        recorder.desired?.cameras.find((camera) => camera.mainUrl === keptUrl),
      );
      expect(desired).toMatchObject({ password, sourceToken: '/user={username}&password={password}&channel=1' });
      const again = await add([{ device: plain(written), username: 'admin', password }]);
      expect(again.results[0]?.outcome).toBe('already_there');
      const before = recorder.probed.length;
      const other = await add([{ device: plain('khac-1234'), username: 'admin', password }]);
      expect(other.results[0]).toMatchObject({ outcome: 'failed', reason: 'wrong_password' });
      const body = { recorderId: harness.recorderId, device: plain('khac-1234'), username: 'admin', password };
      const tried = await technician.post('/api/cameras/rtsp-probes', rtspProbeResponse, body);
      expect(tried).toMatchObject({ mainUrl: secretUrl('***'), main: { reason: 'wrong_password' } });
      expect(recorder.probed).toHaveLength(before);
      const one = await technician.get(`/api/cameras/${done.results[0]?.camera?.id ?? ''}`, cameraResponse);
      const seen = `${JSON.stringify([done, again, other, tried, one])}${await stored()}`;
      for (const secret of [password, written, 'khac-1234']) expect(seen).not.toContain(secret);
    });

    it('of a recorder that takes addresses as they are get theirs filled in', async () => {
      const { recorder } = harness;
      const { items } = await technician.get('/api/cameras', cameraListResponse);
      const { id } = items.find(({ main }) => main?.url === keptUrl)!;
      const newest = () => recorder.desired?.cameras.find((camera) => camera.id === id);
      recorder.more = { protocol: { major: 1, minor: 3 } };
      await technician.patch(`/api/cameras/${id}`, cameraResponse, { password: 'mới#1' });
      await eventually('it is given the address', async () => {
        if (newest()?.mainUrl === secretUrl('m%E1%BB%9Bi%231')) return true;
        // Until its status was seen it is taken for one of this version.
        await technician.patch(`/api/cameras/${id}`, cameraResponse, { password: 'mới#1' });
        return undefined;
      });
      recorder.more = {};
      await eventually('it is a newer one again', async () => {
        if (newest()?.mainUrl === keptUrl) return true;
        await technician.patch(`/api/cameras/${id}`, cameraResponse, { password: 'bí-mật/1' });
        return undefined;
      });
    });

    it('that were stored with the password in the address lose it at the next start, in the file too', async () => {
      const camera = (await technician.get('/api/cameras', cameraListResponse)).items.find(
        ({ main }) => main?.url === keptUrl,
      )!;
      const retired = (
        await add([{ device: { brand: 'plain', mainUrl: 'rtsp://192.168.6.6/live', subUrl: null }, ...account }])
      ).results[0]!.camera!;
      await technician.post(`/api/cameras/${retired.id}/retire`, cameraResponse, { reason: 'Đã thay' });
      await harness.stopConsole();
      const written = encodeURIComponent('bí-mật/1');
      for (const { id } of [camera, retired])
        await harness.db.write((manager) =>
          manager.query(
            `UPDATE camera SET source_token = '/user=admin&password=${written}&channel=1',
               main_stream = REPLACE(REPLACE(main_stream, 'rtsp://192.168.6.6/live', '${keptUrl}'),
                 '/user={username}&password={password}&', '/user=admin&password=${written}&')
             WHERE id = '${id}'`,
          ),
        );
      expect((await stored()).split(written)).toHaveLength(5);
      await harness.startConsole();
      expect(await stored()).not.toContain(written);
      const now = async (id: string) =>
        (await technician.get(`/api/cameras/${id}`, cameraResponse)) as { main: { url: string }; sourceToken: string };
      expect(await now(camera.id)).toMatchObject({
        main: { url: keptUrl },
        sourceToken: '/user={username}&password={password}&channel=1',
      });
      // Nobody knows its password any more.
      expect((await now(retired.id)).main.url).toBe(keptUrl.replace('{username}', 'admin'));
      if (harness.db.kind === 'postgres') return;
      const copy = join(harness.folder, 'copy.sqlite');
      const [{ file } = { file: '' }] = (await harness.db.read.query('PRAGMA database_list')) as { file: string }[];
      await snapshotSqlite(file, copy);
      expect((await readFile(copy)).includes(`password=${written}`)).toBe(false);
    });

    it('get another address with the password for it, all channels of the device; what does not answer changes nothing', async () => {
      const { recorder } = harness;
      const { items } = await technician.get('/api/cameras', cameraListResponse);
      const two = items.filter(({ deviceAddress }) => deviceAddress === 'rtsp://192.168.6.3:554/');
      expect(two).toHaveLength(2);
      const path = `/api/cameras/${two[0]!.id}/address`;
      const body = { deviceAddress: 'rtsp://192.168.6.33:8554', password: 'khác' };
      expect(await technician.refusal('POST', path, body)).toBe('503 unreachable');
      expect(await technician.refusal('POST', path, { ...body, deviceAddress: 'http://192.168.6.33/' })).toBe(
        '400 bad_device_address',
      );
      expect(await technician.refusal('POST', path, { ...body, deviceAddress: 'rtsp://169.254.1.1/' })).toBe(
        '400 address_not_allowed',
      );
      recorder.streams.set(two[0]!.main!.url!.replace('192.168.6.3:554', '192.168.6.33:8554'), gives());
      const moved = await technician.post(path, cameraResponse, body);
      expect(moved).toMatchObject({ deviceAddress: 'rtsp://192.168.6.33:8554/', id: two[0]!.id });
      const now = (await technician.get('/api/cameras', cameraListResponse)).items.filter(({ id }) =>
        two.some((one) => one.id === id),
      );
      for (const camera of now) {
        const before = two.find(({ id }) => id === camera.id)!;
        const at = (url: string | undefined) => url?.replace('192.168.6.3:554', '192.168.6.33:8554');
        expect([camera.main?.url, camera.sub?.url]).toEqual([at(before.main?.url), at(before.sub?.url)]);
      }
      const desired = await eventually('the recorder has it', () =>
        recorder.desired?.cameras.find(
          ({ id, confirmedHosts }) => id === two[1]!.id && confirmedHosts?.[0] === '192.168.6.33',
        ),
      );
      expect(desired).toMatchObject({ password: 'khác', mainUrl: now.find(({ id }) => id === two[1]!.id)?.main?.url });
    });

    it('out of use come back as themselves, from their page and when they are added again', async () => {
      const { recorder } = harness;
      recorder.streams.set('rtsp://192.168.6.8:554/stream1', gives());
      const tapo = { device: { brand: 'tapo', host: '192.168.6.8' }, ...account };
      const first = (await add([{ ...tapo, name: 'Ngõ 8' }])).results[0]!.camera!;
      const retire = () => technician.post(`/api/cameras/${first.id}/retire`, cameraResponse, { reason: 'không cần' });
      await retire();
      const again = (await add([tapo])).results[0]!;
      expect(again).toMatchObject({
        outcome: 'returned',
        camera: { id: first.id, name: 'Ngõ 8', deviceId: first.deviceId },
      });
      await retire();
      recorder.streams.set('rtsp://192.168.6.9:554/stream1', gives());
      const body = { deviceAddress: 'rtsp://192.168.6.9/', username: 'admin', password: 'khác' };
      const back = await technician.post(`/api/cameras/${first.id}/return`, cameraResponse, body);
      expect(back).toMatchObject({ id: first.id, retiredAt: null, deviceAddress: 'rtsp://192.168.6.9:554/' });
      expect(back.main?.url).toBe('rtsp://192.168.6.9:554/stream1');
    });

    it('events that a device told are shown to who sees the camera, and nobody else', async () => {
      const { items } = await technician.get('/api/cameras', cameraListResponse);
      const id = items[0]!.id;
      const event = {
        kind: 'motion',
        active: true,
        at: '2026-11-29T10:00:00.000Z',
        deviceAt: null,
        clockOffsetMs: 12,
      } as const;
      harness.recorder.deviceEvents.set(id, [event]);
      const path = `/api/cameras/${id}/events?from=2026-11-29T00:00:00Z&to=2026-11-30T00:00:00Z`;
      expect(await officer.get(path, deviceEventsResponse)).toEqual({ cameraId: id, items: [event], more: false });
      const elsewhere = harness.actor('administrator', await harness.area('Đồng Lương'));
      expect(await elsewhere.status('get', path)).toBe(404);
    });

    it('are no business of who may not manage cameras, nor of addresses that no camera may have', async () => {
      const device = { brand: 'tapo', host: '169.254.1.1' };
      const body = { recorderId: harness.recorderId, device, ...account };
      const before = harness.recorder.probed.length;
      expect(await technician.status('post', '/api/cameras/rtsp-probes', body)).toBe(400);
      expect(await officer.status('post', '/api/cameras/rtsp-probes', body)).toBe(403);
      const cameras = [{ device, ...account }];
      const addition = { recorderId: harness.recorderId, areaId: area.id, cameras };
      expect(await technician.status('post', '/api/cameras/rtsp-additions', addition)).toBe(400);
      expect(await officer.status('post', '/api/cameras/rtsp-additions', addition)).toBe(403);
      expect(harness.recorder.probed).toHaveLength(before);
    });
  });
}
