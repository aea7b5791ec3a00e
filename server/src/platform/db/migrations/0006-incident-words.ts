import type { MigrationInterface, QueryRunner } from 'typeorm';
import { indexedWords } from '../../../lib/search-words.js';

/**
 * An incident is found by its words, each a row that an index finds by its beginning. The column that was searched from
 * end to end goes.
 */
export class IncidentWords1763769600006 implements MigrationInterface {
  readonly name = 'IncidentWords1763769600006';

  async up(runner: QueryRunner): Promise<void> {
    // Beginnings of words are ranges of bytes; a locale's order would tear them apart.
    const bytes = runner.connection.options.type === 'postgres' ? ' COLLATE "C"' : '';
    await runner.query(`CREATE TABLE incident_word (
      word text${bytes} NOT NULL,
      incident_id varchar(36) NOT NULL REFERENCES incident (id),
      PRIMARY KEY (word, incident_id)
    )`);
    await runner.query('CREATE INDEX incident_word_incident ON incident_word (incident_id)');
    await runner.query('CREATE INDEX incident_category_time ON incident (category, occurred_at)');
    await runner.query('CREATE INDEX incident_state_time ON incident (state, occurred_at)');
    await indexIncidents(runner);
    await runner.query('ALTER TABLE incident DROP COLUMN search_text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE incident ADD COLUMN search_text text NOT NULL DEFAULT ''`);
    await runner.query(
      `UPDATE incident SET search_text = lower(number || ' ' || title || ' ' || place || ' ' || description)`,
    );
    await runner.query('DROP INDEX incident_state_time');
    await runner.query('DROP INDEX incident_category_time');
    await runner.query('DROP TABLE incident_word');
  }
}

interface Row {
  id: string;
  number: string;
  title: string;
  place: string;
  description: string;
  outcome: string;
}

async function indexIncidents(runner: QueryRunner): Promise<void> {
  const mark = (index: number) => (runner.connection.options.type === 'postgres' ? `$${index + 1}` : '?');
  let after = '';
  for (;;) {
    const rows = (await runner.query(
      `SELECT id, number, title, place, description, outcome FROM incident WHERE id > ${mark(0)} ORDER BY id LIMIT 200`,
      [after],
    )) as Row[];
    for (const row of rows) {
      const words = indexedWords(`${row.number} ${row.title} ${row.place}`, `${row.description} ${row.outcome}`);
      for (let start = 0; start < words.length; start += 400) {
        const part = words.slice(start, start + 400);
        const values = part.map((_, index) => `(${mark(2 * index)}, ${mark(2 * index + 1)})`).join(', ');
        await runner.query(
          `INSERT INTO incident_word (word, incident_id) VALUES ${values}`,
          part.flatMap((word) => [word, row.id]),
        );
      }
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
