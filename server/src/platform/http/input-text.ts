import { AppError } from '../../lib/errors.js';

/** Nothing that people fill in is nested deeper. */
const maxDepth = 32;

/**
 * Refuses what no text holds and what a database refuses or alters: NUL (PostgreSQL has no such text, SQLite ends at it)
 * and halves of surrogate pairs, in every string and key; and nesting so deep that whatever walks it would fail.
 * @throws AppError invalid `bad_text`, `bad_json`.
 */
export function checkInputText(input: unknown): void {
  const waiting: { value: unknown; path: readonly string[] }[] = [{ value: input, path: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path } = next;
    if (typeof value === 'string') checkText(value, path);
    else if (typeof value === 'object' && value !== null) {
      if (path.length >= maxDepth) throw new AppError('invalid', 'bad_json', 'the body is nested too deeply');
      for (const [key, item] of Object.entries(value)) {
        checkText(key, path);
        waiting.push({ value: item, path: [...path, key] });
      }
    }
  }
}

const loneSurrogate = /\p{Surrogate}/u;

function checkText(text: string, path: readonly string[]): void {
  if (!text.includes('\0') && !loneSurrogate.test(text)) return;
  const field = path
    .join('.')
    .replaceAll('\0', '')
    .replace(/\p{Surrogate}/gu, '');
  const message = 'a character that no text may hold (NUL or half of a surrogate pair)';
  throw new AppError('invalid', 'bad_text', `${field}: ${message}`, {
    details: { fields: [{ path: field, message }] },
  });
}
