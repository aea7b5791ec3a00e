import type { QueryClient } from '@tanstack/react-query';
import { freshness } from './freshness.js';

/** What says how things are now. All else (a review that is open, a case) is not wrong for being of before. */
const ofNow = new Set<unknown>(['cameras', 'camera', 'camera-runtime', 'recorders', 'case-report']);
/** So long the figures on the page may take to be loaded again. */
const reloadWithinMs = 8000;

/**
 * Loads again all that the page shows, because events were missed. Only then what it shows is of now: whatever could
 * not be loaded in time is dropped rather than taken for new.
 */
export async function reloadAll(client: QueryClient): Promise<void> {
  const startedAtMs = Date.now();
  client.removeQueries({ type: 'inactive', predicate: (query) => query.queryKey[0] !== 'me' });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, reloadWithinMs)));
  await Promise.race([client.invalidateQueries(), late]);
  clearTimeout(timer);
  if (freshness.freshness.state === 'away') return;
  void client.resetQueries({
    predicate: (query) =>
      ofNow.has(query.queryKey[0]) &&
      query.isActive() &&
      query.state.data !== undefined &&
      query.state.dataUpdatedAt < startedAtMs,
  });
  freshness.refreshed();
}

/** Follows the server's coming back for as long as the application is open. Returns a function that stops it. */
export function followComeBack(client: QueryClient): () => void {
  let reloading = false;
  return freshness.subscribe(() => {
    if (freshness.freshness.state !== 'returning' || reloading) return;
    reloading = true;
    // Not inside the notification: the queries are still paused by it.
    setTimeout(() => {
      void reloadAll(client).finally(() => {
        reloading = false;
      });
    }, 0);
  });
}
