import { expect, it } from 'vitest';
import { keyWord, reviewKeys, type ReviewCommands } from './review-keys.js';

/** What a key does, as `command` or `command amount`. */
function effect(key: string): string[] {
  const done: string[] = [];
  const commands = new Proxy({} as ReviewCommands, {
    get: (_, name) => (amount?: number) => done.push([String(name), amount].join(' ').trim()),
  });
  for (const entry of reviewKeys) if (entry.keys.includes(key)) entry.run(commands);
  return done;
}

it.each([
  ['PageUp', 'skip -60000'],
  ['j', 'skip -60000'],
  ['PageDown', 'skip 60000'],
  ['l', 'skip 60000'],
  ['ArrowLeft', 'skip -5000'],
  ['ArrowRight', 'skip 5000'],
])('%s goes the way it points: %s', (key, expected) => expect(effect(key)).toEqual([expected]));

it.each([
  [' ', 'Phím cách'],
  ['PageUp', 'Page Up'],
  ['PageDown', 'Page Down'],
  ['ArrowLeft', '←'],
  ['t', 'T'],
])('the key %j is written as on the keyboard: %s', (key, word) => expect(keyWord(key, 'Phím cách')).toBe(word));
