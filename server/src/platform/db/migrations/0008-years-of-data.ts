import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexedWords } from '../../../lib/search-words.js';

/**
 * Lists, searches and reports for years of data: each list walks an index in its own order, incidents are searched
 * through the text index of the database, and how many decisive tags an incident has is kept by the database itself.
 */
export class YearsOfData1763769600008 implements MigrationInterface {
  readonly name = 'YearsOfData1763769600008';

  async up(runner: QueryRunner): Promise<void> {
    const kind = runner.connection.options.type === 'postgres' ? 'postgres' : 'sqlite';
    await runner.query('DROP TABLE incident_word');
    await runner.query('ALTER TABLE incident ADD COLUMN order_key bigint');
    await runner.query('ALTER TABLE incident ADD COLUMN decisive_tags integer NOT NULL DEFAULT 0');
    for (const statement of [...orderKeys, ...indices, ...triggers[kind], ...textIndex[kind]]) {
      await runner.query(statement);
    }
    // One without a key would head the list on PostgreSQL, and nobody would see it.
    if (kind === 'postgres') await runner.query('ALTER TABLE incident ALTER COLUMN order_key SET NOT NULL');
    await indexTexts(runner, kind);
    // GIN grows page by page; building it at the end is many times quicker.
    if (kind === 'postgres') await runner.query('CREATE INDEX incident_text_words ON incident_text USING gin (words)');
  }

  async down(runner: QueryRunner): Promise<void> {
    const isPostgres = runner.connection.options.type === 'postgres';
    for (const name of ['tag_decisive_insert', 'tag_decisive_delete', 'tag_decisive_update']) {
      await runner.query(`DROP TRIGGER ${name}${isPostgres ? ' ON tag' : ''}`);
    }
    if (isPostgres) await runner.query('DROP FUNCTION tag_decisive_count()');
    await runner.query('DROP TABLE incident_text');
    for (const statement of indices) {
      const [, name] = /INDEX (\w+)/.exec(statement) ?? [];
      if (name !== undefined && statement.startsWith('CREATE')) await runner.query(`DROP INDEX ${name}`);
    }
    await runner.query('CREATE INDEX ix_audit_record_at ON audit_record (at)');
    await runner.query('CREATE INDEX incident_time ON incident (occurred_at, id)');
    await runner.query('CREATE INDEX incident_area ON incident (area_id, occurred_at)');
    await runner.query('CREATE INDEX incident_category_time ON incident (category, occurred_at)');
    await runner.query('CREATE INDEX incident_state_time ON incident (state, occurred_at)');
    await runner.query('ALTER TABLE incident DROP COLUMN decisive_tags');
    await runner.query('ALTER TABLE incident DROP COLUMN order_key');
    const bytes = isPostgres ? ' COLLATE "C"' : '';
    await runner.query(`CREATE TABLE incident_word (
      word text${bytes} NOT NULL,
      incident_id varchar(36) NOT NULL REFERENCES incident (id),
      PRIMARY KEY (word, incident_id)
    )`);
    await runner.query('CREATE INDEX incident_word_incident ON incident_word (incident_id)');
  }
}

/** Instants that `order_key` is exact for: 1830 to 2109. */
const clamped =
  'CASE WHEN occurred_at < -4398046511104 THEN -4398046511104 WHEN occurred_at > 4398046511103 THEN 4398046511103 ELSE occurred_at END';

const orderKeys = [
  // occurred_at × 2048, and one more for each that happened at the same instant: unique, and in the order of the list.
  `CREATE TABLE incident_order AS
   SELECT id, MAX(${clamped} * 2048 - position) OVER (ORDER BY position) + position AS order_key
   FROM (SELECT id, occurred_at, ROW_NUMBER() OVER (ORDER BY occurred_at, id) AS position FROM incident) AS numbered`,
  'CREATE UNIQUE INDEX incident_order_id ON incident_order (id)',
  `CREATE TABLE incident_decisive AS SELECT incident_id, COUNT(*) AS decisive FROM tag WHERE decisive = TRUE GROUP BY incident_id`,
  'CREATE UNIQUE INDEX incident_decisive_id ON incident_decisive (incident_id)',
  `UPDATE incident SET order_key = (SELECT o.order_key FROM incident_order o WHERE o.id = incident.id),
     decisive_tags = COALESCE((SELECT d.decisive FROM incident_decisive d WHERE d.incident_id = incident.id), 0)`,
  'DROP TABLE incident_order',
  'DROP TABLE incident_decisive',
];

const indices = [
  'DROP INDEX incident_time',
  'DROP INDEX incident_area',
  'DROP INDEX incident_category_time',
  'DROP INDEX incident_state_time',
  'CREATE UNIQUE INDEX incident_order ON incident (order_key)',
  'CREATE INDEX incident_area_order ON incident (area_id, order_key)',
  'CREATE INDEX incident_state_order ON incident (state, order_key)',
  'CREATE INDEX incident_category_order ON incident (category, order_key)',
  // Reports read nothing but this.
  'CREATE INDEX incident_report ON incident (area_id, category, state, decisive_tags, occurred_at)',
  `CREATE INDEX incident_by_footage ON incident (order_key) WHERE state = 'resolved' AND decisive_tags > 0`,
  'CREATE INDEX audit_record_action ON audit_record (action, sequence)',
  'CREATE INDEX audit_record_time ON audit_record (at, sequence)',
  'DROP INDEX ix_audit_record_at',
  'CREATE INDEX camera_recorder ON camera (recorder_id)',
  `CREATE INDEX clip_leftover ON clip (recorder_copy, state)`,
];

const count = (of: 'NEW' | 'OLD', by: string) =>
  `UPDATE incident SET decisive_tags = decisive_tags ${by} WHERE id = ${of}.incident_id`;

const triggers = {
  sqlite: [
    `CREATE TRIGGER tag_decisive_insert AFTER INSERT ON tag WHEN NEW.decisive = TRUE BEGIN ${count('NEW', '+ 1')}; END`,
    `CREATE TRIGGER tag_decisive_delete AFTER DELETE ON tag WHEN OLD.decisive = TRUE BEGIN ${count('OLD', '- 1')}; END`,
    `CREATE TRIGGER tag_decisive_update AFTER UPDATE OF decisive, incident_id ON tag BEGIN
       UPDATE incident SET decisive_tags = decisive_tags - 1 WHERE id = OLD.incident_id AND OLD.decisive = TRUE;
       UPDATE incident SET decisive_tags = decisive_tags + 1 WHERE id = NEW.incident_id AND NEW.decisive = TRUE;
     END`,
  ],
  postgres: [
    `CREATE FUNCTION tag_decisive_count() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF TG_OP <> 'INSERT' AND OLD.decisive THEN ${count('OLD', '- 1')}; END IF;
       IF TG_OP <> 'DELETE' AND NEW.decisive THEN ${count('NEW', '+ 1')}; END IF;
       RETURN NULL;
     END $$`,
    ...['insert', 'delete', 'update'].map(
      (
        verb,
      ) => `CREATE TRIGGER tag_decisive_${verb} AFTER ${verb.toUpperCase()}${verb === 'update' ? ' OF decisive, incident_id' : ''}
       ON tag FOR EACH ROW EXECUTE FUNCTION tag_decisive_count()`,
    ),
  ],
};

const textIndex = {
  // Words only, without their places: searched are words in any order. Beginnings of up to three letters are words too.
  sqlite: [
    `CREATE VIRTUAL TABLE incident_text USING fts5 (words, content='', contentless_delete=1, detail=none,
 prefix='1 2 3', tokenize='ascii')`,
  ],
  postgres: ['CREATE TABLE incident_text (order_key bigint PRIMARY KEY, words tsvector NOT NULL)'],
};

interface Row {
  order_key: string | number;
  number: string;
  title: string;
  place: string;
  description: string;
  outcome: string;
  state: string;
  category: string;
  area_id: string;
}

const rowsAtOnce = 500;

/** The index is filled as the product fills it, by pages in the order of the list. */
async function indexTexts(runner: QueryRunner, kind: 'sqlite' | 'postgres'): Promise<void> {
  const mark = kind === 'postgres' ? '$1' : '?';
  let after: string | number | undefined;
  for (;;) {
    const rows = (await runner.query(
      `SELECT order_key, number, title, place, description, outcome, state, category, area_id FROM incident
       ${after === undefined ? '' : `WHERE order_key > ${mark}`} ORDER BY order_key LIMIT ${rowsAtOnce}`,
      after === undefined ? [] : [after],
    )) as Row[];
    const entries = rows.map((row) => [String(row.order_key), wordsOfRow(row)] as const);
    await (kind === 'postgres' ? insertPostgres(runner, entries) : insertSqlite(runner, entries));
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.order_key;
  }
}

/** As incident-text.ts writes them; a migration keeps its own way, whatever becomes of that. */
function wordsOfRow(row: Row): string[] {
  return [
    ...indexedWords(`${row.number} ${row.title} ${row.place}`, `${row.description} ${row.outcome}`),
    `0s${row.state.replaceAll('_', '')}`,
    `0c${Buffer.from(row.category).toString('hex')}`,
    `0a${row.area_id.replaceAll('-', '')}`,
  ];
}

async function insertPostgres(runner: QueryRunner, entries: readonly (readonly [string, string[]])[]): Promise<void> {
  if (entries.length === 0) return;
  const values = entries.map((_, at) => `($${2 * at + 1}::bigint, array_to_tsvector($${2 * at + 2}::text[]))`);
  await runner.query(
    `INSERT INTO incident_text (order_key, words) VALUES ${values.join(', ')}`,
    entries.flatMap(([key, words]) => [key, words]),
  );
}

async function insertSqlite(runner: QueryRunner, entries: readonly (readonly [string, string[]])[]): Promise<void> {
  for (const [key, words] of entries) {
    await runner.query('INSERT INTO incident_text (rowid, words) VALUES (CAST(? AS integer), ?)', [
      key,
      words.join(' '),
    ]);
  }
}
