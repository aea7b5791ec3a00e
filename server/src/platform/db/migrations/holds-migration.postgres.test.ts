import { describe, expect } from 'vitest';
import { holdHash } from '../../../lib/hold-digest.js';
import { Core1763769600001 } from './0001-core.js';
import { Cases1763769600002 } from './0002-cases.js';
import { Holds1763769600013 } from './0013-holds.js';
import { onBothDatabases, type OpenMigrated } from './migration.test-harness.js';

const before = [Core1763769600001, Cases1763769600002];
const after = [...before, Holds1763769600013];
type Old = readonly [id: string, incident: string, camera: string, from: number, to: number, state: string, at: number];

/** Two incidents, two cameras: a tag and a clip of one range, held twice, and more by hand, also released. */
const olds: readonly Old[] = [
  ['h1', 'i1', 'c1', 1000, 2000, 'held', 10],
  ['h2', 'i1', 'c1', 1000, 2000, 'held', 11],
  ['h3', 'i1', 'c1', 5000, 6000, 'released', 12],
  ['h4', 'i1', 'c2', 1000, 2000, 'pending', 13],
  ['h5', 'i2', 'c1', 1000, 2000, 'released', 14],
  ['h6', 'i2', 'c2', 1000, 2000, 'releasing', 15],
];

async function takesOver(open: OpenMigrated) {
  const old = await open(before);
  await old.write(async (manager) => {
    const run = (sql: string) => manager.query(sql);
    await run(`INSERT INTO area (id, parent_id, name, level, code, path, created_at)
      VALUES ('a', NULL, 'a', 'commune', 'A', '/a/', 1)`);
    await run(`INSERT INTO recorder (id, name, url, token_box, embedded, last_sequence, desired_revision, created_at)
      VALUES ('r', 'r', '', '', true, 0, 7, 1)`);
    for (const id of ['c1', 'c2'])
      await run(`INSERT INTO camera (id, area_id, recorder_id, name, place, device_address, endpoint_reference,
        manufacturer, model, serial_number, firmware_version, username, password_box, enabled, retention_days, created_at)
        VALUES ('${id}', 'a', 'r', '${id}', '', '${id}', '', '', '', '', '', '', '', true, 30, 1)`);
    for (const id of ['i1', 'i2'])
      await run(`INSERT INTO incident (id, number, area_id, title, occurred_at, place, category, source, description,
        state, outcome, search_text, created_at, created_by_id, created_by_name, version)
        VALUES ('${id}', '${id}', 'a', '', 1, '', 'theft', 'patrol', '', 'new', '', '', 1, 'p', 'P', 1)`);
    for (const [id, incident, camera, from, to, state, at] of olds)
      await run(`INSERT INTO hold VALUES ('${id}', '${incident}', '${camera}', ${from}, ${to}, '${state}',
        '${state === 'released' ? 'xong' : ''}', ${at}, 'p', 'P')`);
    await run(`INSERT INTO tag (id, incident_id, camera_id, from_at, to_at, note, decisive, hold_id, created_at,
      created_by_id, created_by_name) VALUES ('t1', 'i1', 'c1', 1, 2, '', false, 'h1', 1, 'p', 'P')`);
    await run(`INSERT INTO clip (id, incident_id, camera_id, recorder_id, hold_id, from_at, to_at, state, progress, note,
      files, recorder_copy, created_at, created_by_id, created_by_name)
      VALUES ('k1', 'i1', 'c1', 'r', 'h2', 1, 2, 'done', 1, '', '[]', true, 1, 'p', 'P')`);
  });
  await old.close();

  const migrated = await open(after);
  const rows = (sql: string): Promise<Record<string, unknown>[]> => migrated.read.query(sql);
  expect(
    await rows('SELECT id, incident_id, camera_id, recorder_id, state, created_by_name FROM hold ORDER BY id'),
  ).toEqual(
    [
      ['h1', 'i1', 'c1', 'held'],
      ['h4', 'i1', 'c2', 'pending'],
      ['h5', 'i2', 'c1', 'released'],
      ['h6', 'i2', 'c2', 'releasing'],
    ].map(([id, incident_id, camera_id, state]) => ({
      ...{ id, incident_id, camera_id, recorder_id: 'r', state, created_by_name: 'P' },
    })),
  );
  // The ids by which the recorder knows them stay.
  const ranges = await rows('SELECT id, hold_id, camera_id, from_at, to_at, state, hash FROM hold_range ORDER BY id');
  expect(ranges.map(({ id, hold_id, state }) => [id, hold_id, state])).toEqual([
    ['h1', 'h1', 'held'],
    ['h2', 'h1', 'held'],
    ['h3', 'h1', 'released'],
    ['h4', 'h4', 'pending'],
    ['h5', 'h5', 'released'],
    ['h6', 'h6', 'releasing'],
  ]);
  for (const { id, camera_id: cameraId, from_at: from, to_at: to, hash } of ranges) {
    const wanted = holdHash({ id: String(id), cameraId: String(cameraId), fromMs: Number(from), toMs: Number(to) });
    expect(Number(hash)).toBe(wanted);
  }
  const causes = await rows('SELECT id, kind, subject_id, released_at, release_reason FROM hold_cause ORDER BY id');
  expect(causes.map((cause) => [cause['kind'], cause['subject_id'], cause['released_at'] !== null])).toEqual([
    ['tag', 't1', false],
    ['clip', 'k1', false],
    ['hand', null, true],
    ['hand', null, false],
    ['hand', null, true],
    ['hand', null, true],
  ]);
  expect(causes[2]).toMatchObject({ release_reason: 'xong' });
  expect(await rows('SELECT hold_id FROM tag')).toEqual([{ hold_id: 'h1' }]);
  expect(await rows('SELECT hold_id FROM clip')).toEqual([{ hold_id: 'h1' }]);
  const [identity] = await rows('SELECT id FROM console_identity');
  expect(identity?.['id']).toMatch(/^[0-9a-f-]{36}$/);
  await migrated.close();
  const again = await open(after);
  expect(await again.read.query('SELECT id FROM console_identity')).toEqual([identity]);
  await again.close();
}

describe('the migration to one hold for each camera and incident', () => {
  onBothDatabases('takes over what there is', takesOver);
});
