import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What moves from a camera to its device. */
const moved = [
  ['device_address', "text NOT NULL DEFAULT ''"],
  ['endpoint_reference', "text NOT NULL DEFAULT ''"],
  ['manufacturer', "text NOT NULL DEFAULT ''"],
  ['model', "text NOT NULL DEFAULT ''"],
  ['serial_number', "text NOT NULL DEFAULT ''"],
  ['firmware_version', "text NOT NULL DEFAULT ''"],
  ['username', "text NOT NULL DEFAULT ''"],
  ['password_box', "text NOT NULL DEFAULT ''"],
  ['confirmed_host', "text NOT NULL DEFAULT ''"],
  ['confirmed_by', "text NOT NULL DEFAULT 'before'"],
  ['password_typed_at', 'bigint NOT NULL DEFAULT 0'],
  ['tls_key', 'text'],
] as const;
const names = moved.map(([name]) => name).join(', ');

/**
 * Devices with channels: each camera becomes a device with one channel. The device takes the camera's id, by which its
 * password is sealed; the camera keeps its own, so that footage, chains, tags, clips and holds stay with it. Which video
 * source the camera is, is learnt when the device is asked the next time; until then its token is empty. Same SQL on both
 * databases.
 */
export class Channels1763769600015 implements MigrationInterface {
  readonly name = 'Channels1763769600015';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE device (
      id varchar(36) PRIMARY KEY,
      recorder_id varchar(36) NOT NULL REFERENCES recorder (id),
      kind text NOT NULL,
      ${moved.map(([name, type]) => `${name} ${type}`).join(', ')},
      created_at bigint NOT NULL,
      deleted_at bigint
    )`);
    await runner.query(`INSERT INTO device (id, recorder_id, kind, ${names}, created_at, deleted_at)
      SELECT id, recorder_id, 'camera', ${names}, created_at, deleted_at FROM camera`);
    await runner.query(
      'CREATE UNIQUE INDEX ux_device_address ON device (recorder_id, device_address) WHERE deleted_at IS NULL',
    );
    await runner.query('ALTER TABLE camera ADD COLUMN device_id varchar(36) REFERENCES device (id)');
    await runner.query("ALTER TABLE camera ADD COLUMN source_token text NOT NULL DEFAULT ''");
    await runner.query('ALTER TABLE camera ADD COLUMN channel_number integer NOT NULL DEFAULT 1');
    await runner.query("ALTER TABLE camera ADD COLUMN channel_name text NOT NULL DEFAULT ''");
    await runner.query('UPDATE camera SET device_id = id');
    await runner.query('DROP INDEX camera_device');
    for (const [name] of moved) await runner.query(`ALTER TABLE camera DROP COLUMN ${name}`);
    await runner.query('CREATE INDEX ix_camera_device ON camera (device_id)');
    await runner.query(
      'CREATE UNIQUE INDEX ux_camera_channel ON camera (device_id, source_token) WHERE deleted_at IS NULL',
    );
    await runner.query('ALTER TABLE camera_sighting RENAME TO device_sighting');
    await runner.query('ALTER TABLE device_sighting RENAME COLUMN camera_id TO device_id');
    const isPostgres = runner.connection.options.type === 'postgres';
    for (const statement of isPostgres ? revisedOnPostgres : revisedOnSqlite) await runner.query(statement);
  }

  /** Of a device with several channels each camera gets the whole device again; of them the first alone stays in use. */
  async down(runner: QueryRunner): Promise<void> {
    const isPostgres = runner.connection.options.type === 'postgres';
    await runner.query(`DROP TRIGGER device_revised${isPostgres ? ' ON device' : ''}`);
    if (isPostgres) await runner.query('DROP FUNCTION device_revised()');
    await runner.query('ALTER TABLE device_sighting RENAME COLUMN device_id TO camera_id');
    await runner.query('ALTER TABLE device_sighting RENAME TO camera_sighting');
    for (const [name, type] of moved) {
      await runner.query(`ALTER TABLE camera ADD COLUMN ${name} ${type}`);
      await runner.query(
        `UPDATE camera SET ${name} = (SELECT device.${name} FROM device WHERE device.id = camera.device_id)`,
      );
    }
    await runner.query(`UPDATE camera SET deleted_at = created_at WHERE deleted_at IS NULL AND EXISTS
      (SELECT 1 FROM camera other WHERE other.device_id = camera.device_id AND other.deleted_at IS NULL AND other.id < camera.id)`);
    await runner.query('DROP INDEX ux_camera_channel');
    await runner.query('DROP INDEX ix_camera_device');
    for (const column of ['channel_name', 'channel_number', 'source_token', 'device_id']) {
      await runner.query(`ALTER TABLE camera DROP COLUMN ${column}`);
    }
    await runner.query(
      'CREATE UNIQUE INDEX camera_device ON camera (recorder_id, device_address) WHERE deleted_at IS NULL',
    );
    await runner.query('DROP TABLE device');
  }
}

// A camera shows what its device is: with the device each of its cameras changes (migration 0014).
const revised = (devices: string) => `INSERT INTO camera_revision (camera_id, revision)
  SELECT camera.id, (SELECT COALESCE(MAX(revision), 0) + 1 FROM camera_revision) FROM camera WHERE camera.device_id ${devices}
  ON CONFLICT (camera_id) DO UPDATE SET revision = excluded.revision`;
const revisedOnSqlite = [`CREATE TRIGGER device_revised AFTER UPDATE ON device BEGIN ${revised('= NEW.id')}; END`];
const revisedOnPostgres = [
  `CREATE FUNCTION device_revised() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN ${revised('IN (SELECT id FROM new_rows)')}; RETURN NULL; END $$`,
  `CREATE TRIGGER device_revised AFTER UPDATE ON device REFERENCING NEW TABLE AS new_rows
   FOR EACH STATEMENT EXECUTE FUNCTION device_revised()`,
];
