import { generateKeyPairSync } from 'node:crypto';
import { clipListResponse, clipResponse, holdListResponse } from '@choi-canh/shared/evidence';
import { coverageResponse, openingResponse } from '@choi-canh/shared/footage';
import { recorderListResponse, recorderResponse, type RecorderAlerts } from '@choi-canh/shared/recorders';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstPrevious, makeHeadsRecord } from '../../lib/chain/heads-record.js';
import { keyIdOf, publicKeyText } from '../../lib/chain/signed-json.js';
import {
  CasesHarness,
  eventually,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from '../cases.test-harness.js';
import { newPairingCode } from '../../lib/pairing.js';
import { makeKeyCertificate } from '../../platform/http/key-certificate.js';
import { FakeRecorder } from './fake-recorder.js';
import { recorderEntity } from './recorder.entity.js';

const nowhere = '00000000-0000-4000-8000-000000000000';
const reason = 'Trả máy cho huyện';

/** A recorder on another machine, with a key of its own and a record that it signed. */
function remoteRecorder() {
  const recorder = new FakeRecorder();
  recorder.isPaired = true;
  const key = generateKeyPairSync('ed25519').privateKey;
  const publicKey = publicKeyText(key);
  recorder.chain = { ...recorder.chain, publicKey, keyId: keyIdOf(publicKey) };
  const { line, body } = makeHeadsRecord(
    { sequence: 1, previous: firstPrevious, at: recorder.startedAt, why: 'start', cameras: [] },
    key,
  );
  recorder.emit({ type: 'chain.heads', record: { sequence: 1, at: body.at, kind: body.kind, line } });
  return { recorder, line };
}

export function recorderAdministrationSuite(open: OpenTestDatabase): void {
  describe('a recorder that people enter, change and remove', () => {
    let harness: CasesHarness;
    let admin: TestActor;
    let area: TestArea;
    let remote: FakeRecorder;
    let line: string;
    let id: string;
    beforeEach(async () => {
      harness = new CasesHarness(open);
      await harness.start();
      admin = harness.actor('administrator');
      area = await harness.area('Chí Đám');
      ({ recorder: remote, line } = remoteRecorder());
      await remote.start();
      id = (await admin.post('/api/recorders', recorderResponse, enter(remote))).id;
      await untilReachable();
      await eventually('its record is kept', async () => (await download()) === `${line}\n`);
    });
    afterEach(async () => {
      await harness.stop();
      await remote.stop();
    });

    const enter = (recorder: FakeRecorder) => ({ name: 'Đầu ghi huyện', url: recorder.url, code: recorder.code });
    const path = (of = id) => `/api/recorders/${of}`;
    const list = async () => (await admin.get('/api/recorders', recorderListResponse)).items;
    const shown = async (of = id) => (await list()).find((one) => one.id === of);
    const row = (of = id) => harness.db.read.findOneByOrFail(recorderEntity, { id: of });
    const untilReachable = () => eventually('it answers', async () => (await shown())?.reachable);
    const untilLost = () =>
      eventually('it is lost', async () => (await shown())?.alerts.some(({ code }) => code === 'recorder_lost'));
    const change = (body: object, of = id) => admin.patch(path(of), recorderResponse, body);
    const refused = (body: object, of = id) => admin.refusal('PATCH', path(of), body);
    const download = async () => (await admin.fetch('GET', `${path()}/chain/records.jsonl`)).text();
    const told = () =>
      harness.told.flatMap(({ event, args }) =>
        event === 'recorder.alerts' ? (args[0] as RecorderAlerts[]).filter(({ recorderId }) => recorderId === id) : [],
      );

    it.each(['off', 'silent', 'lost'])('costs only its own cameras when it is %s', async (how) => {
      const [near, far] = [await harness.camera(area), await harness.camera(area, 'Xa', { recorder: remote, id })];
      const nowMs = Date.now();
      const at = (seconds: number) => new Date(nowMs + seconds * 1000).toISOString();
      const recorded = [{ from: at(-600), to: at(-300), timeSource: 'rtcp' as const }];
      for (const [recorder, { id: cameraId }] of [
        [harness.recorder, near],
        [remote, far],
      ] as const) {
        recorder.coverages.set(cameraId, { cameraId, recorded, oldestAt: at(-600), newestAt: at(-300) });
      }
      if (how === 'silent') remote.hang();
      else await remote.stop();
      if (how === 'lost') await untilLost();
      const officer = harness.actor('commune_officer', area);
      const query = `cameraIds=${near.id},${far.id}&from=${at(-600)}&to=${at(-300)}`;
      const { items } = await officer.get(`/api/coverage?${query}`, coverageResponse);
      expect(items).toMatchObject([
        { cameraId: near.id, recorded, gaps: [] },
        {
          ...{ cameraId: far.id, recorded: [], oldestAt: null },
          gaps: [{ from: at(-600), to: at(-300), reason: 'recorder_unreachable' }],
        },
      ]);
      expect(items[0]!.away).toBeUndefined();
      const since = Date.parse(items[1]!.away!.since!);
      expect(Math.abs(since - nowMs)).toBeLessThan(60_000);

      const request = { from: at(-600), to: at(-300), purpose: 'Xem lại vụ va chạm' };
      const opening = await officer.post('/api/openings', openingResponse, {
        ...{ cameraIds: [near.id, far.id], ...request },
      });
      expect(opening.cameras.map(({ away }) => away === undefined)).toEqual([true, false]);
      const shownOf = (cameraId: string) => `/api/openings/${opening.id}/cameras/${cameraId}`;
      expect(await officer.status('GET', `${shownOf(near.id)}/playlist.m3u8`)).toBe(200);
      // The opening is of both: what comes back can be seen, and who may is in the trail already.
      expect((await harness.trail('footage.open')).map(({ subjectId }) => subjectId)).toEqual([near.id, far.id]);
      const alone = { cameraIds: [far.id], ...request };
      expect(await officer.refusal('POST', '/api/openings', alone)).toBe('503 recorder_unreachable');
      expect(await harness.trail('footage.open')).toHaveLength(2);

      if (how === 'silent') await remote.stop();
      await remote.start();
      await eventually('it is known again', async () => {
        const now = await officer.get(`/api/openings/${opening.id}`, openingResponse);
        return now.cameras.every(({ away }) => away === undefined);
      });
      expect(await officer.status('GET', `${shownOf(far.id)}/thumbnail.jpg?at=${at(-500)}`)).toBe(200);
    });

    it('is changed and removed by administrators of everything alone', async () => {
      const local = harness.actor('administrator', area);
      for (const [method, body] of [
        ['PATCH', { name: 'Khác' }],
        ['DELETE', { reason }],
      ] as const) {
        expect(await harness.actor('technician').refusal(method, path(), body)).toBe('403 not_allowed');
        expect(await local.refusal(method, path(), body)).toBe('403 outside_area');
        expect(await admin.refusal(method, path(nowhere), body)).toBe('404 recorder_not_found');
      }
      expect(await admin.status('DELETE', path(), { reason: '  ' })).toBe(400);
      expect(await admin.status('PATCH', path(), { name: '  ' })).toBe(400);
      expect(await admin.status('PATCH', path(), { url: 'file:///etc/passwd', code: remote.code })).toBe(400);
      expect(await shown()).toMatchObject({ name: 'Đầu ghi huyện', url: remote.url });
      expect([...(await harness.trail('recorder.change')), ...(await harness.trail('recorder.delete'))]).toEqual([]);
    });

    it.each(['169.254.169.254', '[fe80::1]', '0.0.0.0', '224.0.0.1', '2851995905', '[::ffff:169.254.1.1]'])(
      'is not looked for at %s, which no recorder may have: nothing is sent there',
      async (host) => {
        const url = `https://${host}:8480`;
        const { name, code } = enter(remote);
        expect(await admin.refusal('POST', '/api/recorders', { name, url, code })).toBe('400 address_not_allowed');
        expect(await refused({ url, code })).toBe('400 address_not_allowed');
        expect((await row()).url).toBe(remote.url);
      },
    );

    it('keeps the name that people gave it, also the one that the console starts itself', async () => {
      harness.told.length = 0;
      const asked = remote.asked.length;
      expect(await change({ name: ' Đầu ghi chợ ' })).toMatchObject({
        name: 'Đầu ghi chợ',
        url: remote.url,
        reachable: true,
      });
      expect(told()).toEqual([{ recorderId: id, recorderName: 'Đầu ghi chợ', alerts: [] }]);
      await change({ name: 'Máy ở xã' }, harness.recorderId);
      await change({ name: 'Máy ở xã' }, harness.recorderId);
      expect(await harness.trail('recorder.change')).toMatchObject([
        {
          ...{ subjectType: 'recorder', subjectId: id, subjectName: 'Đầu ghi chợ' },
          details: { before: { name: 'Đầu ghi huyện' }, after: { name: 'Đầu ghi chợ' } },
        },
        { subjectName: 'Máy ở xã', details: { before: { name: 'Đầu ghi' }, after: { name: 'Máy ở xã' } } },
      ]);
      // The one under way goes on; only its name is another.
      await eventually('it is asked on', () => remote.asked.length > asked + 3);
      await remote.stop();
      await untilLost();
      expect(told().at(-1)).toMatchObject({ recorderName: 'Đầu ghi chợ', alerts: [{ code: 'recorder_lost' }] });
      await harness.stopConsole();
      await harness.startConsole();
      expect((await list()).map(({ name }) => name)).toEqual(['Máy ở xã', 'Đầu ghi chợ']);
    });

    it('has another address or key only where it runs on another machine', async () => {
      for (const body of [{ url: remote.url }, { code: remote.code }, { name: 'Khác', url: 'https://127.0.0.1:9' }]) {
        expect(await refused(body, harness.recorderId)).toBe('409 recorder_embedded');
      }
      expect(await admin.refusal('DELETE', path(harness.recorderId), { reason })).toBe('409 recorder_embedded');
      expect(await shown(harness.recorderId)).toMatchObject({ name: 'Đầu ghi', url: null });
    });

    it.each(['as it told', 'as it signed, after a restart of the console'])(
      'goes on at another address when it is the same by its key, %s',
      async (way) => {
        const { recorder: other } = remoteRecorder();
        await other.start();
        const before = await row();
        await remote.move();
        await untilLost();
        if (way !== 'as it told') {
          await harness.stopConsole();
          await harness.startConsole();
        }
        const [asked, askedOther] = [remote.asked.length, other.asked.length];
        expect(await refused({ url: 'https://127.0.0.1:9' })).toBe('503 recorder_unreachable');
        // Nothing is sent to another key.
        expect(await refused({ url: other.url })).toBe('409 recorder_other');
        expect(other.asked.length).toBe(askedOther);
        expect(remote.asked.length).toBe(asked);
        // Paired with the console all the same it is not the one that was recorded with.
        expect(await refused({ url: other.url, code: other.code })).toBe('409 recorder_other');
        expect(await refused({ url: remote.url, code: newPairingCode() })).toBe('409 pairing_wrong_code');
        expect(await row()).toMatchObject({ url: before.url, lastSequence: before.lastSequence });
        expect(await harness.trail('recorder.change')).toEqual([]);
        await other.stop();

        const camera = '5f3f0000-0000-4000-8000-00000000000f';
        const status = {
          cameraId: camera,
          state: 'alive',
          reason: 'ok',
          detail: '',
          sinceAt: remote.startedAt,
        } as const;
        remote.emit({ type: 'camera.state', status });
        const calls = remote.asked.length;
        expect(await change({ url: `${remote.url.slice('https://'.length)}/`, name: 'Đầu ghi chợ' })).toMatchObject({
          ...{ url: remote.url, name: 'Đầu ghi chợ' },
        });
        await untilReachable();
        await eventually('the event is applied', async () => (await row()).lastSequence === 2);
        const polls = remote.asked.slice(calls).filter((one) => one.path === '/v1/events');
        expect(polls[0]?.query.get('after')).toBe(String(before.lastSequence));
        expect((await row()).desiredRevision).toBeGreaterThanOrEqual(before.desiredRevision);
        expect(told().at(-1)).toMatchObject({ recorderName: 'Đầu ghi chợ', alerts: [] });
        const [record] = await harness.trail('recorder.change');
        expect(record?.details).toEqual({
          before: { name: 'Đầu ghi huyện', url: before.url, key: before.keyPin },
          after: { name: 'Đầu ghi chợ', url: remote.url, key: before.keyPin },
        });
      },
      240_000,
    );

    it('says that another key answers, sends it nothing, and is paired again by a person', async () => {
      const pinned = (await row()).keyPin;
      await remote.stop();
      remote.certificate = await makeKeyCertificate('another');
      const asked = remote.asked.length;
      await remote.start();
      const alert = await eventually('the changed key', async () =>
        (await shown())?.alerts.find(({ code }) => code === 'recorder_key_changed'),
      );
      expect(alert).toMatchObject({ severity: 'critical', facts: { key: remote.certificate.fingerprint } });
      expect(remote.asked.length).toBe(asked);
      expect(await shown()).toMatchObject({ key: pinned });
      expect(await refused({ code: 'no code' })).toBe('400 invalid_input');
      expect(await refused({ code: newPairingCode() })).toBe('409 pairing_wrong_code');
      const { code } = remote;
      const changed = await change({ code });
      expect(changed.key).toBe(remote.certificate.fingerprint);
      await untilReachable();
      const trail = await harness.trail('recorder.change');
      expect(trail).toMatchObject([
        { details: { before: { key: pinned }, after: { key: changed.key }, paired: true } },
      ]);
      expect(JSON.stringify([trail, await list(), await row(), harness.told])).not.toContain(code);
      // The code is used up.
      expect(await refused({ code })).toBe('409 pairing_wrong_code');
      await harness.stopConsole();
      await harness.startConsole();
      await untilReachable();
    });

    it('says that the recorder obeys another console, and that one of before there were keys must be paired', async () => {
      const mine = remote.consoleKey;
      remote.consoleKey = 'f'.repeat(64);
      await eventually('refused', async () =>
        (await shown())?.alerts.some(({ code, facts }) => code === 'recorder_unpaired' && facts['refused'] === 1),
      );
      remote.consoleKey = mine;
      await untilReachable();
      // As migration 0012 leaves one that was entered by address and token.
      await harness.stopConsole();
      await harness.db.write((manager) =>
        manager.update(recorderEntity, { id }, { url: 'http://192.0.2.7:8471', keyPin: null, tokenBox: 'v1.old' }),
      );
      await harness.startConsole();
      await eventually('unpaired', async () =>
        (await shown())?.alerts.some(({ code, facts }) => code === 'recorder_unpaired' && facts['refused'] === 0),
      );
      expect(await refused({ url: remote.url })).toBe('400 pairing_code_needed');
      await change({ url: remote.url, code: remote.code });
      await untilReachable();
      expect(await row()).toMatchObject({ tokenBox: '', keyPin: remote.certificate?.fingerprint });
    });

    it('is removed only when neither cameras nor footage that is held are left with it', async () => {
      const camera = await harness.camera(area, 'Ngã ba chợ', { recorder: remote, id });
      const incident = await harness.incident(admin, area);
      const range = { from: incident.occurredAt, to: new Date(Date.parse(incident.occurredAt) + 20_000).toISOString() };
      const evidence = (what: string) => `/api/incidents/${incident.id}/${what}`;
      const clip = await admin.post(evidence('clips'), clipResponse, { cameraId: camera.id, ...range, note: 'Xe máy' });
      const clips = async () => (await admin.get(evidence('clips'), clipListResponse)).items;
      const holds = async () => (await admin.get(evidence('holds'), holdListResponse)).items;
      await eventually('the clip is done', async () => (await clips())[0]?.state === 'done');
      await eventually('its footage is held', async () => (await holds())[0]?.state === 'held');

      const refusal = await admin.fetch('DELETE', path(), { reason });
      expect(await refusal.json()).toMatchObject({ error: { code: 'recorder_has_cameras', details: { count: 1 } } });
      expect(await admin.status('POST', `/api/cameras/${camera.id}/retire`, { reason })).toBe(200);
      expect(await admin.refusal('DELETE', path(), { reason })).toBe('409 recorder_has_holds');
      expect(await harness.trail('recorder.delete')).toEqual([]);
      // It is gone for good: nobody says that it has released what it held.
      await remote.stop();
      await untilLost();
      const [hold] = await holds();
      expect(await admin.status('POST', `/api/holds/${hold?.id}/release`, { reason })).toBe(200);
      expect((await holds())[0]?.state).toBe('releasing');
      harness.told.length = 0;
      expect(await admin.status('DELETE', path(), { reason })).toBe(204);

      expect(told()).toEqual([{ recorderId: id, recorderName: 'Đầu ghi huyện', alerts: [] }]);
      expect((await list()).map((one) => one.id)).toEqual([harness.recorderId]);
      expect((await holds())[0]?.state).toBe('released');
      expect(await harness.trail('recorder.delete')).toMatchObject([
        {
          ...{ subjectId: id, subjectName: 'Đầu ghi huyện', purpose: reason },
          details: { before: { name: 'Đầu ghi huyện', url: remote.url } },
        },
      ]);
      // What is of the past stays: the clip, and what the recorder signed.
      expect(await clips()).toMatchObject([{ id: clip.id, state: 'done', cameraName: 'Ngã ba chợ' }]);
      expect(await admin.status('GET', `/api/clips/${clip.id}/files/0`)).toBe(200);
      expect(await download()).toBe(`${line}\n`);
      expect(await row()).toMatchObject({ tokenBox: '', keyPin: null });
      for (const [method, rest, body] of [
        ['PATCH', '', { name: 'Khác' }],
        ['DELETE', '', { reason }],
        ['GET', '/retention', undefined],
        ['POST', '/chain/settle', { reason }],
      ] as const) {
        expect(await admin.refusal(method, path() + rest, body)).toBe('404 recorder_not_found');
      }
      await remote.start();
      const asked = remote.asked.length;
      await harness.stopConsole();
      await harness.startConsole();
      expect(await admin.status('DELETE', `/api/clips/${clip.id}`, { reason })).toBe(204);
      expect(remote.asked.length).toBe(asked);

      // The same machine again is another recorder to the console.
      const again = await admin.post('/api/recorders', recorderResponse, enter(remote));
      expect(again.id).not.toBe(id);
      await eventually('it is followed', async () => (await shown(again.id))?.reachable);
    });

    it('gets no camera that was being added when it was removed', async () => {
      await harness.db.write((manager) => manager.update(recorderEntity, { id }, { deletedAt: Date.now() }));
      // On PostgreSQL the removal may be noticed before the camera is stored.
      await expect(harness.camera(area, 'Cam', { recorder: remote, id })).rejects.toThrow(/not added|no such recorder/);
      const left = await harness.db.read.query(
        `SELECT id FROM camera WHERE recorder_id = '${id}' AND deleted_at IS NULL`,
      );
      expect(left).toEqual([]);
    });
  });
}
