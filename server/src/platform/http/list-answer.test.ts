import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { longListJson } from './list-answer.js';

const item = z.object({ id: z.number(), name: z.string() });
const check = (schema: z.ZodType, value: unknown) => schema.parse(value);
const items = (count: number) => Array.from({ length: count }, (_, id) => ({ id, name: `Cam "${id}"`, secret: 'x' }));

describe('a long list', () => {
  it.each([
    ['alone', z.object({ items: z.array(item) }), {}],
    [
      'with more',
      z.object({ items: z.array(item), nextCursor: z.string().nullable() }),
      { nextCursor: null, other: 1 },
    ],
  ])('%s is the JSON that its schema gives as a whole', async (_name, schema, more) => {
    for (const count of [251, 500, 1003]) {
      const result = { items: items(count), ...more };
      const parts = await longListJson(schema, result, check);
      expect(JSON.parse(parts!.join(''))).toEqual(schema.parse(result));
      expect(parts!.join('')).not.toContain('secret');
    }
  });

  it('is refused where one item breaks the schema', async () => {
    const broken = [...items(700), { id: 'x', name: 'y' }];
    await expect(longListJson(z.object({ items: z.array(item) }), { items: broken }, check)).rejects.toThrow();
  });

  it('is not what is short or no list', async () => {
    expect(await longListJson(z.object({ items: z.array(item) }), { items: items(250) }, check)).toBeUndefined();
    expect(await longListJson(z.object({ id: z.number() }), { id: 1 }, check)).toBeUndefined();
    expect(await longListJson(z.array(item), items(900), check)).toBeUndefined();
    expect(await longListJson(z.object({ items: z.array(item) }).nullable(), null, check)).toBeUndefined();
  });
});
