import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Cameras that were deleted before become cameras out of use: the time since then is a stretch of their history, as it is of
 * those taken out of use later. And who watches which camera live, until it is entered in the audit trail. Same SQL on both
 * databases.
 */
export class Viewings1763769600010 implements MigrationInterface {
  readonly name = 'Viewings1763769600010';

  async up(runner: QueryRunner): Promise<void> {
    // The id of its camera is nobody else's among the intervals.
    await runner.query(`INSERT INTO camera_state_interval (id, camera_id, state, reason, detail, since_at, to_at)
      SELECT cam.id, cam.id, 'paused', 'retired', '', cam.deleted_at, NULL FROM camera cam
      WHERE cam.deleted_at IS NOT NULL AND NOT EXISTS
        (SELECT 1 FROM camera_state_interval span WHERE span.camera_id = cam.id AND span.to_at IS NULL)`);
    await runner.query(`CREATE TABLE live_viewing (
      id varchar(36) PRIMARY KEY,
      session_id varchar(36) NOT NULL,
      camera_id varchar(36) NOT NULL,
      camera_name text NOT NULL,
      area_id varchar(36) NOT NULL,
      account_id varchar(36) NOT NULL,
      account_name text NOT NULL,
      address text NOT NULL,
      began_at bigint NOT NULL,
      seen_at bigint NOT NULL
    )`);
    await runner.query('CREATE UNIQUE INDEX live_viewing_session ON live_viewing (session_id, camera_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE live_viewing');
    await runner.query(`DELETE FROM camera_state_interval WHERE reason = 'retired' AND to_at IS NULL`);
    await runner.query(`UPDATE camera_state_interval SET reason = 'disabled' WHERE reason = 'retired'`);
  }
}
