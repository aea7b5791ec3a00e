import { randomUUID } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { holdHash } from '../../../lib/hold-digest.js';

/**
 * One hold for each camera and incident: the ranges that its recorder keeps, and the causes that need them. What was one
 * hold becomes a range of the same id, for that is the id that the recorder knows it by, and a cause. Holds no longer
 * need a camera and an incident that are known here: a recorder may hold for another database. The console gets an id, by
 * which its recorders know it. Same SQL on both databases.
 */
export class Holds1763769600013 implements MigrationInterface {
  readonly name = 'Holds1763769600013';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE console_identity (id varchar(36) PRIMARY KEY)');
    await runner.query(`INSERT INTO console_identity (id) VALUES ('${randomUUID()}')`);
    await runner.query(`ALTER TABLE recorder ADD COLUMN dropped_cameras text NOT NULL DEFAULT '[]'`);
    for (const statement of tables) await runner.query(statement);
    for (const statement of moved) await runner.query(statement);
    await hashRanges(runner);
    await runner.query('DROP TABLE former_hold');
    for (const statement of indexes) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of restored) await runner.query(statement);
  }
}

const former = (name: string) => `CREATE TABLE ${name} (
    id varchar(36) PRIMARY KEY,
    incident_id varchar(36) NOT NULL REFERENCES incident (id),
    camera_id varchar(36) NOT NULL REFERENCES camera (id),
    from_at bigint NOT NULL,
    to_at bigint NOT NULL,
    state text NOT NULL,
    release_reason text NOT NULL,
    created_at bigint NOT NULL,
    created_by_id varchar(36) NOT NULL,
    created_by_name text NOT NULL
  )`;

const tables = [
  // Its indexes are dropped by hand: they keep their names when the table is renamed.
  'DROP INDEX hold_incident',
  'DROP INDEX hold_camera',
  'ALTER TABLE hold RENAME TO former_hold',
  `CREATE TABLE hold (
    id varchar(36) PRIMARY KEY,
    incident_id varchar(36) REFERENCES incident (id),
    camera_id varchar(36) NOT NULL,
    recorder_id varchar(36) NOT NULL REFERENCES recorder (id),
    state text NOT NULL,
    foreign_incident_id varchar(36),
    foreign_incident_number text NOT NULL,
    created_at bigint NOT NULL,
    created_by_id varchar(36),
    created_by_name text NOT NULL
  )`,
  `CREATE TABLE hold_range (
    id varchar(36) PRIMARY KEY,
    hold_id varchar(36) NOT NULL REFERENCES hold (id),
    recorder_id varchar(36) NOT NULL,
    camera_id varchar(36) NOT NULL,
    from_at bigint NOT NULL,
    to_at bigint NOT NULL,
    state text NOT NULL,
    hash bigint NOT NULL,
    gone boolean NOT NULL
  )`,
  `CREATE TABLE hold_cause (
    id varchar(36) PRIMARY KEY,
    hold_id varchar(36) NOT NULL REFERENCES hold (id),
    kind text NOT NULL,
    subject_id varchar(36),
    from_at bigint NOT NULL,
    to_at bigint NOT NULL,
    created_at bigint NOT NULL,
    created_by_id varchar(36),
    created_by_name text NOT NULL,
    released_at bigint,
    released_by_name text NOT NULL,
    release_reason text NOT NULL
  )`,
];

const moved = [
  `INSERT INTO hold (id, incident_id, camera_id, recorder_id, state, foreign_incident_id, foreign_incident_number,
      created_at, created_by_id, created_by_name)
    SELECT first.id, first.incident_id, first.camera_id, cam.recorder_id, all_of.state, NULL, '',
      first.created_at, first.created_by_id, first.created_by_name
    FROM (
      SELECT id, incident_id, camera_id, created_at, created_by_id, created_by_name,
        row_number() OVER (PARTITION BY incident_id, camera_id ORDER BY created_at, id) AS place
      FROM former_hold
    ) AS first
    JOIN (
      SELECT incident_id, camera_id, CASE
          WHEN sum(CASE WHEN state = 'pending' THEN 1 ELSE 0 END) > 0 THEN 'pending'
          WHEN sum(CASE WHEN state = 'held' THEN 1 ELSE 0 END) > 0 THEN 'held'
          WHEN sum(CASE WHEN state = 'releasing' THEN 1 ELSE 0 END) > 0 THEN 'releasing'
          ELSE 'released' END AS state
      FROM former_hold GROUP BY incident_id, camera_id
    ) AS all_of ON all_of.incident_id = first.incident_id AND all_of.camera_id = first.camera_id
    JOIN camera AS cam ON cam.id = first.camera_id
    WHERE first.place = 1`,
  'CREATE UNIQUE INDEX ux_hold_incident ON hold (incident_id, camera_id, recorder_id)',
  `INSERT INTO hold_range (id, hold_id, recorder_id, camera_id, from_at, to_at, state, hash, gone)
    SELECT f.id, hold.id, hold.recorder_id, f.camera_id, f.from_at, f.to_at, f.state, 0, false
    FROM former_hold AS f JOIN hold ON hold.incident_id = f.incident_id AND hold.camera_id = f.camera_id`,
  // When it was released is in the audit trail only.
  `INSERT INTO hold_cause (id, hold_id, kind, subject_id, from_at, to_at, created_at, created_by_id, created_by_name,
      released_at, released_by_name, release_reason)
    SELECT f.id, hold.id,
      CASE WHEN t.id IS NOT NULL THEN 'tag' WHEN c.id IS NOT NULL THEN 'clip' ELSE 'hand' END, coalesce(t.id, c.id),
      f.from_at, f.to_at, f.created_at, f.created_by_id, f.created_by_name,
      CASE WHEN f.state IN ('pending', 'held') THEN NULL ELSE f.created_at END, '', f.release_reason
    FROM former_hold AS f
    JOIN hold ON hold.incident_id = f.incident_id AND hold.camera_id = f.camera_id
    LEFT JOIN (SELECT hold_id, min(id) AS id FROM tag GROUP BY hold_id) AS t ON t.hold_id = f.id
    LEFT JOIN (SELECT hold_id, min(id) AS id FROM clip GROUP BY hold_id) AS c ON c.hold_id = f.id`,
  'UPDATE tag SET hold_id = (SELECT hold_id FROM hold_cause WHERE hold_cause.id = tag.hold_id) WHERE hold_id IS NOT NULL',
  'UPDATE clip SET hold_id = (SELECT hold_id FROM hold_cause WHERE hold_cause.id = clip.hold_id) WHERE hold_id IS NOT NULL',
];

const indexes = [
  'CREATE INDEX ix_hold_recorder ON hold (recorder_id, state)',
  'CREATE INDEX ix_hold_camera ON hold (camera_id, state)',
  // What is to be sent, and what the recorder should have, from the index alone.
  'CREATE INDEX ix_hold_range_state ON hold_range (recorder_id, state, hash)',
  'CREATE INDEX ix_hold_range_place ON hold_range (recorder_id, id)',
  'CREATE INDEX ix_hold_range_hold ON hold_range (hold_id)',
  'CREATE INDEX ix_hold_cause_hold ON hold_cause (hold_id)',
];

const restored = [
  former('former_hold'),
  `INSERT INTO former_hold (id, incident_id, camera_id, from_at, to_at, state, release_reason, created_at, created_by_id,
      created_by_name)
    SELECT r.id, h.incident_id, r.camera_id, r.from_at, r.to_at, r.state, coalesce(c.release_reason, ''), h.created_at,
      coalesce(h.created_by_id, ''), h.created_by_name
    FROM hold_range AS r JOIN hold AS h ON h.id = r.hold_id JOIN camera ON camera.id = r.camera_id
    LEFT JOIN hold_cause AS c ON c.id = r.id
    WHERE h.incident_id IS NOT NULL`,
  'DROP TABLE hold_cause',
  'DROP TABLE hold_range',
  'DROP TABLE hold',
  'ALTER TABLE former_hold RENAME TO hold',
  'CREATE INDEX hold_incident ON hold (incident_id)',
  'CREATE INDEX hold_camera ON hold (camera_id, state)',
  'ALTER TABLE recorder DROP COLUMN dropped_cameras',
  'DROP TABLE console_identity',
];

const rangesAtOnce = 500;

async function hashRanges(runner: QueryRunner): Promise<void> {
  for (let after = ''; ;) {
    const rows = (await runner.query(
      `SELECT id, camera_id, from_at, to_at FROM hold_range WHERE id > '${after}' ORDER BY id LIMIT ${rangesAtOnce}`,
    )) as { id: string; camera_id: string; from_at: number | string; to_at: number | string }[];
    const last = rows.at(-1);
    if (last === undefined) return;
    const hashes = rows.map(({ id, camera_id: cameraId, from_at: from, to_at: to }) => {
      return `('${id}', ${holdHash({ id, cameraId, fromMs: Number(from), toMs: Number(to) })})`;
    });
    await runner.query(
      `UPDATE hold_range SET hash = hashed.column2 FROM (VALUES ${hashes.join(', ')}) AS hashed
       WHERE hold_range.id = hashed.column1`,
    );
    after = last.id;
  }
}
