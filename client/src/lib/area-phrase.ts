import { noAreaLevel } from '@choi-canh/shared/areas';
import type { NamedEntry } from '@choi-canh/shared/names';
import { lowerFirst } from './lower-first.js';

/** Short forms of a level that stand before a name and are left as they are written. */
const shortForms = ['tp', 'tp.', 'tt', 'tt.', 'tx', 'tx.'];

/**
 * An area as it stands in a sentence: "xã Chí Đám", "Chí Đám commune". The word of the level is in lower case, and only
 * where the name does not have it already.
 */
export function areaPhrase(name: string, level: NamedEntry | undefined, language: 'vi' | 'en'): string {
  if (level === undefined || level.code === noAreaLevel) return name;
  const words = level[language].split('/').map((word) => lowerFirst(word.trim(), language));
  const lower = name.toLocaleLowerCase(language);
  if (language === 'en') {
    const bears = words.some((word) => lower.endsWith(` ${word.toLocaleLowerCase(language)}`));
    return bears ? name : `${name} ${words[0]}`;
  }
  const own = words.find((word) => lower.startsWith(`${word.toLocaleLowerCase(language)} `));
  if (own !== undefined) return own + name.slice(own.length);
  return shortForms.some((short) => lower.startsWith(`${short} `)) ? name : `${words[0]} ${name}`;
}
