import { cameraHistoryResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import { coverageResponse, openingResponse } from '@choi-canh/shared/footage';
import type { CameraReason, CameraState } from '@choi-canh/shared/health';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SteppedClock } from '../stepped-clock.test-harness.js';
import { cameraStateIntervalEntity } from '../health/camera-state-interval.entity.js';
import { newId } from '../../lib/ids.js';
import {
  CasesHarness,
  eventually,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from '../cases.test-harness.js';

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
      expect((await harness.trail('footage.open')).at(-1)).toMatchObject({
        purpose: incident.number,
        details: { incidentId: incident.id },
        names: { [incident.id]: incident.number },
      });
      const elsewhere = { areaId: newId(), path: '/elsewhere/' };
      expect([...(await harness.cases.namesOf(elsewhere, [incident.id, camera.id]))]).toEqual([]);
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

    it('belongs to one session, one set of cameras and twelve hours', async () => {
      const { id } = await openIt();
      const other = await harness.camera(area);
      const path = (cameraId: string) => `/api/openings/${id}/cameras/${cameraId}/playlist.m3u8`;
      const colleague = harness.actor('commune_officer', area);
      expect(await officer.status('GET', path(camera.id))).toBe(200);
      expect(await colleague.refusal('GET', path(camera.id))).toBe('404 opening_not_found');
      expect(await colleague.refusal('GET', `/api/openings/${id}`)).toBe('404 opening_not_found');
      expect(await harness.again(officer).refusal('GET', path(camera.id))).toBe('404 opening_not_found');
      expect(await harness.again(officer).refusal('GET', `/api/openings/${id}`)).toBe('404 opening_not_found');
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

    it.each(['while the console was down', 'after the console had lost it', 'before the console noticed'])(
      'is missing because its recorder did not run, as that tells %s',
      async (way) => {
        const admin = harness.actor('administrator');
        const cameras = [await harness.camera(area), await harness.camera(area)];
        const paused = await harness.camera(area);
        const startMs = clock.nowMs();
        const when = (seconds: number) => new Date(startMs + seconds * 1000).toISOString();
        const tell = (one: CameraResponse, state: CameraState, reason: CameraReason, sinceAt: string) => {
          const status = { cameraId: one.id, state, reason, detail: '', sinceAt };
          recorder.statuses.set(one.id, status);
          recorder.emit({ type: 'camera.state', status });
        };
        const history = async (id: string) => {
          const query = `from=${when(-60)}&to=${when(600)}`;
          return (await admin.get(`/api/cameras/${id}/history?${query}`, cameraHistoryResponse)).items;
        };
        const reasons = async (id: string) => (await history(id)).map((interval) => interval.reason);
        const gaps = async (id: string) => {
          const query = `cameraIds=${id}&from=${when(1)}&to=${when(90)}`;
          const { items } = await officer.get(`/api/coverage?${query}`, coverageResponse);
          return items[0]!.gaps;
        };
        for (const one of cameras) {
          tell(one, 'alive', 'ok', when(1));
          const recorded = [
            { from: when(0), to: when(18), timeSource: 'rtcp' as const },
            { from: when(65), to: when(90), timeSource: 'rtcp' as const },
          ];
          const coverage = { cameraId: one.id, recorded, oldestAt: when(0), newestAt: when(90) };
          recorder.coverages.set(one.id, coverage);
        }
        clock.step(20_000);
        tell(paused, 'paused', 'disabled', when(1));
        await eventually('it is paused', async () => (await reasons(paused.id)).at(-1) === 'disabled');

        if (way.startsWith('while')) await harness.stopConsole();
        if (way.startsWith('after')) {
          await recorder.stop();
          const lost = async () => (await reasons(cameras[1]!.id)).at(-1) === 'recorder_unreachable';
          await eventually('it is lost', lost);
        }
        clock.step(100_000);
        recorder.emit({ type: 'recorder.stopped', from: when(20), to: when(60) });
        for (const one of cameras) {
          tell(one, 'unknown', 'connecting', when(61));
          tell(one, 'alive', 'ok', when(64));
        }
        if (way.startsWith('while')) await harness.startConsole();
        if (way.startsWith('after')) await recorder.start();

        for (const one of cameras) {
          await eventually('it is known', async () => {
            const found = await gaps(one.id);
            return (
              found.length === 1 && found[0]?.reason === 'recorder_stopped' && (await reasons(one.id)).at(-1) === 'ok'
            );
          });
          expect(await gaps(one.id)).toEqual([{ from: when(18), to: when(65), reason: 'recorder_stopped' }]);
          const known = await history(one.id);
          expect(known.filter((interval) => interval.reason === 'recorder_stopped')).toMatchObject([
            { state: 'unknown', sinceAt: when(20), toAt: when(60) },
          ]);
          for (const [index, interval] of known.entries()) {
            expect(interval.toAt).toBe(known[index + 1]?.sinceAt ?? null);
          }
          expect((await history(one.id)).at(-1)).toMatchObject({ state: 'alive', sinceAt: when(64) });
        }
        expect(await reasons(paused.id)).toEqual(['connecting', 'disabled']);
        // What has nothing to do with it, and what cannot be, changes nothing.
        const before = await history(cameras[0]!.id);
        recorder.emit({ type: 'recorder.stopped', from: when(60), to: when(20) });
        recorder.emit({ type: 'recorder.stopped', from: when(1e6), to: when(2e6) });
        recorder.emit({ type: 'recorder.stopped', from: when(-9000), to: when(-8000) });
        tell(paused, 'paused', 'storage_full', when(100));
        await eventually('applied', async () => (await reasons(paused.id)).at(-1) === 'storage_full');
        expect(await history(cameras[0]!.id)).toEqual(before);
      },
    );

    it('never loses the newest of many intervals', async () => {
      const flapping = await harness.camera(area);
      const startMs = clock.nowMs() - 20 * 86_400_000;
      await harness.db.write(async (manager) => {
        await manager.delete(cameraStateIntervalEntity, { cameraId: flapping.id });
        for (let start = 0; start < 5200; start += 400) {
          const rows = Array.from({ length: 400 }, (_, index) => start + index).map((index) => ({
            ...{ id: newId(), cameraId: flapping.id, state: 'down' as const, detail: '' },
            reason: index % 2 === 0 ? ('no_stream' as const) : ('host_unreachable' as const),
            sinceAt: startMs + index * 60_000,
            toAt: index === 5199 ? null : startMs + (index + 1) * 60_000,
          }));
          await manager.insert(cameraStateIntervalEntity, rows.slice(0, 5200 - start));
        }
      });
      const [from, to] = [startMs, clock.nowMs()].map((ms) => new Date(ms).toISOString());
      const admin = harness.actor('administrator');
      const { items, leftOutBefore } = await admin.get(
        `/api/cameras/${flapping.id}/history?from=${from}&to=${to}`,
        cameraHistoryResponse,
      );
      expect(items).toHaveLength(5000);
      expect(leftOutBefore).toBe(items[0]!.sinceAt);
      const later = `from=${items[1]!.sinceAt}&to=${to}`;
      const short = await admin.get(`/api/cameras/${flapping.id}/history?${later}`, cameraHistoryResponse);
      expect(short).toMatchObject({ leftOutBefore: null });
      expect(short.items).toHaveLength(4999);
      expect(items.at(-1)).toMatchObject({ reason: 'host_unreachable', toAt: null });
      const coverage = await officer.get(
        `/api/coverage?cameraIds=${flapping.id}&from=${from}&to=${to}`,
        coverageResponse,
      );
      expect(coverage.items[0]!.gaps.at(-1)).toMatchObject({ reason: 'host_unreachable' });
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
