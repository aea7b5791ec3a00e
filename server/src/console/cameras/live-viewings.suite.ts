import type { CameraResponse } from '@choi-canh/shared/cameras';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../lib/ids.js';
import {
  CasesHarness,
  eventually,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from '../cases.test-harness.js';
import { SteppedClock } from '../stepped-clock.test-harness.js';
import { liveViewingEntity, type LiveViewingRow } from './live-viewing.entity.js';

export function liveViewingsSuite(open: OpenTestDatabase): void {
  describe('live viewing', () => {
    const clock = new SteppedClock();
    const harness = new CasesHarness(open, clock);
    let area: TestArea;
    let cameras: CameraResponse[];
    let viewer: TestActor;
    beforeAll(async () => {
      await harness.start();
      area = await harness.area('Chí Đám');
      cameras = [await harness.camera(area), await harness.camera(area), await harness.camera(area)];
    });
    afterAll(() => harness.stop());
    beforeEach(() => {
      viewer = harness.actor('commune_officer', area);
      harness.recorder.endlessMedia = false;
    });

    const records = async (actor = viewer) =>
      (await harness.trail('live.view')).filter(({ accountId }) => accountId === actor.actor.accountId);
    const untilRecords = (count: number, actor = viewer) =>
      eventually(`${count} records`, async () => {
        const found = await records(actor);
        return found.length === count && found;
      });
    const rows = () => harness.db.read.find(liveViewingEntity);
    /** Nothing is asked for so long that viewings have ended; the console looks at them a few times. */
    async function silence() {
      clock.step(50_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const file = (name: string, camera = cameras[0]!) => `/api/cameras/${camera.id}/live/sub/${name}`;
    /** Looks at a wall until it is told to stop. */
    async function watch(actor: TestActor, some: CameraResponse[]) {
      harness.recorder.endlessMedia = true;
      const leave = new AbortController();
      const streams = some.map(({ id }) => `${id}.sub`).join(',');
      const response = await actor.fetch('GET', `/api/live?streams=${streams}`, undefined, {}, leave.signal);
      const reader = response.body!.getReader();
      await reader.read();
      return () => leave.abort();
    }
    const leftBehind = (given: Partial<LiveViewingRow> = {}): LiveViewingRow => ({
      ...{ id: newId(), sessionId: viewer.actor.sessionId, cameraId: cameras[0]!.id, cameraName: cameras[0]!.name },
      ...{ areaId: area.id, accountId: viewer.actor.accountId, accountName: viewer.actor.name, address: '10.0.0.9' },
      ...{ beganAt: clock.nowMs() - 60_000, seenAt: clock.nowMs() - 30_000 },
      ...given,
    });

    it('of one camera is one record, however many playlists, segments and pictures it takes', async () => {
      const beganAt = clock.nowMs();
      for (let turn = 0; turn < 4; turn += 1) {
        for (const name of ['playlist.m3u8', 'init-1.mp4', `${turn}.m4s`, 'picture.jpg']) {
          expect(await viewer.status('GET', file(name))).toBe(200);
        }
        clock.step(20_000);
      }
      expect(await records()).toEqual([]);
      const endedAt = clock.nowMs() - 20_000;
      await silence();
      const [record] = await untilRecords(1);
      expect(record).toMatchObject({
        accountName: viewer.actor.name,
        subjectType: 'camera',
        subjectId: cameras[0]!.id,
        subjectName: cameras[0]!.name,
        areaId: area.id,
      });
      const { from, to } = record!.details as { from: string; to: string };
      expect(Date.parse(from)).toBeGreaterThanOrEqual(beganAt - 1);
      expect(Date.parse(to) - Date.parse(from)).toBeGreaterThanOrEqual(60_000);
      expect(Date.parse(to)).toBeLessThanOrEqual(endedAt + 5000);
      await silence();
      expect(await records()).toHaveLength(1);
      expect(await rows()).toEqual([]);
      // Looking again later is another viewing.
      await viewer.status('GET', file('picture.jpg'));
      await silence();
      await untilRecords(2);
    });

    it('of a wall is one record a camera, at its end', async () => {
      const leave = await watch(viewer, cameras);
      expect(await rows()).toHaveLength(3);
      await silence();
      expect(await records()).toEqual([]);
      const before = (await rows()).map(({ seenAt }) => seenAt);
      await eventually('it is noted that it goes on', async () =>
        (await rows()).every(({ seenAt }, index) => seenAt > before[index]!),
      );
      leave();
      await eventually('it is left', async () => harness.recorder.openMedia === 0);
      await silence();
      const found = await untilRecords(3);
      expect(found.map(({ subjectId }) => subjectId).sort()).toEqual(cameras.map(({ id }) => id).sort());
      await silence();
      expect(await records()).toHaveLength(3);
    });

    it('of two people, or in two sessions of one, is entered of each', async () => {
      const colleague = harness.actor('technician', area);
      const again = harness.again(viewer);
      for (const actor of [viewer, again, colleague]) await actor.status('GET', file('picture.jpg'));
      await silence();
      await untilRecords(2);
      await untilRecords(1, colleague);
    });

    it('that shows nothing is none', async () => {
      harness.recorder.mediaRefusal = { kind: 'unavailable', code: 'no_picture_yet' };
      expect(await viewer.status('GET', file('picture.jpg'))).toBe(503);
      harness.recorder.mediaRefusal = undefined;
      const stranger = harness.actor('commune_officer', await harness.area('Đồng Lương'));
      expect(await stranger.status('GET', file('picture.jpg'))).toBe(404);
      expect(await stranger.status('GET', `/api/live?streams=${cameras[0]!.id}.sub`)).toBe(404);
      await silence();
      expect([...(await records()), ...(await records(stranger))]).toEqual([]);
    });

    it('that cannot be entered shows nothing', async () => {
      const rename = (from: string, to: string) =>
        harness.db.write((manager) => manager.query(`ALTER TABLE ${from} RENAME TO ${to}`));
      await rename('live_viewing', 'live_viewing_away');
      const response = await viewer.fetch('GET', file('picture.jpg'));
      expect(response.status).toBeGreaterThanOrEqual(500);
      expect(await response.text()).not.toContain('picture.jpg of');
      await rename('live_viewing_away', 'live_viewing');
      expect(await viewer.status('GET', file('picture.jpg'))).toBe(200);
      await silence();
      await untilRecords(1);
    });

    it('goes on for long without a record only so long: a wall that is never left is entered in pieces', async () => {
      const leave = await watch(viewer, [cameras[0]!]);
      clock.step(13 * 3600_000);
      const [first] = await untilRecords(1);
      const { from, to } = first!.details as { from: string; to: string };
      expect(Date.parse(to) - Date.parse(from)).toBeGreaterThan(12 * 3600_000);
      expect(await rows()).toMatchObject([{ beganAt: Date.parse(to) }]);
      leave();
      await eventually('it is left', async () => harness.recorder.openMedia === 0);
      await silence();
      const second = (await untilRecords(2))[1]!.details as { from: string };
      expect(second.from).toBe(to);
    });

    it('is entered when the console stops', async () => {
      await watch(viewer, [cameras[0]!, cameras[1]!]);
      await harness.stopConsole();
      const found = (await harness.trail('live.view')).filter((one) => one.accountId === viewer.actor.accountId);
      expect(found).toHaveLength(2);
      expect(await rows()).toEqual([]);
      await harness.startConsole();
    });

    it('is entered at the next start when the console did not stop but end, and by one console only', async () => {
      await harness.stopConsole();
      const row = leftBehind();
      await harness.db.write((manager) => manager.insert(liveViewingEntity, row));
      await harness.startConsole();
      await silence();
      expect(await records()).toEqual([]);
      clock.step(120_000);
      const [record] = await untilRecords(1);
      expect(record).toMatchObject({
        ...{ accountId: row.accountId, accountName: row.accountName, subjectId: row.cameraId, address: '10.0.0.9' },
        details: {
          from: new Date(row.beganAt).toISOString(),
          to: new Date(row.seenAt).toISOString(),
          interrupted: true,
        },
      });
      await silence();
      expect(await records()).toHaveLength(1);
      expect(await rows()).toEqual([]);
    });

    it('goes on as one across a quick restart', async () => {
      const row = leftBehind({ seenAt: clock.nowMs() });
      await harness.db.write((manager) => manager.insert(liveViewingEntity, row));
      expect(await viewer.status('GET', file('picture.jpg'))).toBe(200);
      await silence();
      const [record] = await untilRecords(1);
      expect(record!.details).toMatchObject({ from: new Date(row.beganAt).toISOString() });
      await silence();
      expect(await records()).toHaveLength(1);
    });
  });
}
