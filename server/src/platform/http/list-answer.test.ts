import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isListOf, longListJson, ReadyList } from './list-answer.js';

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

describe('a list that is ready', () => {
  const item = z.object({ id: z.number() });

  it.each([0, 1, 250, 251, 700])('of %s items is that list as JSON, without what no schema names', (count) => {
    const values = Array.from({ length: count }, (_, id) => ({ id, secret: 'x' }));
    const list = new ReadyList(
      item,
      values.map((value) => ReadyList.json(item, value)),
    );
    expect(JSON.parse([...list.parts()].join(''))).toEqual({ items: values.map(({ id }) => ({ id })) });
  });

  it('is written for its own schema only', () => {
    expect(() => ReadyList.json(item, { id: 'x' } as unknown as { id: number })).toThrow();
    expect(isListOf(z.object({ items: z.array(item) }), item)).toBe(true);
    expect(isListOf(z.object({ items: z.array(z.object({ id: z.number() })) }), item)).toBe(false);
    expect(isListOf(z.object({ items: z.array(item), more: z.string() }), item)).toBe(false);
    expect(isListOf(item, item)).toBe(false);
  });
});
