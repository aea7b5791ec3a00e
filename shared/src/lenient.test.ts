import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseLeniently, unknownKeys } from './lenient.js';

const schema = z.object({
  at: z.int(),
  items: z.array(z.object({ id: z.string(), state: z.enum(['on', 'off']), inner: z.array(z.enum(['a'])).default([]) })),
});
const read = (value: unknown) => parseLeniently(schema, value, { 'items.*.state': 'off' });
const item = (id: string, state = 'on', more = {}) => ({ id, state, ...more });

describe('parseLeniently', () => {
  it.each([
    ['what fits, as it is', { at: 1, items: [item('x')] }, ['x on'], []],
    ['a value with a fallback', { at: 1, items: [item('x', 'dim'), item('y')] }, ['x off', 'y on'], ['dim']],
    ['no element without a needed field', { at: 1, items: [{ state: 'on' }, item('y')] }, ['y on'], ['']],
    ['both in one', { at: 1, items: [{ id: 3, state: 'dim' }, item('y', 'dim')] }, ['y off'], ['3', 'dim', 'dim']],
    ['the element of the innermost list', { at: 1, items: [item('x', 'on', { inner: ['b', 'a'] })] }, ['x on'], ['b']],
  ])('takes %s', (_what, value, states, misfits) => {
    const found = read(value);
    expect(found?.data.items.map(({ id, state }) => `${id} ${state}`)).toEqual(states);
    expect(found?.misfits.map((misfit) => misfit.value)).toEqual(misfits);
  });

  it('says where, and leaves what it was given as it was', () => {
    const value = { at: 1, items: [item('x', 'dim')] };
    expect(read(value)?.misfits).toEqual([{ path: 'items.*.state', value: 'dim' }]);
    expect(value.items[0]?.state).toBe('dim');
  });

  it.each([[{ at: 'now', items: [] }], [null], ['x'], [{ at: 1, items: 'none' }]])('does not take %j', (value) => {
    expect(read(value)).toBeUndefined();
  });
});

it('names the keys that a schema does not have', () => {
  expect(unknownKeys(schema.shape, { at: 1, moon: 2 })).toEqual(['moon']);
  expect(unknownKeys(schema.shape, null)).toEqual([]);
});
