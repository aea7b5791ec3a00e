import { expect, it } from 'vitest';
import { silentLogger } from '../lib/logger.js';
import { createRecorderHttp } from './recorder-http.js';
import { recorderRoutes } from './recorder-routes.js';

type Rooms = Parameters<typeof recorderRoutes>[0];

it('tells where two recordings claim the same time', async () => {
  const fromMs = Date.UTC(2026, 10, 22, 7, 0, 0);
  const footage = {
    coverage: () =>
      Promise.resolve([
        { fromMs, toMs: fromMs + 1000, timeSource: 'rtcp' },
        { fromMs: fromMs + 1000, toMs: fromMs + 2000, timeSource: 'rtcp', overlap: true },
      ]),
    bounds: () => Promise.resolve(undefined),
  };
  const routes = recorderRoutes({ footage } as unknown as Rooms);
  const route = routes.find(({ path }) => path === '/v1/cameras/:id/coverage')!;
  const id = '0190c0de-0000-7000-8000-000000000001';
  const answer = await route.handle({
    params: { id },
    query: { from: '2026-11-22T07:00:00.000Z', to: '2026-11-22T08:00:00.000Z' },
  } as unknown as Parameters<typeof route.handle>[0]);
  expect(answer).toMatchObject({
    recorded: [
      { from: '2026-11-22T07:00:00.000Z', to: '2026-11-22T07:00:01.000Z' },
      { from: '2026-11-22T07:00:01.000Z', to: '2026-11-22T07:00:02.000Z', overlap: true },
    ],
  });
  expect((answer as { recorded: object[] }).recorded[0]).not.toHaveProperty('overlap');
});

it('finds nothing at an address that can name nothing', async () => {
  const routes = recorderRoutes(new Proxy({}, { get: () => ({}) }) as Rooms);
  const access = { kind: 'token', token: 'of-the-test' } as const;
  const http = createRecorderHttp({
    ...{ access, routes, host: '127.0.0.1', port: 0, logger: silentLogger },
    refuseOther: () => undefined,
  });
  const { url } = await http.start();
  const named = routes.filter(({ path }) => path.includes(':'));
  expect(named.length).toBeGreaterThan(15);
  try {
    for (const { method, path } of named) {
      for (const word of ['x', '%E0%A4%A', '..%2F..%2Fetc']) {
        const asked = path.replaceAll(/:\w+/g, word);
        const response = await fetch(url + asked, { method, headers: { authorization: `Bearer ${access.token}` } });
        const { error } = (await response.json()) as { error: { code: string } };
        expect([asked, response.status, error.code]).toEqual([asked, 404, 'not_found']);
      }
    }
  } finally {
    await http.stop();
  }
});
