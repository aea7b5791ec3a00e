import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { incidentStateNames, incidentStates } from '@choi-canh/shared/incidents';
import { describe, expect, it } from 'vitest';

const folder = import.meta.dirname;
const pluralSuffix = /_(zero|one|two|few|many|other)$/;

/** Every key with its text; plural forms count as one key, for Vietnamese has a single form. */
function texts(language: string, file: string): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (value: unknown, path: string) => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value)) walk(child, path === '' ? key : `${path}.${key}`);
    } else found.set(path, typeof value === 'string' ? value : '');
  };
  walk(JSON.parse(readFileSync(join(folder, language, file), 'utf8')), '');
  return found;
}
const keys = (map: Map<string, string>) =>
  [...new Set([...map.keys()].map((key) => key.replace(pluralSuffix, '')))].sort();
const variables = (text: string) => [...new Set(text.match(/{{\s*[\w-]+/g) ?? [])].sort();

const filesOf = (language: string) => readdirSync(join(folder, language)).sort();

describe('locales', () => {
  it('has the same files in both languages', () => {
    expect(filesOf('en')).toEqual(filesOf('vi'));
    expect(filesOf('vi').length).toBeGreaterThan(3);
  });

  describe.each(filesOf('vi'))('%s', (file) => {
    const vi = texts('vi', file);
    const en = texts('en', file);
    it('has the same keys in both languages', () => expect(keys(en)).toEqual(keys(vi)));
    it('has no empty text', () => {
      for (const map of [vi, en]) {
        expect([...map].filter(([, text]) => text.trim() === '').map(([key]) => key)).toEqual([]);
      }
    });
    it('fills the same variables in both languages', () => {
      const shared = [...vi].filter(([key]) => en.has(key));
      expect(shared.filter(([key, text]) => `${variables(text)}` !== `${variables(en.get(key) ?? '')}`)).toEqual([]);
    });
  });

  it.each(['vi', 'en'] as const)('names the states of incidents as the search knows them, in %s', (language) => {
    const shown = texts(language, 'incidents.json');
    expect(incidentStates.map((state) => shown.get(`states.${state}`))).toEqual(
      incidentStates.map((state) => incidentStateNames[state][language]),
    );
  });
});
