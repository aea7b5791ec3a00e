import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of each device whether it speaks only TLS that is out of date; known once it is asked again. */
export class OldTls1763769600016 implements MigrationInterface {
  readonly name = 'OldTls1763769600016';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE device ADD COLUMN old_tls boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE device DROP COLUMN old_tls');
  }
}
