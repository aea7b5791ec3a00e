import { describe, expect } from 'vitest';
import { Core1763769600001 } from './0001-core.js';
import { Cases1763769600002 } from './0002-cases.js';
import { Retention1763769600003 } from './0003-retention.js';
import { Viewings1763769600010 } from './0010-viewings.js';
import { onBothDatabases, type OpenMigrated } from './migration.test-harness.js';

const before = [Core1763769600001, Cases1763769600002, Retention1763769600003];
const after = [...before, Viewings1763769600010];
const camera = (id: string, deletedAt: number | null) => `INSERT INTO camera (id, area_id, recorder_id, name, place,
  device_address, endpoint_reference, manufacturer, model, serial_number, firmware_version, username, password_box, enabled,
  created_at, deleted_at) VALUES ('${id}', 'a', 'r', 'Cam', '', 'http://10.0.0.2/', '', '', '', '', '', 'u', '', true, 1,
  ${deletedAt})`;
const interval = (id: string, cameraId: string, sinceAt: number, toAt: number | null) =>
  `INSERT INTO camera_state_interval (id, camera_id, state, reason, detail, since_at, to_at)
   VALUES ('${id}', '${cameraId}', 'alive', 'ok', '', ${sinceAt}, ${toAt})`;

/** Cameras from before, one of them deleted: its history goes on, and is open at exactly one place. */
async function deletedOnesAreOutOfUse(open: OpenMigrated) {
  const old = await open(before);
  await old.write(async (manager) => {
    for (const statement of [
      `INSERT INTO area (id, name, level, code, path, created_at) VALUES ('a', 'A', 'commune', 'A', '/a/', 1)`,
      `INSERT INTO recorder (id, name, url, token_box, embedded, last_sequence, desired_revision, created_at)
       VALUES ('r', 'R', '', '', true, 0, 0, 1)`,
      camera('deleted', 50),
      camera('used', null),
      interval('i1', 'deleted', 1, 50),
      interval('i2', 'used', 1, null),
    ]) {
      await manager.query(statement);
    }
  });
  await old.close();

  const migrated = await open(after);
  const rows: unknown = await migrated.read.query(
    'SELECT camera_id AS id, state, reason, since_at AS since, to_at AS until FROM camera_state_interval ORDER BY since_at, camera_id',
  );
  expect(
    (rows as { since: string; until: string | null }[]).map((row) => ({ ...row, since: Number(row.since) })),
  ).toMatchObject([
    { id: 'deleted', reason: 'ok', since: 1 },
    { id: 'used', reason: 'ok', since: 1, until: null },
    { id: 'deleted', state: 'paused', reason: 'retired', since: 50, until: null },
  ]);
  expect(await migrated.read.query('SELECT id FROM live_viewing')).toEqual([]);
  await migrated.close();
}

describe('the migration to cameras out of use', () => {
  onBothDatabases('keeps the past of cameras that were deleted', deletedOnesAreOutOfUse);
});
