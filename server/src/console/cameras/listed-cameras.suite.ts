import { cameraListResponse, cameraResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../lib/ids.js';
import { CasesHarness, type OpenTestDatabase, type TestArea } from '../cases.test-harness.js';
import { cameraStateIntervalEntity } from '../health/camera-state-interval.entity.js';
import { cameraEntity } from './camera.entity.js';

/** The list is kept in memory, and is what the database has at every answer, whoever wrote it. */
export function listedCamerasSuite(open: OpenTestDatabase): void {
  describe('the list of cameras', () => {
    const harness = new CasesHarness(open);
    let province: TestArea;
    let commune: TestArea;
    let other: TestArea;
    let camera: CameraResponse;
    beforeAll(async () => {
      await harness.start();
      province = await harness.area('Thanh Hóa');
      commune = await harness.area('Chí Đám', province);
      other = await harness.area('Đại Phạm');
      camera = await harness.camera(commune, 'Cam 9');
      // What another program writes now nobody but the database knows of.
      await harness.cases.stop();
    });
    afterAll(() => harness.stop());

    const shown = async (query = '', area?: TestArea) =>
      (await harness.actor('administrator', area).get(`/api/cameras${query}`, cameraListResponse)).items;
    const one = async () => (await shown()).find(({ id }) => id === camera.id);
    const write = (sql: string) => harness.db.write((manager) => manager.query(sql));

    it('follows what another program writes of a camera and of its state', async () => {
      expect(await one()).toEqual(
        await harness.actor('administrator').get(`/api/cameras/${camera.id}`, cameraResponse),
      );
      await write(`UPDATE camera SET place = 'Ngã ba', retention_days = 9 WHERE id = '${camera.id}'`);
      expect(await one()).toMatchObject({ place: 'Ngã ba', effectiveRetentionDays: 9, retentionSource: 'camera' });
      await write(`UPDATE camera SET retention_days = NULL WHERE id = '${camera.id}'`);
      expect(await one()).toMatchObject({ effectiveRetentionDays: 30, retentionSource: 'default' });
      const since = Date.now() + 60_000;
      await harness.db.write(async (manager) => {
        const of = `camera_id = '${camera.id}' AND to_at IS NULL`;
        await manager.query(`UPDATE camera_state_interval SET to_at = ${since} WHERE ${of}`);
        const fact = { cameraId: camera.id, state: 'paused', reason: 'disabled', detail: 'tắt' } as const;
        await manager.insert(cameraStateIntervalEntity, { id: newId(), ...fact, sinceAt: since, toAt: null });
      });
      const paused = { state: 'paused', reason: 'disabled', sinceAt: new Date(since).toISOString() };
      expect(await one()).toMatchObject({ ...paused, detail: 'tắt' });
      await write(`UPDATE camera_state_interval SET detail = 'x' WHERE camera_id = '${camera.id}' AND to_at IS NULL`);
      expect(await one()).toMatchObject({ ...paused, detail: 'x' });
      await write(`DELETE FROM camera_state_interval WHERE camera_id = '${camera.id}' AND to_at IS NULL`);
      expect((await one())?.sinceAt).toBe(camera.createdAt);
    });

    it('follows what changes for an area, and shows what lies in the scope', async () => {
      await write(`UPDATE area SET retention_days = 7 WHERE id = '${province.id}'`);
      expect(await one()).toMatchObject({ effectiveRetentionDays: 7, retentionAreaId: province.id });
      expect(await shown('', province)).toHaveLength(1);
      expect(await shown(`?areaId=${commune.id}`)).toHaveLength(1);
      expect(await shown('', other)).toEqual([]);
      expect(await shown(`?areaId=${other.id}`)).toEqual([]);
      const foreign = harness.actor('administrator', other);
      expect(await foreign.refusal('GET', `/api/cameras?areaId=${commune.id}`)).toBe('404 area_not_found');
      await write(`UPDATE camera SET area_id = '${other.id}' WHERE id = '${camera.id}'`);
      expect(await shown('', province)).toEqual([]);
      expect(await shown('', other)).toMatchObject([{ areaId: other.id, effectiveRetentionDays: 30 }]);
      const path = `${province.path}${other.id}/`;
      await write(`UPDATE area SET parent_id = '${province.id}', path = '${path}' WHERE id = '${other.id}'`);
      expect(await shown('', province)).toMatchObject([{ effectiveRetentionDays: 7 }]);
    });

    it('has what was written before each of many questions at once', async () => {
      for (let round = 0; round < 5; round += 1) {
        const answers: Promise<string | undefined>[] = [];
        for (let index = 0; index < 4; index += 1) {
          const wanted = `${round}.${index}`;
          await write(`UPDATE camera SET place = '${wanted}' WHERE id = '${camera.id}'`);
          answers.push(one().then((found) => found?.place));
        }
        const seen = (await Promise.all(answers)).map((place) => Number(place?.split('.')[1]));
        for (const [index, number] of seen.entries()) expect(number).toBeGreaterThanOrEqual(index);
      }
    });

    it('has those that came and those that went in their places', async () => {
      const row = await harness.db.read.findOneByOrFail(cameraEntity, { id: camera.id });
      const add = (numbers: readonly number[]) =>
        harness.db.write(async (manager) => {
          const rows = numbers.map((number) => ({
            ...row,
            ...{ id: newId(), name: `Cam ${number}`, sourceToken: `V${number}` },
          }));
          for (let at = 0; at < rows.length; at += 40) await manager.insert(cameraEntity, rows.slice(at, at + 40));
        });
      const names = async (query = '') => (await shown(query)).map(({ name }) => name);
      await add([10, 2]);
      expect(await names()).toEqual(['Cam 2', 'Cam 9', 'Cam 10']);
      const many = Array.from({ length: 1100 }, (_, index) => index + 11);
      await add(many.toReversed());
      expect(await names()).toEqual(['Cam 2', 'Cam 9', 'Cam 10', ...many.map((number) => `Cam ${number}`)]);
      await write(`UPDATE camera SET name = 'Cam 1' WHERE id = '${camera.id}'`);
      expect((await names()).slice(0, 3)).toEqual(['Cam 1', 'Cam 2', 'Cam 10']);
      await write(`UPDATE camera SET deleted_at = 5 WHERE id = '${camera.id}'`);
      expect((await names()).slice(0, 2)).toEqual(['Cam 2', 'Cam 10']);
      expect(await names('?retired=1')).toEqual(['Cam 1']);
      await write(`DELETE FROM camera WHERE name = 'Cam 2'`);
      expect((await names())[0]).toBe('Cam 10');
    });
  });
}
