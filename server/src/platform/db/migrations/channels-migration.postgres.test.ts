import { describe, expect } from 'vitest';
import { consoleMigrations } from '../../../console/console.schema.js';
import { createSecretBox } from '../../../lib/secret-box.js';
import { Channels1763769600015 } from './0015-channels.js';
import { onBothDatabases, type OpenMigrated } from './migration.test-harness.js';

const box = createSecretBox(Buffer.alloc(32, 7));
const before = consoleMigrations.slice(0, consoleMigrations.indexOf(Channels1763769600015));

const camera = (id: string, address: string, retiredAt: number | null, passwordBox: string) =>
  `INSERT INTO camera (id, area_id, recorder_id, name, place, device_address, endpoint_reference, manufacturer, model,
     serial_number, firmware_version, username, password_box, enabled, created_at, deleted_at, confirmed_host, confirmed_by,
     password_typed_at, tls_key, main_stream)
   VALUES ('${id}', 'a', 'r', 'Cam ${id}', 'Cổng chợ', '${address}', 'urn:${id}', 'HIKVISION', 'DS-2CD1021', 'SN${id}',
     'V5', 'admin', '${passwordBox}', true, 5, ${retiredAt ?? 'NULL'}, '10.0.0.2', 'typed', 77, 'ab', '{"profileToken":"P1"}')`;

/** A database of the time when each camera was a device of its own. */
async function fill(manager: { query(sql: string): Promise<unknown> }): Promise<void> {
  await manager.query(
    `INSERT INTO area (id, name, level, code, path, created_at) VALUES ('a', 'A', 'commune', 'A', '/a/', 1)`,
  );
  await manager.query(
    `INSERT INTO recorder (id, name, url, token_box, embedded, last_sequence, desired_revision, created_at)
     VALUES ('r', 'R', '', '', true, 0, 0, 1)`,
  );
  await manager.query(camera('one', 'http://10.0.0.2/', null, box.seal('mat-khau', 'camera:one')));
  await manager.query(camera('gone', 'http://10.0.0.3/', 90, ''));
  await manager.query(camera('back', 'http://10.0.0.3/', null, box.seal('khac', 'camera:back')));
  await manager.query(
    `INSERT INTO camera_state_interval (id, camera_id, state, reason, detail, since_at, to_at)
     VALUES ('s', 'one', 'alive', 'ok', '', 5, NULL)`,
  );
  await manager.query(
    `INSERT INTO camera_sighting (camera_id, device_address, endpoint_reference, name, hardware, first_seen_at, last_seen_at)
     VALUES ('one', 'http://10.0.0.9/', 'urn:one', 'Cam', 'DS', 6, 7)`,
  );
}

async function becomesDevices(open: OpenMigrated) {
  const old = await open(before);
  await old.write(fill);
  await old.close();

  const migrated = await open(consoleMigrations);
  const { read } = migrated;
  const devices = (await read.query('SELECT * FROM device ORDER BY id')) as Record<string, unknown>[];
  expect(devices.map(({ id, deleted_at: deletedAt }) => [id, deletedAt === null ? null : Number(deletedAt)])).toEqual([
    ['back', null],
    ['gone', 90],
    ['one', null],
  ]);
  expect(devices[2]).toMatchObject({
    ...{ recorder_id: 'r', kind: 'camera', device_address: 'http://10.0.0.2/', endpoint_reference: 'urn:one' },
    ...{ manufacturer: 'HIKVISION', model: 'DS-2CD1021', serial_number: 'SNone', firmware_version: 'V5' },
    ...{ username: 'admin', confirmed_host: '10.0.0.2', confirmed_by: 'typed', tls_key: 'ab' },
  });
  // The password opens as before: it is sealed with the id that camera and device have in common.
  expect(box.open(String(devices[2]?.['password_box']), 'camera:one')).toBe('mat-khau');
  expect(await read.query('SELECT id, device_id, source_token, channel_number, name FROM camera ORDER BY id')).toEqual(
    ['back', 'gone', 'one'].map((id) => ({
      ...{ id, device_id: id, source_token: '', channel_number: 1, name: `Cam ${id}` },
    })),
  );
  // What a camera has, it has as before.
  expect(await read.query('SELECT camera_id FROM camera_state_interval')).toEqual([{ camera_id: 'one' }]);
  expect(await read.query('SELECT id FROM camera_in_use ORDER BY id')).toEqual([{ id: 'back' }, { id: 'one' }]);
  expect(await read.query('SELECT device_id, device_address FROM device_sighting')).toEqual([
    { device_id: 'one', device_address: 'http://10.0.0.9/' },
  ]);
  // Two channels of one device are two sources, and two devices in use are not at one address.
  const channel = (id: string, source: string) =>
    migrated.write((manager) =>
      manager.query(
        `INSERT INTO camera (id, area_id, recorder_id, device_id, source_token, channel_number, channel_name, name, place,
           enabled, audio, created_at) VALUES ('${id}', 'a', 'r', 'one', '${source}', 2, '', 'Cam', '', true, false, 1)`,
      ),
    );
  await channel('two', 'V2');
  await expect(channel('three', 'V2')).rejects.toThrow();
  await expect(
    migrated.write((manager) =>
      manager.query(`UPDATE device SET device_address = 'http://10.0.0.3/' WHERE id = 'one'`),
    ),
  ).rejects.toThrow();
  await migrated.close();
}

describe('the migration to devices with channels', () => {
  onBothDatabases('makes each camera a device with one channel', becomesDevices);
});
