import { describe, expect } from 'vitest';
import { Core1763769600001 } from './0001-core.js';
import { Cases1763769600002 } from './0002-cases.js';
import { IncidentWords1763769600006 } from './0006-incident-words.js';
import { YearsOfData1763769600008 } from './0008-years-of-data.js';
import { onBothDatabases, type OpenMigrated } from './migration.test-harness.js';

const before = [Core1763769600001, Cases1763769600002, IncidentWords1763769600006];
const count = 1300;
/** Some at the same instant, one in the year 0, one in 9999. */
const occurredAt = (index: number) =>
  index === 0 ? -62_167_219_200_000 : index === 1 ? 253_402_300_799_000 : 1_700_000_000_000 + Math.floor(index / 3) * 7;
const id = (index: number) => `i${String((index * 7919) % count).padStart(4, '0')}`;

describe('the migration to years of data', () => {
  async function filled(open: OpenMigrated): Promise<void> {
    const old = await open(before);
    await old.write(async (manager) => {
      await manager.query(
        `INSERT INTO area (id, name, level, code, path, created_at) VALUES ('a-1', 'A', 'commune', 'CĐ', '/a-1/', 1)`,
      );
      await manager.query(
        `INSERT INTO recorder (id, name, url, token_box, embedded, last_sequence, desired_revision, created_at)
         VALUES ('r', 'R', '', '', FALSE, 0, 0, 1)`,
      );
      await manager.query(
        `INSERT INTO camera (id, area_id, recorder_id, name, place, device_address, endpoint_reference, manufacturer, model,
           serial_number, firmware_version, username, password_box, enabled, retention_days, created_at)
         VALUES ('c', 'a-1', 'r', 'Cam 1', '', '', '', '', '', '', '', '', '', TRUE, 30, 1)`,
      );
      const rows = Array.from(
        { length: count },
        (
          _,
          index,
        ) => `('${id(index)}', '2026/CĐ-${index}', 'a-1', '', ${occurredAt(index)}, 'Ngã ba chợ', 'theft', 'other',
          'Mất xe ${10_000 + index}', 'under_review', '', 1, 'w', 'W', 1)`,
      );
      await manager.query(
        `INSERT INTO incident (id, number, area_id, title, occurred_at, place, category, source, description, state,
           outcome, created_at, created_by_id, created_by_name, version) VALUES ${rows.join(', ')}`,
      );
      for (const [tag, decisive] of [
        ['t1', true],
        ['t2', true],
        ['t3', false],
      ] as const)
        await manager.query(tagSql(tag, decisive));
    });
    await old.close();
  }
  const tagSql = (tag: string, decisive: boolean) =>
    `INSERT INTO tag (id, incident_id, camera_id, from_at, to_at, note, decisive, created_at, created_by_id, created_by_name)
     VALUES ('${tag}', '${id(5)}', 'c', 1, 2, '', ${decisive}, 1, 'w', 'W')`;

  onBothDatabases('orders, indexes and counts what was entered before', async (open, kind) => {
    await filled(open);
    const database = await open([...before, YearsOfData1763769600008]);
    const query = <T>(sql: string) => database.read.query(sql) as Promise<T[]>;

    const rows = await query<{ id: string; order_key: number | string; occurred_at: number | string }>(
      'SELECT id, order_key, occurred_at FROM incident ORDER BY order_key',
    );
    const expected = Array.from({ length: count }, (_, index) => ({ id: id(index), at: occurredAt(index) })).sort(
      (one, other) => one.at - other.at || (one.id < other.id ? -1 : 1),
    );
    expect(rows.map((row) => row.id)).toEqual(expected.map((row) => row.id));
    expect(new Set(rows.map((row) => Number(row.order_key))).size).toBe(count);
    for (const row of rows.slice(1, -1)) {
      expect(Math.floor(Number(row.order_key) / 2048)).toBe(Number(row.occurred_at));
    }

    const found = (word: string) =>
      query<{ order_key: number | string }>(
        kind === 'SQLite'
          ? `SELECT rowid AS order_key FROM incident_text WHERE incident_text MATCH '"${word}"'`
          : `SELECT order_key FROM incident_text WHERE words @@ CAST('''${word}''' AS tsquery)`,
      );
    expect(await found('cho')).toHaveLength(count);
    expect(await found('0sunderreview')).toHaveLength(count);
    const [one] = await found('10777');
    expect(rows.find((row) => Number(row.order_key) === Number(one?.order_key))?.id).toBe(id(777));

    const decisive = async () =>
      Number((await query<{ n: number }>(`SELECT decisive_tags AS n FROM incident WHERE id = '${id(5)}'`))[0]?.n);
    const change = (sql: string) => database.write((manager) => manager.query(sql));
    expect(await decisive()).toBe(2);
    await change(tagSql('t4', true));
    await change(`UPDATE tag SET decisive = FALSE WHERE id = 't1'`);
    expect(await decisive()).toBe(2);
    await change(`UPDATE tag SET note = 'x'`);
    await change(`DELETE FROM tag WHERE id IN ('t2', 't3')`);
    expect(await decisive()).toBe(1);
    await change(`UPDATE tag SET incident_id = '${id(6)}' WHERE id = 't4'`);
    expect(await decisive()).toBe(0);
    await change('DELETE FROM tag');
    expect(await query('SELECT id FROM incident WHERE decisive_tags <> 0')).toEqual([]);
    await database.close();
  });
});
