import { formatDateTime } from '../../lib/time.js';

export interface DetailLine {
  /** Name of the field in the record; the words are `auditFields.<key>`. */
  key: string;
  before: string | undefined;
  after: string;
}

const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** The word for a value of a field: name of an id, a role in the reader's language; undefined where there is none. */
export type WordOf = (value: string, key: string) => string | undefined;

/** A value as a person reads it. */
export function detailText(value: unknown, wordOf: WordOf, key = ''): string {
  if (value === null || value === undefined || value === '') return '—';
  if (typeof value === 'boolean') return value ? '✓' : '✗';
  if (typeof value === 'string') {
    return instantPattern.test(value) ? formatDateTime(value) : (wordOf(value, key) ?? value);
  }
  if (Array.isArray(value)) return value.map((item) => detailText(item, wordOf, key)).join(', ') || '—';
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, inner]) => `${name}: ${detailText(inner, wordOf, name)}`)
      .join('; ');
  }
  return String(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The details of a record line by line: what changed from `before` to `after`, then everything else. */
export function detailLines(details: Record<string, unknown>, wordOf: WordOf): DetailLine[] {
  const { before, after, ...rest } = details;
  const old = isRecord(before) ? before : {};
  const now = isRecord(after) ? after : {};
  const lines: DetailLine[] = [];
  for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const was = key in old ? detailText(old[key], wordOf, key) : undefined;
    const is = key in now ? detailText(now[key], wordOf, key) : '—';
    if (was === is && key in old && key in now) continue;
    lines.push({ key, before: was, after: is });
  }
  if (!isRecord(before) && before !== undefined)
    lines.push({ key: 'before', before: undefined, after: detailText(before, wordOf) });
  if (!isRecord(after) && after !== undefined)
    lines.push({ key: 'after', before: undefined, after: detailText(after, wordOf) });
  for (const [key, value] of Object.entries(rest))
    lines.push({ key, before: undefined, after: detailText(value, wordOf, key) });
  return lines;
}
