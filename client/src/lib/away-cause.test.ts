import { expect, it } from 'vitest';
import { causeOf } from './away-cause.js';

const answer = (body: unknown) => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status: 503 });
const error = (code: string) => ({
  error: { kind: 'unavailable', code, message: 'x', details: {}, requestId: '0b0d6a0e-9a53-4f0b-8d3e-0a4f3b1c2d01' },
});

it('is what the server says of its database', async () => {
  expect(await causeOf(answer(error('database_full')))).toBe('database_full');
});

it.each([error('port_in_use'), error('toString'), {}, '<html>502</html>', ''])('is not known from %o', async (body) => {
  expect(await causeOf(answer(body))).toBeUndefined();
});
