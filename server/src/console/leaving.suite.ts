import type { AuditAction } from '@choi-canh/shared/audit';
import { cameraAddResponse, deviceOffer, type CameraResponse } from '@choi-canh/shared/cameras';
import { clipResponse } from '@choi-canh/shared/evidence';
import { openingResponse } from '@choi-canh/shared/footage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CasesHarness,
  deviceOf,
  eventually,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from './cases.test-harness.js';
import { SteppedClock } from './stepped-clock.test-harness.js';

/** Ranges by which a byte may be asked for; the length of the file is put in the place of N. */
const rangeHeaders: Record<string, string>[] = [
  {},
  { range: 'bytes=0-' },
  { range: 'bytes=1-' },
  { range: 'bytes=-1' },
  { range: 'bytes=-N-1' },
  { range: 'bytes=10-19' },
  { range: 'bytes=0-3,5-9' },
  { range: 'bytes=1-', 'if-range': '"another"' },
  { range: 'lines=1-2' },
];

/** Whatever leaves the console as footage or evidence has a record in the audit trail first. */
export function leavingSuite(open: OpenTestDatabase): void {
  describe('footage and evidence', () => {
    const clock = new SteppedClock();
    const harness = new CasesHarness(open, clock);
    const { recorder } = harness;
    let area: TestArea;
    let camera: CameraResponse;
    let clipId: string;
    let fileBytes: number;
    const from = new Date(Date.now() - 600_000).toISOString();
    const to = new Date(Date.now() - 300_000).toISOString();
    beforeAll(async () => {
      await harness.start();
      area = await harness.area('Chí Đám');
      camera = await harness.camera(area);
      recorder.coverages.set(camera.id, {
        cameraId: camera.id,
        recorded: [{ from, to, timeSource: 'rtcp' }],
        oldestAt: from,
        newestAt: to,
      });
      const officer = harness.actor('commune_officer', area);
      const incident = await harness.incident(officer, area);
      const body = { cameraId: camera.id, from, to };
      clipId = (await officer.post(`/api/incidents/${incident.id}/clips`, clipResponse, body)).id;
      const done = await eventually('the clip is cut', async () => {
        const now = await officer.get(`/api/clips/${clipId}`, clipResponse);
        return now.state === 'done' && now;
      });
      fileBytes = done.files[0]!.bytes;
    });
    afterAll(() => harness.stop());

    const read = async (actor: TestActor, path: string, headers: Record<string, string> = {}, method = 'GET') => {
      const response = await actor.fetch(method, path, undefined, headers);
      return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
    };
    const withLength = (headers: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, value.replace('N-1', String(fileBytes - 1))]),
      );
    /** What this account left in the trail. */
    const recordsOf = async (actor: TestActor, action?: AuditAction) =>
      (await harness.trail(action)).filter(({ accountId }) => accountId === actor.actor.accountId);

    /** A device shows pictures of its channels to who was shown the channels. */
    const picturesOfDevices = async (actor: TestActor, route?: string) => {
      const [ofKnown, ofNew] = ['/api/devices/:deviceId/picture', '/api/cameras/additions/:id/picture'];
      const { deviceId, sourceToken } = camera;
      if (route === ofKnown) await actor.post(`/api/devices/${deviceId}/channels`, deviceOffer, undefined);
      let additionId = camera.id;
      const deviceAddress = 'http://10.77.0.1/onvif/device_service';
      if (route === ofNew) {
        recorder.identities.set(deviceAddress, deviceOf(2));
        const body = { recorderId: harness.recorderId, areaId: area.id, username: 'a', password: 'b' };
        const started = await actor.post('/api/cameras/additions', cameraAddResponse, {
          ...{ ...body, devices: [{ deviceAddress }] },
        });
        additionId = started.id;
        await eventually('its channels are offered', async () => {
          const now = await actor.get(`/api/cameras/additions/${additionId}`, cameraAddResponse);
          return now.state === 'done';
        });
      }
      const asked = new URLSearchParams({ deviceAddress, sourceToken: 'VideoSource_1' });
      return {
        [ofKnown]: { path: `/api/devices/${deviceId}/picture?sourceToken=${sourceToken}`, subjectId: deviceId },
        [ofNew]: { path: `/api/cameras/additions/${additionId}/picture?${asked}`, subjectId: harness.recorderId },
      };
    };

    /** How somebody new comes to each thing that leaves, and which subject its record names. */
    const ways = async (
      actor: TestActor,
      route?: string,
    ): Promise<Record<string, { path: string; subjectId: string }>> => {
      const opening = await actor.post('/api/openings', openingResponse, {
        cameraIds: [camera.id],
        from,
        to,
        purpose: 'Kiểm tra nhật ký',
      });
      const shown = `/api/openings/${opening.id}/cameras/${camera.id}`;
      const file = recorder.fileId;
      const ofCamera = (path: string) => ({ path, subjectId: camera.id });
      return {
        ...(await picturesOfDevices(actor, route)),
        '/api/live': ofCamera(`/api/live?streams=${camera.id}.sub`),
        '/api/cameras/:cameraId/live/:stream/:file': ofCamera(`/api/cameras/${camera.id}/live/sub/picture.jpg`),
        '/api/openings/:openingId/cameras/:cameraId/playlist.m3u8': ofCamera(`${shown}/playlist.m3u8`),
        '/api/openings/:openingId/cameras/:cameraId/thumbnail.jpg': ofCamera(`${shown}/thumbnail.jpg?at=${from}`),
        '/api/openings/:openingId/cameras/:cameraId/files/:file': ofCamera(`${shown}/files/${file}.mp4`),
        '/api/openings/:openingId/cameras/:cameraId/sound/:file': ofCamera(`${shown}/sound/${file}.mp4`),
        '/api/openings/:openingId/cameras/:cameraId/inits/:file': ofCamera(`${shown}/inits/${file}.mp4`),
        '/api/openings/:openingId/cameras/:cameraId/keyframes/:file': ofCamera(`${shown}/keyframes/${file}-1.m4s`),
        '/api/openings/:openingId/cameras/:cameraId/converted/:file': ofCamera(`${shown}/converted/${file}.m4s`),
        '/api/openings/:openingId/cameras/:cameraId/converted-keyframes/:file': ofCamera(
          `${shown}/converted-keyframes/${file}-1.m4s`,
        ),
        '/api/clips/:clipId/files/:index': { path: `/api/clips/${clipId}/files/0`, subjectId: clipId },
        '/api/recorders/:recorderId/chain/records.jsonl': {
          path: `/api/recorders/${harness.recorderId}/chain/records.jsonl`,
          subjectId: harness.recorderId,
        },
      };
    };

    it('leave by routes that name what they enter in the trail, every one of them', async () => {
      const leaving = harness.cases.routes.filter(({ produces }) => produces !== undefined);
      expect(leaving.filter(({ trail }) => trail === undefined).map(({ path }) => path)).toEqual([]);
      expect(leaving.map(({ path }) => path).sort()).toEqual(
        Object.keys(await ways(harness.actor('administrator'))).sort(),
      );
    });

    it('leave with one record, whatever the range', async () => {
      const asked: { what: string; actor: TestActor; trail: AuditAction; subjectId: string }[] = [];
      for (const { path: route, trail } of harness.cases.routes) {
        if (trail === undefined) continue;
        for (const headers of rangeHeaders) {
          const actor = harness.actor('administrator');
          const { path, subjectId } = (await ways(actor, route))[route]!;
          const sent = withLength(headers);
          await read(actor, path, sent);
          asked.push({ what: `${route} ${JSON.stringify(sent)}`, actor, trail, subjectId });
        }
      }
      // Viewings end after a silence.
      clock.step(60_000);
      const ofLive = asked.filter(({ trail }) => trail === 'live.view').length;
      await eventually('viewings are entered', async () => (await harness.trail('live.view')).length >= ofLive);
      const trail = await harness.trail();
      const counts = asked.map(({ what, actor, trail: action, subjectId }) => {
        const mine = trail.filter((record) => record.accountId === actor.actor.accountId && record.action === action);
        return `${what}: ${mine.filter((record) => record.subjectId === subjectId).length}`;
      });
      expect(counts).toEqual(asked.map(({ what }) => `${what}: 1`));
    }, 120_000);

    const clipPath = () => `/api/clips/${clipId}/files/0`;
    it.each(rangeHeaders)('as a clip leave with one record before the first byte: %o', async (headers) => {
      const actor = harness.actor('district_officer', area);
      const asked = withLength(headers);
      expect((await read(actor, clipPath(), asked)).bytes.length).toBeGreaterThan(0);
      expect(await recordsOf(actor, 'clip.download')).toHaveLength(1);
      expect((await read(actor, clipPath(), asked)).bytes.length).toBeGreaterThan(0);
      expect(await recordsOf(actor, 'clip.download')).toHaveLength(1);
    });

    it('as a clip in parallel pieces are one download, of each session its own', async () => {
      const actor = harness.actor('district_officer', area);
      const pieces = Array.from({ length: 8 }, (_, index) => ({
        range: `bytes=${index * 100 + 1}-${index * 100 + 100}`,
      }));
      await Promise.all(pieces.map((headers) => read(actor, clipPath(), headers)));
      expect(await recordsOf(actor, 'clip.download')).toHaveLength(1);
      await read(harness.again(actor), clipPath(), { range: 'bytes=5-' });
      expect(await recordsOf(actor, 'clip.download')).toHaveLength(2);
    });

    it('do not leave where only the head of a clip is asked for, or nothing of it', async () => {
      const actor = harness.actor('district_officer', area);
      const head = await actor.fetch('HEAD', clipPath());
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(fileBytes)]);
      expect((await read(actor, clipPath(), { range: `bytes=${fileBytes}-` })).status).toBe(416);
      expect(await recordsOf(actor)).toEqual([]);
      await read(actor, clipPath(), { range: 'bytes=2-' });
      expect(await recordsOf(actor, 'clip.download')).toHaveLength(1);
    });

    it('are refused where they lie outside of an opening, and a recorder that refuses them is not out of order', async () => {
      const actor = harness.actor('commune_officer', area);
      const { path } = (await ways(actor))['/api/openings/:openingId/cameras/:cameraId/files/:file']!;
      recorder.mediaRefusal = { kind: 'forbidden', code: 'outside_opened_range' };
      expect(await actor.refusal('GET', path)).toBe('403 outside_opened_range');
      recorder.mediaRefusal = { kind: 'forbidden', code: 'bad_token' };
      expect(await actor.refusal('GET', path)).toBe('503 recorder_refused');
      recorder.mediaRefusal = undefined;
    });

    it('of all areas are not for an administrator of one', async () => {
      const actor = harness.actor('administrator', area);
      const path = `/api/recorders/${harness.recorderId}/chain/records.jsonl`;
      expect(await actor.refusal('GET', path)).toBe('403 outside_area');
      expect(await actor.status('HEAD', path)).toBe(403);
      expect(await recordsOf(actor)).toEqual([]);
    });
  });
}
