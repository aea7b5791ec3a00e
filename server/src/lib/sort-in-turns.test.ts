import { expect, it } from 'vitest';
import { sortInTurns } from './sort-in-turns.js';

interface Item {
  key: number;
  at: number;
}
const byKey = (one: Item, other: Item) => one.key - other.key;

it.each([0, 1, 499, 500, 501, 1500, 5003])(
  'sorts %i items as Array.sort does, equal ones in their order',
  async (count) => {
    const items = Array.from({ length: count }, (_, at) => ({ key: (at * 7919) % 97, at }));
    expect(await sortInTurns(items, byKey)).toEqual([...items].sort(byKey));
  },
);

it('lets the loop turn while it sorts a long list', async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 0);
  const items = Array.from({ length: 200_000 }, (_, at) => ({ key: (at * 7919) % 99_991, at }));
  await sortInTurns(items, byKey);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(3);
});
