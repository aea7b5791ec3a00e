import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A recorder that was removed stays as a row: cameras that were deleted, clips and signed records refer to it. */
export class RecorderRemoval1763769600005 implements MigrationInterface {
  readonly name = 'RecorderRemoval1763769600005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE recorder ADD COLUMN deleted_at bigint');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE recorder DROP COLUMN deleted_at');
  }
}
