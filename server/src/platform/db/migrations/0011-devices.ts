import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The host that a person confirmed for each camera, how, and when its password was typed; addresses at which cameras were
 * found and nobody has answered for; what administrators add to the networks that a recorder may search. Cameras keep the
 * host that they have: whoever gave it is taken at their word.
 */
export class Devices1763769600011 implements MigrationInterface {
  readonly name = 'Devices1763769600011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query("ALTER TABLE camera ADD COLUMN confirmed_host text NOT NULL DEFAULT ''");
    await runner.query("ALTER TABLE camera ADD COLUMN confirmed_by text NOT NULL DEFAULT 'before'");
    await runner.query('ALTER TABLE camera ADD COLUMN password_typed_at bigint NOT NULL DEFAULT 0');
    await runner.query('ALTER TABLE camera ADD COLUMN tls_key text');
    await fillHosts(runner);
    await runner.query(`CREATE TABLE camera_sighting (
      camera_id varchar(36) NOT NULL,
      device_address text NOT NULL,
      endpoint_reference text NOT NULL,
      name text NOT NULL,
      hardware text NOT NULL,
      first_seen_at bigint NOT NULL,
      last_seen_at bigint NOT NULL,
      dismissed boolean NOT NULL DEFAULT false,
      PRIMARY KEY (camera_id, device_address)
    )`);
    await runner.query("ALTER TABLE recorder ADD COLUMN scan_ranges text NOT NULL DEFAULT '[]'");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE recorder DROP COLUMN scan_ranges');
    await runner.query('DROP TABLE camera_sighting');
    for (const column of ['tls_key', 'password_typed_at', 'confirmed_by', 'confirmed_host']) {
      await runner.query(`ALTER TABLE camera DROP COLUMN ${column}`);
    }
  }
}

async function fillHosts(runner: QueryRunner): Promise<void> {
  const rows = (await runner.query('SELECT DISTINCT device_address AS address FROM camera')) as { address: string }[];
  const [first, second] = runner.connection.options.type === 'postgres' ? ['$1', '$2'] : ['?', '?'];
  const fill = `UPDATE camera SET confirmed_host = ${first} WHERE device_address = ${second}`;
  for (const { address } of rows) {
    if (!URL.canParse(address)) continue;
    await runner.query(fill, [new URL(address).hostname.replace(/^\[|\]$/g, ''), address]);
  }
}
