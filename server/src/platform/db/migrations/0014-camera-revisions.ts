import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Of each camera a number that grows whenever the camera or its open state changes, so that a console which keeps the
 * list in memory asks for what is new of it and nothing else, whoever changed it. Written by triggers: no code leaves it
 * out. Writes run one at a time on both databases, so a larger number is always committed later.
 */
export class CameraRevisions1763769600014 implements MigrationInterface {
  readonly name = 'CameraRevisions1763769600014';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE camera_revision (camera_id varchar(36) PRIMARY KEY, revision bigint NOT NULL)');
    await runner.query('CREATE INDEX camera_revision_order ON camera_revision (revision, camera_id)');
    await runner.query('INSERT INTO camera_revision (camera_id, revision) SELECT id, 1 FROM camera');
    const isPostgres = runner.connection.options.type === 'postgres';
    for (const statement of isPostgres ? postgres : sqlite) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    const isPostgres = runner.connection.options.type === 'postgres';
    for (const { table, name } of triggers) {
      await runner.query(`DROP TRIGGER ${name}${isPostgres ? ` ON ${table}` : ''}`);
    }
    if (isPostgres) for (const { name } of triggers) await runner.query(`DROP FUNCTION ${name}()`);
    await runner.query('DROP TABLE camera_revision');
  }
}

const verbs = ['insert', 'update', 'delete'] as const;
const sides = { insert: ['NEW'], update: ['OLD', 'NEW'], delete: ['OLD'] } as const;
/** `when`: rows that the list does not show. */
const watched = [
  { table: 'camera', key: 'id', when: undefined },
  { table: 'camera_state_interval', key: 'camera_id', when: 'to_at IS NULL' },
] as const;
const triggers = watched.flatMap((one) =>
  verbs.map((verb) => ({ ...one, verb, sides: sides[verb], name: `${one.table}_revised_by_${verb}` })),
);

const next = '(SELECT COALESCE(MAX(revision), 0) + 1 FROM camera_revision)';
const replaced = 'ON CONFLICT (camera_id) DO UPDATE SET revision = excluded.revision';

const sqlite = triggers.map(({ table, key, when, verb, sides: of, name }) => {
  const condition = when === undefined ? '' : `WHEN ${of.map((side) => `${side}.${when}`).join(' OR ')} `;
  // A camera keeps its id.
  return `CREATE TRIGGER ${name} AFTER ${verb.toUpperCase()} ON ${table} ${condition}BEGIN
      INSERT INTO camera_revision (camera_id, revision) VALUES (${of.at(-1)!}.${key}, ${next}) ${replaced};
    END`;
});

/** Once a statement, however many rows it changes. */
const postgres = triggers.flatMap(({ table, key, when, verb, sides: of, name }) => {
  const rows = of.map((side) => `SELECT ${key} AS id FROM ${side}_rows${when === undefined ? '' : ` WHERE ${when}`}`);
  return [
    `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       INSERT INTO camera_revision (camera_id, revision)
       SELECT changed.id, ${next} FROM (${rows.join(' UNION ')}) changed ${replaced};
       RETURN NULL;
     END $$`,
    `CREATE TRIGGER ${name} AFTER ${verb.toUpperCase()} ON ${table}
     REFERENCING ${of.map((side) => `${side} TABLE AS ${side}_rows`).join(' ')} FOR EACH STATEMENT EXECUTE FUNCTION ${name}()`,
  ];
});
