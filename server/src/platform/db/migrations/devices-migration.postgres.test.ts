import { describe, expect } from 'vitest';
import { consoleMigrations } from '../../../console/console.schema.js';
import { Devices1763769600011 } from './0011-devices.js';
import { onBothDatabases, type OpenMigrated } from './migration.test-harness.js';

const insert = (id: string, address: string) =>
  `INSERT INTO camera (id, area_id, recorder_id, name, place, device_address, endpoint_reference,
  manufacturer, model, serial_number, firmware_version, username, password_box, enabled, created_at)
  VALUES ('${id}', 'a', 'r', 'Cam', '', '${address}', '', '', '', '', '', 'u', '', true, 1)`;

/** A database with cameras from before anybody was asked whether they are where they are. */
async function takesHostsAtTheirWord(open: OpenMigrated) {
  const old = await open(consoleMigrations.slice(0, consoleMigrations.indexOf(Devices1763769600011)));
  await old.write(async (manager) => {
    await manager.query(
      `INSERT INTO area (id, name, level, code, path, created_at) VALUES ('a', 'A', 'commune', 'A', '/a/', 1)`,
    );
    await manager.query(
      `INSERT INTO recorder (id, name, url, token_box, embedded, last_sequence, desired_revision, created_at)
       VALUES ('r', 'R', '', '', true, 0, 0, 1)`,
    );
    await manager.query(insert('a', 'http://10.0.0.2:8080/onvif/device_service'));
    await manager.query(insert('b', 'http://[fd00::12]/onvif/device_service'));
    await manager.query(insert('c', 'nonsense'));
  });
  await old.close();

  const migrated = await open(consoleMigrations);
  const rows: unknown = await migrated.read.query(
    'SELECT id, confirmed_host, confirmed_by, tls_key FROM device ORDER BY id',
  );
  expect(rows).toEqual([
    { id: 'a', confirmed_host: '10.0.0.2', confirmed_by: 'before', tls_key: null },
    { id: 'b', confirmed_host: 'fd00::12', confirmed_by: 'before', tls_key: null },
    { id: 'c', confirmed_host: '', confirmed_by: 'before', tls_key: null },
  ]);
  expect(await migrated.read.query('SELECT scan_ranges FROM recorder')).toEqual([{ scan_ranges: '[]' }]);
  expect(await migrated.read.query('SELECT * FROM device_sighting')).toEqual([]);
  await migrated.close();
}

describe('the migration to confirmed hosts', () => {
  onBothDatabases('takes the hosts of cameras at their word', takesHostsAtTheirWord);
});
