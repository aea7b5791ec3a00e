import { afterEach, expect, it } from 'vitest';
import { dropDraft, dropDrafts, followForm, keepDrafts, takeDraft } from './form-drafts.js';

function memory(): Storage {
  const entries = new Map<string, string>();
  return {
    get length() {
      return entries.size;
    },
    key: (index) => [...entries.keys()][index] ?? null,
    clear: () => entries.clear(),
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, value) => void entries.set(key, value),
    removeItem: (key) => void entries.delete(key),
  };
}
const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));
const form = (name: string, values: Record<string, unknown> | undefined) => ends.push(followForm(name, () => values));

const page = '/incidents/1';
const mine = { accountId: 'a', page, name: 'outcome' };

it('gives what was typed to the same account, page and form, and to nobody else', () => {
  const storage = memory();
  form('outcome', { outcome: 'Đang gõ dở' });
  form('settings', undefined);
  keepDrafts('a', page, 1000, storage);
  expect(takeDraft(mine, 2000, storage)).toEqual({ outcome: 'Đang gõ dở' });
  for (const other of [{ accountId: 'b' }, { page: '/incidents/2' }, { name: 'settings' }]) {
    expect(takeDraft({ ...mine, ...other }, 2000, storage)).toBeUndefined();
  }
  dropDraft(mine, 2000, storage);
  expect(takeDraft(mine, 2000, storage)).toBeUndefined();
});

it('keeps nothing of a form that is closed, of another account, of yesterday, or after signing out', () => {
  const storage = memory();
  form('outcome', { outcome: 'x' });
  keepDrafts('a', page, 1000, storage);
  ends.splice(0).forEach((end) => end());
  keepDrafts('a', page, 2000, storage);
  expect(takeDraft(mine, 2000, storage)).toEqual({ outcome: 'x' });
  expect(takeDraft(mine, 2000 + 13 * 3600_000, storage)).toBeUndefined();
  keepDrafts('b', page, 3000, storage);
  expect(takeDraft(mine, 3000, storage)).toBeUndefined();
  form('outcome', { outcome: 'y' });
  keepDrafts('a', page, 4000, storage);
  dropDrafts(storage);
  expect(storage.length).toBe(0);
});

it('survives storage that is forbidden, full, or holds something else', () => {
  const refuse = () => {
    throw new Error('forbidden');
  };
  form('outcome', { outcome: 'x' });
  const forbidden = { ...memory(), getItem: refuse, setItem: refuse, removeItem: refuse };
  keepDrafts('a', page, 1000, forbidden);
  expect(takeDraft(mine, 1000, forbidden)).toBeUndefined();
  const odd = memory();
  for (const text of ['{', '{}', '[1, null, {"page": 3}]']) {
    odd.setItem('choi-canh.drafts', text);
    expect(takeDraft(mine, 1000, odd)).toBeUndefined();
  }
});
