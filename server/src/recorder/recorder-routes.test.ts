import { expect, it } from 'vitest';
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
