import type { CameraResponse } from '@choi-canh/shared/cameras';
import { coverageResponse, openingResponse } from '@choi-canh/shared/footage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SteppedClock } from '../stepped-clock.test-harness.js';
import { CasesHarness, type OpenTestDatabase, type TestActor, type TestArea } from '../cases.test-harness.js';

export function footageSuite(open: OpenTestDatabase): void {
  describe('past footage', () => {
    const clock = new SteppedClock();
    const harness = new CasesHarness(open, clock);
    const { recorder } = harness;
    let area: TestArea;
    let officer: TestActor;
    let camera: CameraResponse;
    let nowMs: number;
    const at = (seconds: number) => new Date(nowMs + seconds * 1000).toISOString();
    beforeAll(async () => {
      await harness.start();
      area = await harness.area('Chí Đám');
      officer = harness.actor('commune_officer', area);
      camera = await harness.camera(area);
      nowMs = Date.now();
      recorder.coverages.set(camera.id, {
        cameraId: camera.id,
        recorded: [{ from: at(-600), to: at(-300), timeSource: 'rtcp', overlap: true }],
        oldestAt: at(-9000),
        newestAt: at(-300),
      });
    });
    afterAll(() => harness.stop());

    const openIt = (given: object = {}, actor = officer) =>
      actor.post('/api/openings', openingResponse, {
        cameraIds: [camera.id],
        from: at(-600),
        to: at(-200),
        purpose: 'Xem lại vụ va chạm',
        ...given,
      });

    it('is opened with a purpose, entered in the trail before it is seen', async () => {
      const opening = await openIt();
      expect(opening.cameras[0]).toMatchObject({
        recorded: [{ from: at(-600), to: at(-300), overlap: true }],
        gaps: [{ from: at(-300), to: at(-200), reason: 'unknown' }],
        oldestAt: at(-9000),
      });
      const [record] = await harness.trail('footage.open');
      expect(record).toMatchObject({
        accountId: officer.actor.accountId,
        subjectId: camera.id,
        purpose: 'Xem lại vụ va chạm',
        areaId: area.id,
        details: { openingId: opening.id, from: at(-600), to: at(-200) },
      });
      const base = `/api/openings/${opening.id}/cameras/${camera.id}`;
      const playlist = await officer.fetch('GET', `${base}/playlist.m3u8?from=${at(-500)}&to=${at(-400)}`);
      expect([playlist.status, playlist.headers.get('cache-control')]).toEqual([200, 'no-store']);
      await playlist.text();
      expect(Object.fromEntries(recorder.asked.findLast(({ path }) => path.endsWith('playlist.m3u8'))!.query)).toEqual({
        from: at(-500),
        to: at(-400),
      });
      expect(await officer.get(`/api/openings/${opening.id}`, openingResponse)).toEqual(opening);
    });

    it('names the incident in the trail', async () => {
      const incident = await harness.incident(officer, area);
      await openIt({ purpose: undefined, incidentId: incident.id });
      expect((await harness.trail('footage.open')).at(-1)).toMatchObject({ purpose: incident.number });
      expect(
        await officer.status('POST', '/api/openings', { cameraIds: [camera.id], from: at(-600), to: at(-200) }),
      ).toBe(400);
    });

    it('hands ranges of files through, inside the opening', async () => {
      const { id } = await openIt();
      const base = `/api/openings/${id}/cameras/${camera.id}`;
      const part = await officer.fetch('GET', `${base}/files/${recorder.fileId}.mp4`, undefined, {
        range: 'bytes=0-3',
      });
      expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
        206,
        `bytes 0-3/${`files/${recorder.fileId}.mp4 of ${camera.id}`.length}`,
        'file',
      ]);
      // The recorder is asked other things meanwhile, for its events and its state.
      const asked = recorder.asked.findLast(({ path }) => path.includes('/files/'))!;
      expect([asked.range, asked.query.get('from'), asked.query.get('to')]).toEqual(['bytes=0-3', at(-600), at(-200)]);
      const beyond = await officer.fetch('GET', `${base}/files/${recorder.fileId}.mp4`, undefined, {
        range: 'bytes=9999-',
      });
      expect(beyond.status).toBe(416);
      await beyond.arrayBuffer();
      for (const path of [`inits/${recorder.fileId}.mp4`, `keyframes/${recorder.fileId}-1234.m4s`]) {
        expect(await officer.status('GET', `${base}/${path}`), path).toBe(200);
      }
      for (const path of ['files/..%2f..%2fstatus', 'files/a.m4s', 'keyframes/x.mp4', 'inits/a%00.mp4']) {
        expect([400, 404], path).toContain(await officer.status('GET', `${base}/${path}`));
      }
    });

    it('is not shown outside the opening', async () => {
      const { id } = await openIt();
      const base = `/api/openings/${id}/cameras/${camera.id}`;
      const before = recorder.asked.length;
      for (const path of [
        `playlist.m3u8?from=${at(-601)}&to=${at(-400)}`,
        `playlist.m3u8?from=${at(-500)}&to=${at(-199)}`,
        `thumbnail.jpg?at=${at(-601)}`,
        `thumbnail.jpg?at=${at(-200)}`,
      ]) {
        expect(await officer.refusal('GET', `${base}/${path}`), path).toBe('403 outside_opening');
      }
      expect(recorder.asked.slice(before).filter(({ path }) => path.includes('/cameras/'))).toEqual([]);
      expect(await officer.status('GET', `${base}/thumbnail.jpg?at=${at(-600)}&width=320`)).toBe(200);
      expect(Object.fromEntries(recorder.asked.findLast(({ path }) => path.endsWith('thumbnail.jpg'))!.query)).toEqual({
        at: at(-600),
        width: '320',
      });
    });

    it('belongs to one account, one set of cameras and twelve hours', async () => {
      const { id } = await openIt();
      const other = await harness.camera(area);
      const path = (cameraId: string) => `/api/openings/${id}/cameras/${cameraId}/playlist.m3u8`;
      const colleague = harness.actor('commune_officer', area);
      expect(await officer.status('GET', path(camera.id))).toBe(200);
      expect(await colleague.refusal('GET', path(camera.id))).toBe('404 opening_not_found');
      expect(await colleague.refusal('GET', `/api/openings/${id}`)).toBe('404 opening_not_found');
      expect(await officer.refusal('GET', path(other.id))).toBe('404 opening_not_found');
      clock.step(12 * 3600_000 + 1);
      expect(await officer.refusal('GET', path(camera.id))).toBe('404 opening_not_found');
      expect(await officer.refusal('GET', `/api/openings/${id}`)).toBe('404 opening_not_found');
      clock.step(-12 * 3600_000 - 1);
    });

    it('says since when there is footage where there is none', async () => {
      const empty = await harness.camera(area);
      const opening = await openIt({ cameraIds: [empty.id] });
      expect(opening.cameras[0]).toMatchObject({ recorded: [], oldestAt: null });
      const response = await officer.fetch('GET', `/api/openings/${opening.id}/cameras/${empty.id}/playlist.m3u8`);
      expect(response.status).toBe(404);
      expect(((await response.json()) as { error: object }).error).toMatchObject({
        code: 'no_footage',
        details: { oldestAt: null, newestAt: null, cameraName: empty.name },
      });
    });

    it('tells coverage with the reasons of gaps, clipped at now, without a record of its own', async () => {
      const before = (await harness.trail('footage.open')).length;
      recorder.emit({
        type: 'camera.state',
        status: {
          cameraId: camera.id,
          state: 'down',
          reason: 'host_unreachable',
          detail: '',
          sinceAt: camera.createdAt,
        },
      });
      const query = `cameraIds=${camera.id}&from=${at(-600)}&to=${at(3600)}`;
      let reasons: string[] = [];
      for (let turn = 0; turn < 200 && !reasons.includes('host_unreachable'); turn += 1) {
        const { items } = await officer.get(`/api/coverage?${query}`, coverageResponse);
        reasons = items[0]!.gaps.map((gap) => gap.reason);
        expect(Date.parse(items[0]!.gaps.at(-1)!.to)).toBeLessThanOrEqual(Date.now());
      }
      expect(reasons).toEqual(['unknown', 'host_unreachable']);
      expect(await harness.trail('footage.open')).toHaveLength(before);
      expect(await officer.refusal('GET', `/api/coverage?cameraIds=${camera.id}&from=${at(0)}&to=${at(-1)}`)).toBe(
        '400 bad_range',
      );
    });

    it('cannot be opened while its recorder is away, and then nothing is entered', async () => {
      const before = (await harness.trail('footage.open')).length;
      await recorder.stop();
      expect(
        await officer.refusal('POST', '/api/openings', {
          cameraIds: [camera.id],
          from: at(-600),
          to: at(-200),
          purpose: 'Xem lại',
        }),
      ).toBe('503 recorder_unreachable');
      expect(await harness.trail('footage.open')).toHaveLength(before);
      await recorder.start();
    });

    it('is not for technicians', async () => {
      const technician = harness.actor('technician', area);
      const { id } = await openIt();
      for (const path of [
        `/api/openings/${id}`,
        `/api/openings/${id}/cameras/${camera.id}/playlist.m3u8`,
        `/api/coverage?cameraIds=${camera.id}&from=${at(-600)}&to=${at(0)}`,
      ]) {
        expect(await technician.refusal('GET', path)).toBe('403 not_allowed');
      }
    });
  });
}
