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

/** The words for the name of a field. */
export type LabelOf = (key: string) => string;

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A value as a person reads it. An id that has no name is told by its first signs, enough to tell it from others. */
export function detailText(value: unknown, wordOf: WordOf, key = '', labelOf: LabelOf = (name) => name): string {
  if (value === null || value === undefined || value === '') return '—';
  if (typeof value === 'boolean') return wordOf(String(value), key) ?? (value ? '✓' : '✗');
  if (typeof value === 'string') {
    return instantPattern.test(value)
      ? formatDateTime(value)
      : (wordOf(value, key) ?? (idPattern.test(value) ? `#${value.slice(0, 8)}` : value));
  }
  if (Array.isArray(value)) return value.map((item) => detailText(item, wordOf, key, labelOf)).join(', ') || '—';
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, inner]) => `${labelOf(name)}: ${detailText(inner, wordOf, name, labelOf)}`)
      .join('; ');
  }
  return String(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The details of a record line by line: what changed from `before` to `after`, then everything else. */
export function detailLines(details: Record<string, unknown>, wordOf: WordOf, labelOf?: LabelOf): DetailLine[] {
  const { before, after, ...rest } = details;
  const old = isRecord(before) ? before : {};
  const now = isRecord(after) ? after : {};
  const lines: DetailLine[] = [];
  for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const was = key in old ? detailText(old[key], wordOf, key, labelOf) : undefined;
    const is = key in now ? detailText(now[key], wordOf, key, labelOf) : '—';
    if (was === is && key in old && key in now) continue;
    lines.push({ key, before: was, after: is });
  }
  if (!isRecord(before) && before !== undefined)
    lines.push({ key: 'before', before: undefined, after: detailText(before, wordOf, '', labelOf) });
  if (!isRecord(after) && after !== undefined)
    lines.push({ key: 'after', before: undefined, after: detailText(after, wordOf, '', labelOf) });
  for (const [key, value] of Object.entries(rest))
    lines.push({ key, before: undefined, after: detailText(value, wordOf, key, labelOf) });
  return lines;
}

/** The span of time that a record is about, which tells rows of one review from each other; undefined where there is none. */
export function detailSpan(details: Record<string, unknown>): { from: string; to: string } | undefined {
  const { from, to } = isRecord(details.after) && 'from' in details.after ? details.after : details;
  const isInstant = (value: unknown): value is string => typeof value === 'string' && instantPattern.test(value);
  return isInstant(from) && isInstant(to) ? { from, to } : undefined;
}
