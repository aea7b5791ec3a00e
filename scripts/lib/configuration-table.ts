import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { configSchema } from '../../server/src/config.js';

const marks = ['<!-- configuration -->', '<!-- /configuration -->'] as const;
export const readmePath = join(resolve(import.meta.dirname, '../..'), 'README.md');

/** The README's table of configuration, from the schema itself. */
export function configurationTable(): string {
  const rows = Object.entries(configSchema.shape).map(([key, schema]) => {
    const fallback: unknown = schema.safeParse(undefined).data;
    const text =
      fallback === undefined || (Array.isArray(fallback) && fallback.length === 0) ? '' : `\`${String(fallback)}\``;
    return `| \`CHOI_CANH_${key}\` | ${text} | ${schema.description ?? ''} |`;
  });
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The README with the table of today. */
export function withConfigurationTable(readme: string): string {
  const [start, end] = marks.map((mark) => readme.indexOf(mark));
  if (start === undefined || end === undefined || start < 0 || end < start)
    throw new Error('README.md lost its configuration marks');
  return `${readme.slice(0, start + marks[0].length)}\n\n${configurationTable()}\n\n${readme.slice(end)}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(readmePath, withConfigurationTable(readFileSync(readmePath, 'utf8')));
}
