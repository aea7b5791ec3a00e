import type { CameraStatus } from '@choi-canh/shared/health';
import type { EntityManager } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../lib/ids.js';
import type { Database } from '../../platform/db/database.js';
import { CasesHarness, type OpenTestDatabase, type TestArea } from '../cases.test-harness.js';
import { cameraEntity } from '../cameras/camera.entity.js';
import { cameraStateIntervalEntity } from './camera-state-interval.entity.js';
import { createHealth } from './health.js';

/** States of a whole recorder change in a handful of statements, of bounded size each. */
export function manyCamerasSuite(open: OpenTestDatabase): void {
  describe('the states of many cameras', () => {
    const harness = new CasesHarness(open);
    const count = 1200;
    let area: TestArea;
    let ids: string[];
    let statements = 0;
    let db: Database;
    beforeEach(async () => {
      await harness.start();
      area = await harness.area('Chí Đám');
      const model = await harness.camera(area);
      const row = await harness.db.read.findOneByOrFail(cameraEntity, { id: model.id });
      await harness.cases.stop();
      ids = [model.id, ...Array.from({ length: count - 1 }, () => newId())];
      await harness.db.write(async (manager) => {
        for (let start = 1; start < count; start += 100) {
          const some = ids.slice(start, start + 100);
          await manager.insert(
            cameraEntity,
            some.map((id, index) => ({ ...row, id, sourceToken: `V${start + index}` })),
          );
          await manager.insert(
            cameraStateIntervalEntity,
            some.map((cameraId) => ({
              ...{ id: newId(), cameraId, state: 'alive' as const, reason: 'ok' as const, detail: '' },
              ...{ sinceAt: 1000, toAt: null },
            })),
          );
        }
      });
      db = {
        ...harness.db,
        kind: harness.db.kind,
        read: harness.db.read,
        write: (work) => harness.db.write((manager) => counted(manager, work)),
      };
    });
    afterEach(() => harness.stop());

    async function counted<T>(manager: EntityManager, work: (manager: EntityManager) => Promise<T>): Promise<T> {
      const runner = manager.queryRunner!;
      const query = runner.query.bind(runner);
      runner.query = ((...given: Parameters<typeof query>) => {
        statements += 1;
        return query(...given);
      }) as typeof runner.query;
      try {
        return await work(manager);
      } finally {
        runner.query = query;
      }
    }
    const openRows = () =>
      harness.db.read.createQueryBuilder(cameraStateIntervalEntity, 'span').where('span.toAt IS NULL').getMany();
    const said = (state: CameraStatus['state'], reason: CameraStatus['reason'], sinceAtMs: number): CameraStatus[] =>
      ids.map((cameraId) => ({ cameraId, state, reason, detail: '', sinceAt: new Date(sinceAtMs).toISOString() }));

    it('change together in a handful of statements, each interval touching the next', async () => {
      const published: number[] = [];
      const health = createHealth({
        db,
        clock: harness.clock,
        broadcaster: {
          toArea: (_area, _permission, _event, ...args) => published.push((args[0] as unknown[]).length),
          toPermission: () => undefined,
          toAccount: () => undefined,
        },
      });
      const { service } = health;
      const step = async (work: () => Promise<unknown>) => {
        statements = 0;
        await work();
        const rows = await openRows();
        expect(rows).toHaveLength(count);
        return { statements, reasons: [...new Set(rows.map(({ reason }) => reason))] };
      };
      const { recorderId } = harness;
      const lostAt = harness.clock.nowMs();
      expect(await step(() => service.recorderLost(recorderId, lostAt))).toEqual({
        statements: 1 + 2 * 2,
        reasons: ['recorder_unreachable'],
      });
      // Again, and where a clock was set back: nothing is entered twice, and nothing stays as it was.
      expect(await step(() => service.recorderLost(recorderId, lostAt - 5000))).toMatchObject({ statements: 1 });
      const backAt = harness.clock.nowMs();
      const found = await step(() => service.recorderFound(recorderId, said('alive', 'ok', backAt)));
      expect(found.reasons).toEqual(['ok']);
      expect(found.statements).toBeLessThanOrEqual(1 + 2 * 3);
      expect(await service.differs(recorderId, said('alive', 'ok', backAt))).toBe(false);
      const down = said('down', 'no_stream', backAt);
      expect(await service.differs(recorderId, down)).toBe(true);
      const agreed = await step(() => db.write((manager) => service.agree(manager, recorderId, down)));
      expect(agreed.reasons).toEqual(['no_stream']);
      expect(agreed.statements).toBeLessThanOrEqual(1 + 2 * 3);
      // As events: a turn for each that a camera has, also where they come late and are spliced into the past.
      await harness.clock.sleep(40);
      const at = harness.clock.nowMs() - 30;
      const noted = [...said('alive', 'ok', at), ...said('down', 'host_unreachable', at + 20)];
      const publish: (() => void)[] = [];
      const apply = (statuses: CameraStatus[]) =>
        step(async () => publish.push(await db.write((manager) => service.applyAll(manager, recorderId, statuses))));
      const applied = await apply(noted);
      expect(applied.reasons).toEqual(['host_unreachable']);
      expect(applied.statements).toBeLessThanOrEqual(2 * 2 * 5);
      const late = await apply(said('down', 'wrong_password', at + 10));
      expect(late).toEqual({ statements: 2 * 3, reasons: ['host_unreachable'] });
      const stranger = { ...noted[0]!, cameraId: newId() };
      expect((await apply([stranger])).statements).toBe(1);
      const before = published.length;
      for (const one of publish) one();
      await harness.clock.sleep(600);
      expect(published.slice(before).reduce((sum, some) => sum + some, 0)).toBeGreaterThan(0);

      const range = { from: new Date(2000).toISOString(), to: new Date(3000).toISOString() };
      const stopped = await step(() => db.write((manager) => service.recorderStopped(manager, recorderId, range)));
      expect(stopped.statements).toBe(1 + 2 * 2);

      const rows = await harness.db.read.find(cameraStateIntervalEntity, {
        where: { cameraId: ids[5]! },
        order: { sinceAt: 'ASC' },
      });
      expect(rows.map(({ reason }) => reason)).toEqual(
        expect.arrayContaining(['ok', 'recorder_stopped', 'connecting', 'recorder_unreachable', 'no_stream']),
      );
      expect(rows.slice(-3).map(({ reason }) => reason)).toEqual(['ok', 'wrong_password', 'host_unreachable']);
      for (const [index, { toAt }] of rows.entries()) expect(toAt).toBe(rows[index + 1]?.sinceAt ?? null);
      await health.stop();
      // What is published travels in bounded pieces.
      expect(Math.max(...published)).toBeLessThanOrEqual(200);
    });
  });
}
