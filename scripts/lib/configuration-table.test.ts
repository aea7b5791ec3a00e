import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configSchema } from '../../server/src/config.js';
import { readmePath } from './configuration-table.js';

it('every configuration key stands in the README with its default and meaning, and no other', () => {
  const readme = readFileSync(readmePath, 'utf8');
  const rows = new Map(
    [...readme.matchAll(/^\| `CHOI_CANH_([A-Z_]+)`\s*\|(.*)\|(.*)\|$/gm)].map((row) => [
      row[1],
      { fallback: row[2] ?? '', meaning: row[3] ?? '' },
    ]),
  );
  expect([...rows.keys()]).toEqual(Object.keys(configSchema.shape));
  for (const [key, schema] of Object.entries(configSchema.shape)) {
    const fallback: unknown = schema.safeParse(undefined).data;
    expect(rows.get(key)?.meaning.trim()).toBe(schema.description);
    if (fallback !== undefined && !Array.isArray(fallback))
      expect(rows.get(key)?.fallback.trim()).toBe(`\`${String(fallback)}\``);
  }
});
