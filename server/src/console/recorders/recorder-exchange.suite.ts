import type { CameraResponse } from '@choi-canh/shared/cameras';
import { cameraResponse } from '@choi-canh/shared/cameras';
import {
  recorderListResponse,
  setAsideChangeResponse,
  setAsideEventsResponse,
  type RecorderAlertCode,
} from '@choi-canh/shared/recorders';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CasesHarness,
  eventually,
  type OpenTestDatabase,
  type TestActor,
  type TestArea,
} from '../cases.test-harness.js';
import type { Database } from '../../platform/db/database.js';
import { recorderEntity } from './recorder.entity.js';
import { setAsideEventEntity } from './set-aside-event.entity.js';

export function recorderExchangeSuite(open: OpenTestDatabase): void {
  describe('what a recorder and a console of other versions, or a fault, make of events', () => {
    let harness: CasesHarness;
    let area: TestArea;
    let admin: TestActor;
    let camera: CameraResponse;
    beforeEach(async () => {
      harness = new CasesHarness(open);
      await harness.start();
      area = await harness.area('Chí Đám');
      admin = harness.actor('administrator');
      camera = await harness.camera(area);
    });
    afterEach(() => harness.stop());

    const shown = async () => (await admin.get('/api/recorders', recorderListResponse)).items[0]!;
    const alert = async (code: RecorderAlertCode) => (await shown()).alerts.find((one) => one.code === code);
    const untilAlert = (code: RecorderAlertCode) => eventually(code, () => alert(code));
    const untilNone = (code: RecorderAlertCode) => eventually(`no ${code}`, async () => !(await alert(code)));
    const path = (what = '') => `/api/recorders/${harness.recorderId}/set-aside${what}`;
    const aside = () => admin.get(path(), setAsideEventsResponse);
    const applied = async () =>
      (await harness.db.read.findOneBy(recorderEntity, { id: harness.recorderId }))?.lastSequence;
    const raw = (event: object) => {
      const sequence = (harness.recorder.events.at(-1)?.sequence ?? 0) + 1;
      harness.recorder.events.push({ at: new Date().toISOString(), ...event, sequence } as never);
      return sequence;
    };
    const status = (state: string, reason: string) => {
      const given = { cameraId: camera.id, state, reason, detail: '', sinceAt: new Date().toISOString() };
      harness.recorder.statuses.set(camera.id, given as never);
      return { type: 'camera.state', status: given };
    };
    const untilReason = (reason: string) =>
      eventually(reason, async () => (await admin.get(`/api/cameras/${camera.id}`, cameraResponse)).reason === reason);

    it('skips an unknown event, keeps it, says so, and applies what comes with it', async () => {
      const strange = raw({ type: 'lens.dirty', lens: { dirt: 'much' } });
      raw(status('down', 'no_stream'));
      await untilReason('no_stream');
      expect(await untilAlert('recorder_newer')).toMatchObject({ severity: 'warning', facts: { events: 1 } });
      const { items, waiting } = await aside();
      expect(waiting).toBe(1);
      expect(items).toMatchObject([{ sequence: strange, type: 'lens.dirty', cause: 'unknown_event' }]);
      const [row] = await harness.db.read.find(setAsideEventEntity);
      expect(JSON.parse(row?.body ?? '')).toMatchObject({ sequence: strange, lens: { dirt: 'much' } });
      expect(await applied()).toBe(harness.recorder.events.at(-1)?.sequence);
    });

    it('applies an event of which it does not know a value, and the whole once it knows it', async () => {
      raw(status('degraded', 'lens_dirty'));
      await untilReason('unknown');
      expect((await aside()).items).toMatchObject([
        { cause: 'unknown_value', detail: 'status.reason: lens_dirty', type: 'camera.state' },
      ]);
      // A newer console: it knows what this one does not.
      await harness.stopConsole();
      const [row] = await harness.db.read.find(setAsideEventEntity);
      const body = row?.body.replace('lens_dirty', 'picture_frozen') ?? '';
      await harness.db.write((manager) => manager.update(setAsideEventEntity, { id: row?.id ?? '' }, { body }));
      harness.recorder.statuses.delete(camera.id);
      await harness.startConsole();
      await untilReason('picture_frozen');
      await untilNone('recorder_newer');
      expect((await aside()).waiting).toBe(0);
    });

    it('reads a status with states, reasons, fields and cameras that it does not know', async () => {
      const other = await harness.camera(area);
      status('alive', 'ok');
      harness.recorder.statuses.set(other.id, { cameraId: 7, state: 'alive' } as never);
      harness.recorder.more = { moon: 'full' };
      raw({ ...status('foggy', 'haze') });
      const found = await untilAlert('recorder_newer');
      await eventually(
        'its status is counted',
        async () => Number((await alert('recorder_newer'))?.facts['values']) >= 3,
      );
      expect(found).toBeDefined();
      expect((await shown()).reachable).toBe(true);
    });

    it('exchanges nothing with a recorder of another major version, says so, and goes on when that is over', async () => {
      raw(status('alive', 'ok'));
      await untilReason('ok');
      harness.recorder.more = { protocol: { major: 2, minor: 0 }, version: '9.0' };
      expect(await untilAlert('recorder_incompatible')).toMatchObject({
        ...{ severity: 'critical', facts: { version: '9.0', protocol: '2.0', newer: 1 } },
      });
      expect(await alert('recorder_lost')).toBeUndefined();
      await untilReason('recorder_unreachable');
      const before = { puts: harness.recorder.desiredPuts.length, sequence: await applied() };
      raw({ type: 'hold.state', holdId: camera.id, held: false });
      await harness.camera(area).catch(() => undefined);
      const asked = harness.recorder.asked.length;
      await eventually('it was asked for its status', () => harness.recorder.asked.length > asked + 5);
      expect({ puts: harness.recorder.desiredPuts.length, sequence: await applied() }).toEqual(before);
      harness.recorder.more = { protocol: { major: 1, minor: 9 } };
      await untilReason('ok');
      await untilNone('recorder_incompatible');
      await eventually('events go on', async () => (await applied()) === harness.recorder.events.at(-1)?.sequence);
      await eventually('the desired state too', () => harness.recorder.desiredPuts.length > before.puts);
    });

    it('sets a poison event aside after a few tries, applies the rest, and lets an administrator retry or dismiss it', async () => {
      const bad = await harness.camera(area);
      await eventually('its recorder has it', () => harness.recorder.desired?.cameras.some(({ id }) => id === bad.id));
      const cure = await poisonCamera(harness.db, bad.id);
      const poisonous = () => ({ type: 'camera.state', status: { ...status('alive', 'ok').status, cameraId: bad.id } });
      const poison = raw(poisonous());
      const second = raw(poisonous());
      raw(status('down', 'no_stream'));
      await untilReason('no_stream');
      await eventually('both are set aside', async () => (await alert('events_failed'))?.facts['events'] === 2);
      expect(await alert('events_failed')).toMatchObject({ severity: 'critical', facts: { events: 2 } });
      const { items } = await aside();
      expect(items.map(({ sequence, cause }) => [sequence, cause])).toEqual([
        [second, 'failed'],
        [poison, 'failed'],
      ]);
      const [late, early] = items.map(({ id }) => id);
      const local = harness.actor('administrator', area);
      expect(await local.refusal('GET', path())).toBe('403 outside_area');
      expect(await harness.actor('technician').refusal('POST', path('/retry'), { ids: [early] })).toBe(
        '403 not_allowed',
      );
      expect(await admin.refusal('POST', path('/retry'), { ids: [early] })).toBe('409 event_fails_still');
      expect(await harness.trail('recorder.event_retry')).toEqual([]);
      await cure();
      expect(await admin.post(path('/retry'), setAsideChangeResponse, { ids: [early] })).toEqual({ count: 1 });
      expect((await harness.trail('recorder.event_retry'))[0]?.details).toMatchObject({ sequence: poison });
      const reason = 'Đã xử lý bằng tay';
      expect(await admin.post(path('/dismiss'), setAsideChangeResponse, { ids: [late], reason })).toEqual({ count: 1 });
      expect(await harness.trail('recorder.event_dismiss')).toMatchObject([
        { purpose: reason, details: { events: [{ sequence: second, cause: 'failed' }] } },
      ]);
      await untilNone('events_failed');
      expect(await admin.post(path('/dismiss'), setAsideChangeResponse, { ids: [late], reason })).toEqual({ count: 0 });
    });

    it('goes on after a commit whose answer was lost, applies nothing twice, and tells browsers', async () => {
      let times = 0;
      harness.afterWrite = () => {
        times += 1;
        if (times % 2 === 1) throw new Error('Connection terminated unexpectedly');
      };
      harness.told.length = 0;
      raw(status('alive', 'ok'));
      await untilReason('ok');
      raw(status('down', 'no_stream'));
      await untilReason('no_stream');
      await eventually('browsers know', () =>
        harness.told.some(({ args }) => JSON.stringify(args).includes('no_stream')),
      );
      expect(await applied()).toBe(harness.recorder.events.at(-1)?.sequence);
      expect(times).toBeGreaterThan(1);
      harness.afterWrite = undefined;
      expect((await aside()).waiting).toBe(0);
    });
  });
}

/** Makes the database refuse whatever is to be written of a camera's state, until the returned function is called. */
async function poisonCamera(db: Database, cameraId: string): Promise<() => Promise<void>> {
  const events = ['INSERT', 'UPDATE'];
  const run = (statements: string[]) =>
    db.write(async (manager) => {
      for (const statement of statements) await manager.query(statement);
    });
  const table = 'camera_state_interval';
  if (db.kind === 'sqlite') {
    await run(
      events.map(
        (event) => `CREATE TRIGGER poison_${event} BEFORE ${event} ON ${table} WHEN NEW.camera_id = '${cameraId}'
          BEGIN SELECT RAISE(ABORT, 'poison'); END`,
      ),
    );
    return () => run(events.map((event) => `DROP TRIGGER poison_${event}`));
  }
  await run([
    `CREATE FUNCTION poison() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$ LANGUAGE plpgsql`,
    `CREATE TRIGGER poison BEFORE ${events.join(' OR ')} ON ${table} FOR EACH ROW
       WHEN (NEW.camera_id = '${cameraId}') EXECUTE FUNCTION poison()`,
  ]);
  return () => run([`DROP TRIGGER poison ON ${table}`, 'DROP FUNCTION poison']);
}
