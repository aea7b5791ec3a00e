import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, expect, it, vi } from 'vitest';
import { reloadAll } from './come-back.js';

const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  client.clear();
  vi.useRealTimers();
});

/** A query that is on the page: loaded once, and then as `again` says. */
async function shown(key: string, again: () => Promise<string>, options: { staleTime?: 'static' } = {}): Promise<void> {
  let first = true;
  const queryFn = () => (first ? ((first = false), Promise.resolve('before')) : again());
  const observer = new QueryObserver(client, { queryKey: [key], queryFn, ...options });
  stops.push(observer.subscribe(() => undefined));
  await vi.waitFor(() => expect(client.getQueryData([key])).toBe('before'));
  // A moment later, so that what is loaded now is newer.
  await new Promise((resolve) => setTimeout(resolve, 5));
}

it('loads what is shown again, keeps an open review, drops states that could not be loaded and what is not shown', async () => {
  await shown('cameras', () => Promise.resolve('now'));
  await shown('recorders', () => Promise.reject(new Error('500')));
  await shown('opening', () => Promise.resolve('opened again'), { staleTime: 'static' });
  await shown('incident', () => Promise.reject(new Error('500')));
  client.setQueryData(['camera', 'not shown'], 'before');
  client.setQueryData(['me'], 'me');
  await reloadAll(client);
  expect(client.getQueryData(['cameras'])).toBe('now');
  expect(client.getQueryData(['recorders'])).toBeUndefined();
  expect(client.getQueryData(['opening'])).toBe('before');
  expect(client.getQueryData(['incident'])).toBe('before');
  expect(client.getQueryData(['camera', 'not shown'])).toBeUndefined();
  expect(client.getQueryData(['me'])).toBe('me');
});
