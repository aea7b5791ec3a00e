import { describe, expect } from 'vitest';
import { Core1763769600001 } from './0001-core.js';
import { Cases1763769600002 } from './0002-cases.js';
import { IncidentWords1763769600006 } from './0006-incident-words.js';
import { onBothDatabases } from './migration.test-harness.js';

const incident = (
  number: number,
) => `('${String(number).padStart(4, '0')}', '2026/CĐ-${String(number).padStart(4, '0')}',
  'a', '', 1, 'Ngã ba chợ', 'theft', 'other', 'Mất xe', 'new', '', '', 1, 'w', 'W', 1)`;

describe('the migration to words of incidents', () => {
  onBothDatabases('indexes what was entered before', async (open) => {
    const before = [Core1763769600001, Cases1763769600002];
    const old = await open(before);
    await old.write(async (manager) => {
      await manager.query(
        `INSERT INTO area (id, name, level, code, path, created_at) VALUES ('a', 'A', 'commune', 'CĐ', '/a/', 1)`,
      );
      await manager.query(
        `INSERT INTO incident (id, number, area_id, title, occurred_at, place, category, source, description, state,
         outcome, search_text, created_at, created_by_id, created_by_name, version)
         VALUES ${Array.from({ length: 450 }, (_, index) => incident(index + 1)).join(', ')}`,
      );
    });
    await old.close();

    const migrated = await open([...before, IncidentWords1763769600006]);
    const found = async (word: string) =>
      (
        (await migrated.read.query(
          `SELECT incident_id AS id FROM incident_word WHERE word = '${word}' ORDER BY incident_id`,
        )) as { id: string }[]
      ).map(({ id }) => id);
    expect(await found('450')).toEqual(['0450']);
    expect(await found('cho')).toHaveLength(450);
    expect(await found('xe')).toHaveLength(450);
    expect(await migrated.read.query('SELECT * FROM incident LIMIT 1')).not.toMatchObject([{ search_text: '' }]);
    await migrated.close();
  });
});
