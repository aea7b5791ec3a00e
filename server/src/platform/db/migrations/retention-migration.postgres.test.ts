import { describe, expect } from 'vitest';
import { Core1763769600001 } from './0001-core.js';
import { Cases1763769600002 } from './0002-cases.js';
import { Retention1763769600003 } from './0003-retention.js';
import { onBothDatabases, type OpenMigrated } from './migration.test-harness.js';

const before = [Core1763769600001, Cases1763769600002];
const after = [...before, Retention1763769600003];
const insert = `INSERT INTO camera (id, area_id, recorder_id, name, place, device_address, endpoint_reference,
  manufacturer, model, serial_number, firmware_version, username, password_box, enabled, retention_days, created_at)
  VALUES ('c', 'a', 'r', 'Cam', '', 'http://10.0.0.2/', '', '', '', '', '', 'u', '', true, 45, 1)`;

/** A database with a camera from before areas could say how long footage is kept. */
async function keepsWhatCamerasHave(open: OpenMigrated) {
  const old = await open(before);
  await old.write(async (manager) => {
    await manager.query(
      `INSERT INTO area (id, name, level, code, path, created_at) VALUES ('a', 'A', 'commune', 'A', '/a/', 1)`,
    );
    await manager.query(
      `INSERT INTO recorder (id, name, url, token_box, embedded, last_sequence, desired_revision, created_at)
       VALUES ('r', 'R', '', '', true, 0, 0, 1)`,
    );
    await manager.query(insert);
  });
  await old.close();

  const migrated = await open(after);
  const rows = async (): Promise<unknown> =>
    migrated.read.query('SELECT camera.retention_days AS own, audio, area.retention_days AS area FROM camera, area');
  const [row] = (await rows()) as { own: number; audio: unknown; area: null }[];
  expect(row).toMatchObject({ own: 45, area: null });
  expect(Boolean(row?.audio)).toBe(false);
  await migrated.write((manager) => manager.query('UPDATE camera SET retention_days = NULL'));
  expect(await rows()).toMatchObject([{ own: null }]);
  // The unique index and the view of before still stand.
  await expect(migrated.write((manager) => manager.query(insert.replace(`('c'`, `('d'`)))).rejects.toThrow();
  expect(await migrated.read.query('SELECT id FROM camera_in_use')).toHaveLength(1);
  await migrated.close();
}

describe('the migration to days of retention per area', () => {
  onBothDatabases('keeps what cameras have', keepsWhatCamerasHave);
});
