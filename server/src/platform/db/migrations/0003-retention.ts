import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Days of retention per area, inherited by what lies below; a camera's own days become a choice that may be absent. What
 * cameras have now stays theirs: nothing that was kept is deleted by this. Sound is a choice per camera, off.
 */
export class Retention1763769600003 implements MigrationInterface {
  readonly name = 'Retention1763769600003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE area ADD COLUMN retention_days integer');
    await runner.query('ALTER TABLE camera ADD COLUMN audio boolean NOT NULL DEFAULT false');
    await swapDays(runner, 'integer');
  }

  async down(runner: QueryRunner): Promise<void> {
    await swapDays(runner, 'integer NOT NULL DEFAULT 30', 30);
    await runner.query('ALTER TABLE camera DROP COLUMN audio');
    await runner.query('ALTER TABLE area DROP COLUMN retention_days');
  }
}

/** SQLite cannot take NOT NULL from a column, so both databases get a new one in its place. */
async function swapDays(runner: QueryRunner, type: string, absent?: number): Promise<void> {
  await runner.query(`ALTER TABLE camera ADD COLUMN kept_days ${type}`);
  const value = absent === undefined ? 'retention_days' : `coalesce(retention_days, ${absent})`;
  await runner.query(`UPDATE camera SET kept_days = ${value}`);
  await runner.query('ALTER TABLE camera DROP COLUMN retention_days');
  await runner.query('ALTER TABLE camera RENAME COLUMN kept_days TO retention_days');
}
