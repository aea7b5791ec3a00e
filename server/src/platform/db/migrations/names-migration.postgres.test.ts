import { describe, expect } from 'vitest';
import { Core1763769600001 } from './0001-core.js';
import { Cases1763769600002 } from './0002-cases.js';
import { Names1763769600007 } from './0007-names.js';
import { onBothDatabases, type OpenMigrated } from './migration.test-harness.js';

const before = [Core1763769600001, Cases1763769600002];
const after = [...before, Names1763769600007];

/** A database of the time when names were fixed words, with areas of each former level and one category renamed by hand. */
async function takesOver(open: OpenMigrated) {
  const old = await open(before);
  await old.write(async (manager) => {
    const areas = [
      ['p', 'NULL', 'province'],
      ['c', 'NULL', 'city'],
      ['d', `'p'`, 'district'],
      ['t', `'d'`, 'town'],
      ['k', `'p'`, 'city'],
    ] as const;
    for (const [id, parent, level] of areas) {
      await manager.query(
        `INSERT INTO area (id, parent_id, name, level, code, path, created_at)
         VALUES ('${id}', ${parent}, '${id}', '${level}', '${id}', '/${id}/', 1)`,
      );
    }
    await manager.query(`UPDATE incident_category SET vi = 'Tìm kiếm' WHERE code = 'missing_person'`);
  });
  await old.close();

  const migrated = await open(after);
  const rows = (sql: string): Promise<Record<string, unknown>[]> => migrated.read.query(sql);
  expect(await rows('SELECT id, level FROM area ORDER BY id')).toEqual([
    { id: 'c', level: 'central_city' },
    { id: 'd', level: 'district' },
    { id: 'k', level: 'city' },
    { id: 'p', level: 'province' },
    { id: 't', level: 'town' },
  ]);
  // Every level that an area bears has a name.
  const nameless = 'SELECT id FROM area WHERE level NOT IN (SELECT code FROM area_level)';
  expect(await rows(nameless)).toEqual([]);
  expect(await rows(`SELECT code FROM area_level WHERE retired ORDER BY position`)).toEqual(
    ['district', 'city', 'town'].map((code) => ({ code })),
  );
  const categories = await rows(
    `SELECT code, vi FROM incident_category WHERE code IN ('traffic_order', 'missing_person') ORDER BY code`,
  );
  expect(categories.map(({ vi }) => vi)).toEqual(['Tìm kiếm', 'Vi phạm trật tự, an toàn giao thông']);
  expect(await rows(`SELECT vi FROM report_text WHERE code = 'title'`)).toHaveLength(1);
  expect((await rows('SELECT code FROM role_name')).length).toBe(4);
  await migrated.close();
}

describe('the migration to names that are data', () => {
  onBothDatabases('takes over what there is', takesOver);
});
