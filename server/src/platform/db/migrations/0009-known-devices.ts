import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Browsers from which an account signed in before: what lets their owners in while strangers are held. */
export class KnownDevices1763769600009 implements MigrationInterface {
  readonly name = 'KnownDevices1763769600009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE known_device (
      token_hash text NOT NULL,
      account_id varchar(36) NOT NULL REFERENCES account (id),
      last_used_at bigint NOT NULL,
      PRIMARY KEY (token_hash, account_id)
    )`);
    await runner.query('CREATE INDEX known_device_account ON known_device (account_id, last_used_at)');
    await runner.query('CREATE INDEX known_device_age ON known_device (last_used_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE known_device');
  }
}
