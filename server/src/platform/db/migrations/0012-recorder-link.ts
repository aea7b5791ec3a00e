import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Between console and recorder: events that were set aside, which console keeps a recorder in step, the key that a recorder
 * is held to, and the console's own key. Same SQL on both databases.
 */
export class RecorderLink1763769600012 implements MigrationInterface {
  readonly name = 'RecorderLink1763769600012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE recorder_event_aside (
      id varchar(36) PRIMARY KEY,
      recorder_id varchar(36) NOT NULL,
      sequence bigint NOT NULL,
      type text NOT NULL,
      cause text NOT NULL,
      detail text NOT NULL,
      at bigint,
      set_aside_at bigint NOT NULL,
      state text NOT NULL,
      body text NOT NULL
    )`);
    await runner.query(
      'CREATE INDEX ix_recorder_event_aside ON recorder_event_aside (recorder_id, state, cause, set_aside_at)',
    );
    await runner.query('ALTER TABLE recorder ADD COLUMN key_pin varchar(64)');
    await runner.query('ALTER TABLE recorder ADD COLUMN lease_holder varchar(36)');
    await runner.query('ALTER TABLE recorder ADD COLUMN lease_until bigint');
    await runner.query('ALTER TABLE recorder ADD COLUMN changes bigint NOT NULL DEFAULT 0');
    await runner.query(`CREATE TABLE console_key (
      id integer PRIMARY KEY,
      certificate text NOT NULL,
      key_box text NOT NULL,
      created_at bigint NOT NULL
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE console_key');
    await runner.query('ALTER TABLE recorder DROP COLUMN changes');
    await runner.query('ALTER TABLE recorder DROP COLUMN lease_until');
    await runner.query('ALTER TABLE recorder DROP COLUMN lease_holder');
    await runner.query('ALTER TABLE recorder DROP COLUMN key_pin');
    await runner.query('DROP TABLE recorder_event_aside');
  }
}
