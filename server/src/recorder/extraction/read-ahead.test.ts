import { expect, it } from 'vitest';
import { readAhead } from './read-ahead.js';

const numbers = Array.from({ length: 20 }, (_, index) => index);

it('answers in order, however long each read takes, and reads no further ahead than it is told', async () => {
  let begun = 0;
  let most = 0;
  let seen = 0;
  const found: number[] = [];
  const read = async (item: number) => {
    begun += 1;
    most = Math.max(most, begun - seen);
    for (let turns = (item * 7) % 5; turns > 0; turns--) await Promise.resolve();
    return item * 10;
  };
  for await (const one of readAhead(numbers, 3, read)) {
    seen += 1;
    found.push(one);
  }
  expect(found).toEqual(numbers.map((item) => item * 10));
  expect(most).toBe(4);
});

it('throws what a read threw in its turn, after what came before it', async () => {
  const found: number[] = [];
  const read = (item: number) => (item < 5 ? Promise.resolve(item) : Promise.reject(new Error(`no ${item}`)));
  await expect(async () => {
    for await (const one of readAhead(numbers, 3, read)) found.push(one);
  }).rejects.toThrow('no 5');
  expect(found).toEqual([0, 1, 2, 3, 4]);
});
