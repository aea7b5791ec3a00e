import { isDeepStrictEqual } from 'node:util';
import { cameraHistoryResponse, cameraResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import type { CameraReason, CameraState, CameraStatus } from '@choi-canh/shared/health';
import { recorderListResponse } from '@choi-canh/shared/recorders';
import { caseReportResponse } from '@choi-canh/shared/reports';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  CasesHarness,
  eventually,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from '../cases.test-harness.js';
import { cameraStateIntervalEntity } from '../health/camera-state-interval.entity.js';
import { SteppedClock } from '../stepped-clock.test-harness.js';
import { recorderEntity } from './recorder.entity.js';

export function recorderSyncSuite(open: OpenTestDatabase): void {
  describe('a recorder kept in step', () => {
    const clock = new SteppedClock();
    const harness = new CasesHarness(open, clock);
    const { recorder } = harness;
    let area: TestArea;
    let admin: TestActor;
    let camera: CameraResponse;
    beforeAll(async () => {
      await harness.start();
      area = await harness.area('Chí Đám');
      admin = harness.actor('administrator');
    });
    afterAll(() => harness.stop());
    beforeEach(async () => {
      camera = await harness.camera(area);
      await eventually('the recorder has it', () => desiredIds().includes(camera.id));
    });

    const desiredIds = () => recorder.desired?.cameras.map((wanted) => wanted.id) ?? [];
    const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
    const status = (state: CameraState, reason: CameraReason, sinceAt: string, detail = ''): CameraStatus => ({
      cameraId: camera.id,
      state,
      reason,
      detail,
      sinceAt,
    });
    const emit = (given: CameraStatus) => {
      recorder.statuses.set(given.cameraId, given);
      recorder.emit({ type: 'camera.state', status: given });
    };
    const now = () => admin.get(`/api/cameras/${camera.id}`, cameraResponse);
    const history = async () => {
      const query = `from=${ago(3600)}&to=${ago(-60)}`;
      return (await admin.get(`/api/cameras/${camera.id}/history?${query}`, cameraHistoryResponse)).items;
    };
    const reasons = async () => (await history()).map((interval) => interval.reason);
    const untilReason = (reason: CameraReason) => eventually(reason, async () => (await now()).reason === reason);
    const applied = async () =>
      (await harness.db.read.findOneBy(recorderEntity, { id: harness.recorderId }))?.lastSequence;

    it('applies each event once, also when it is sent again and after a restart', async () => {
      emit(status('alive', 'ok', ago(0)));
      await untilReason('ok');
      emit(status('down', 'stream_stalled', ago(-0.01), 'no frame for 10 s'));
      await untilReason('stream_stalled');
      expect(await reasons()).toEqual(['connecting', 'ok', 'stream_stalled']);
      expect((await history()).map((interval) => interval.toAt === null)).toEqual([false, false, true]);
      const sequence = await applied();
      expect(sequence).toBe(recorder.events.at(-1)?.sequence);

      await harness.stopConsole();
      emit(status('alive', 'ok', ago(-0.02)));
      await harness.startConsole();
      await untilReason('ok');
      await eventually('applied', async () => (await applied()) === recorder.events.at(-1)?.sequence);
      expect(await reasons()).toEqual(['connecting', 'ok', 'stream_stalled', 'ok']);
      expect(
        recorder.asked.filter(({ path, query }) => path === '/v1/events' && Number(query.get('after')) > sequence!),
      ).not.toHaveLength(0);
    });

    it('leaves intervals that touch and never overlap, whatever the order of the events', async () => {
      const start = Date.parse(camera.createdAt);
      const at = (ms: number) => new Date(start + ms).toISOString();
      await eventually('some time has gone by', () => Date.now() > start + 60);
      for (const given of [
        status('alive', 'ok', at(10)),
        status('down', 'host_unreachable', at(40)),
        status('down', 'no_stream', at(20)),
        status('alive', 'ok', at(30)),
        status('down', 'wrong_password', at(-5000)),
      ]) {
        recorder.emit({ type: 'camera.state', status: given });
      }
      await eventually('applied', async () => (await applied()) === recorder.events.at(-1)?.sequence);
      const intervals = await history();
      expect(intervals.map((interval) => interval.reason)).toEqual([
        'wrong_password',
        'ok',
        'no_stream',
        'ok',
        'host_unreachable',
      ]);
      expect(intervals.map((interval) => Date.parse(interval.sinceAt) - start)).toEqual([0, 10, 20, 30, 40]);
      for (const [index, interval] of intervals.entries()) {
        expect(interval.toAt).toBe(intervals[index + 1]?.sinceAt ?? null);
      }
    });

    it('applies a page whole or not at all, and ignores cameras that are not its own', async () => {
      const stranger = '5f3f0000-0000-4000-8000-00000000000f';
      recorder.emit({ type: 'camera.state', status: { ...status('alive', 'ok', ago(0)), cameraId: stranger } });
      emit(status('alive', 'ok', ago(0)));
      await untilReason('ok');
      expect(await harness.db.read.countBy(cameraStateIntervalEntity, { cameraId: stranger })).toBe(0);
    });

    it('tells browsers of the area, at most four times a second', async () => {
      harness.told.length = 0;
      const startedAt = performance.now();
      for (let index = 0; index < 12; index += 1) {
        emit(status(index % 2 === 0 ? 'alive' : 'down', index % 2 === 0 ? 'ok' : 'no_stream', ago(-index / 1000)));
      }
      await eventually('browsers know', () =>
        harness.told.some(({ event, args }) => event === 'camera.state' && JSON.stringify(args).includes('no_stream')),
      );
      const told = harness.told.filter(({ event }) => event === 'camera.state');
      expect(told.length).toBeLessThanOrEqual(Math.ceil((performance.now() - startedAt) / 250));
      expect(told[0]?.to).toEqual({ areaId: area.id, permission: 'camera.view' });
    });

    it.each(['stops', 'hangs'])(
      'shows its cameras as unknown when it %s, and as they are when it is back',
      async (way) => {
        emit(status('alive', 'ok', ago(0)));
        await untilReason('ok');
        if (way === 'stops') await recorder.stop();
        else recorder.hang();
        const lostAt = performance.now();
        await untilReason('recorder_unreachable');
        expect(performance.now() - lostAt).toBeLessThan(10_000);
        expect((await admin.get('/api/recorders', recorderListResponse)).items[0]).toMatchObject({
          reachable: false,
          recordingCameras: 0,
        });
        await recorder.stop();
        // While nobody heard it, the camera was lost for a moment; the recorder noted that.
        const lost = Date.now();
        recorder.emit({
          type: 'camera.state',
          status: status('down', 'stream_ended', new Date(lost + 5).toISOString()),
        });
        emit(status('alive', 'ok', new Date(lost + 15).toISOString()));
        await eventually('some time has gone by', () => Date.now() > lost + 40);
        await recorder.start();
        await untilReason('ok');
        await eventually('applied', async () => (await applied()) === recorder.events.at(-1)?.sequence);
        expect((await reasons()).slice(-4)).toEqual(['ok', 'recorder_unreachable', 'stream_ended', 'ok']);
        const back = await eventually('it is said to be there', async () => {
          const [item] = (await admin.get('/api/recorders', recorderListResponse)).items;
          return item?.reachable === true ? item : undefined;
        });
        expect(back).toMatchObject({ version: '0.1.0', freeBytes: 2000, name: 'Đầu ghi' });
      },
      30_000,
    );

    it('shows its cameras as they are now when its clock is behind', async () => {
      emit(status('alive', 'ok', ago(600)));
      await untilReason('ok');
      await recorder.stop();
      await untilReason('recorder_unreachable');
      await recorder.start();
      await untilReason('ok');
      emit(status('down', 'no_stream', ago(590)));
      await untilReason('no_stream');
      emit(status('alive', 'ok', ago(580)));
      await untilReason('ok');
      const intervals = await history();
      for (const [index, interval] of intervals.entries()) {
        expect(interval.toAt).toBe(intervals[index + 1]?.sinceAt ?? null);
      }
      const present = status('alive', 'ok', intervals.at(-1)?.sinceAt ?? '');
      await eventually('browsers know', () =>
        harness.told.some(({ args }) => args.flat().some((told) => isDeepStrictEqual(told, present))),
      );
    });

    it('shows its cameras as they are now when the console’s own clock was set back', async () => {
      emit(status('alive', 'ok', ago(0)));
      await untilReason('ok');
      clock.step(-3_600_000);
      onTestFinished(() => clock.step(3_600_000));
      emit(status('down', 'no_stream', ago(0)));
      await untilReason('no_stream');
    });

    it('keeps what a person paused as paused while the recorder is lost', async () => {
      emit(status('paused', 'disabled', ago(0)));
      await untilReason('disabled');
      const other = camera;
      camera = await harness.camera(area);
      emit(status('alive', 'ok', ago(0)));
      await untilReason('ok');
      await recorder.stop();
      await untilReason('recorder_unreachable');
      expect((await admin.get(`/api/cameras/${other.id}`, cameraResponse)).reason).toBe('disabled');
      await recorder.start();
      await untilReason('ok');
    });

    it('gets the desired state again when it lost its own, and whole', async () => {
      const before = recorder.desired!;
      recorder.desired = undefined;
      await eventually('it was sent again', () => recorder.desired !== undefined);
      expect(recorder.desired!.revision).toBeGreaterThan(before.revision);
      const byId = (cameras: typeof before.cameras) => [...cameras].sort((one, other) => (one.id < other.id ? -1 : 1));
      expect(byId(recorder.desired!.cameras)).toEqual(byId(before.cameras));
      expect(recorder.desired!.minFreeBytes).toBe(5_000_000_000);
    });

    it('is told nothing while nothing changes, and several changes at once', async () => {
      await eventually('it is in step', () => recorder.asked.at(-1)?.path === '/v1/status');
      const before = recorder.desiredPuts.length;
      const statuses = () => recorder.asked.filter(({ path }) => path === '/v1/status').length;
      const asked = statuses();
      await eventually('it was asked some more', () => statuses() > asked + 3);
      expect(recorder.desiredPuts.length).toBe(before);
    });

    it('starts anew where the recorder lost its events', async () => {
      recorder.events = [];
      await eventually('noticed', async () => (await applied()) === 0);
      emit(status('down', 'no_stream', ago(0)));
      await untilReason('no_stream');
    });

    it('does not believe what it cannot read', async () => {
      const before = await applied();
      recorder.events.push({ sequence: (before ?? 0) + 1, type: 7 } as never);
      const polls = () => recorder.asked.filter(({ path }) => path === '/v1/events').length;
      const seen = polls();
      await eventually('asked again', () => polls() > seen + 2);
      expect(await applied()).toBe(before);
      recorder.events.pop();
      emit(status('alive', 'ok', ago(0)));
      await untilReason('ok');
    });

    it('does not show its token to whoever has the address of the last time', async () => {
      emit(status('alive', 'ok', ago(0)));
      await untilReason('ok');
      await harness.stopConsole();
      // What the stopped console had under way may arrive after its end.
      const before = await eventually('nothing more arrives', async () => {
        const asked = recorder.asked.length;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return asked === recorder.asked.length && asked;
      });
      await harness.startConsole({ register: false });
      // Alive is what it was when the console stopped; at the first look nobody knows.
      expect(await now()).toMatchObject({ state: 'unknown', reason: 'recorder_silent' });
      const range = `from=${ago(3600)}&to=${ago(-60)}`;
      expect((await admin.get(`/api/reports/cases?${range}`, caseReportResponse)).camerasAlive).toBe(0);
      expect((await admin.get('/api/recorders', recorderListResponse)).items[0]?.reachable).toBe(false);
      await untilReason('recorder_unreachable');
      expect(await admin.refusal('GET', `/api/cameras/${camera.id}/live/sub/playlist.m3u8`)).toBe(
        '503 recorder_unreachable',
      );
      expect(recorder.asked.length).toBe(before);
      await harness.register();
      await untilReason('ok');
    });

    it('tells browsers also of what has not changed while the console was away', async () => {
      const since = ago(0);
      emit(status('alive', 'ok', since));
      await untilReason('ok');
      await harness.stopConsole();
      const before = harness.told.length;
      await harness.startConsole();
      await eventually('browsers know', () =>
        harness.told.slice(before).some(({ args }) => JSON.stringify(args).includes(camera.id)),
      );
      await untilReason('ok');
    });

    it('is found again at another address', async () => {
      await recorder.move();
      await untilReason('recorder_unreachable');
      await harness.register();
      await eventually('it is reachable', async () => {
        const { items } = await admin.get('/api/recorders', recorderListResponse);
        return items.length === 1 && items[0]?.reachable;
      });
    });

    it('keeps the token sealed', async () => {
      const [row] = await harness.db.read.find(recorderEntity);
      expect(row?.tokenBox).toMatch(/^v1\./);
      expect(JSON.stringify(row)).not.toContain(recorder.token);
    });
  });
}
