import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './system.js';

/** The product's words in one language by their key, e.g. `administration:accounts.create`. @throws for an unknown key. */
export function wordsOf(language: 'vi' | 'en') {
  const files = new Map<string, unknown>();
  return (key: string, values: Record<string, string | number> = {}): string => {
    const [file = '', path = ''] = key.split(':');
    if (!files.has(file)) {
      const text = readFileSync(join(root, 'client/src/locales', language, `${file}.json`), 'utf8');
      files.set(file, JSON.parse(text) as unknown);
    }
    let found = files.get(file);
    for (const part of path.split('.')) found = (found as Record<string, unknown> | undefined)?.[part];
    if (typeof found !== 'string') throw new Error(`no words for ${key}`);
    return found.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? ''));
  };
}
