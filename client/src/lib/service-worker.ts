import { freshness } from './freshness.js';

/** So long its first start may take; it fetches every file of the application. */
const readyWithinMs = 60_000;

/**
 * Starts the service worker that lets the application open while its server is away (build/service-worker.js).
 * Resolves with whether it runs: browsers refuse it on plain HTTP off loopback and behind an untrusted certificate.
 */
export async function startServiceWorker(): Promise<boolean> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return false;
  try {
    const registration = await navigator.serviceWorker.register('/sw.js');
    // A server that was away may have come back as a newer version.
    freshness.subscribe(() => {
      if (freshness.freshness.state === 'returning') void registration.update().catch(() => undefined);
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, readyWithinMs, undefined)));
    const ready = await Promise.race([navigator.serviceWorker.ready, late]);
    clearTimeout(timer);
    return ready !== undefined;
  } catch {
    return false;
  }
}
