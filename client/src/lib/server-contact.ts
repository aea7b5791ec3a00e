import { causeOf, setAwayCause } from './away-cause.js';
import { freshness } from './freshness.js';

const tickMs = 500;
const probeEveryMs = 2000;
const probeTimeoutMs = 3000;
const sinceKey = 'choi-canh.away-since';

const answeredListeners = new Set<() => void>();
let probing: Promise<boolean> | undefined;

/** Asks the server for a sign of life. Resolves with whether it answered within 3 s; one question at a time. */
export function probeServer(): Promise<boolean> {
  probing ??= ask().finally(() => (probing = undefined));
  return probing;
}

async function ask(): Promise<boolean> {
  const response = await fetch('/api/health', {
    cache: 'no-store',
    credentials: 'omit',
    signal: AbortSignal.timeout(probeTimeoutMs),
  }).catch(() => undefined);
  // A proxy may answer for a server that is not there.
  if (response?.ok !== true) {
    setAwayCause(response === undefined ? undefined : await causeOf(response));
    freshness.unanswered(performance.now());
    return false;
  }
  setAwayCause(undefined);
  freshness.answered(performance.now());
  for (const listener of answeredListeners) listener();
  return true;
}

/** Resolves when the server answers, asking every two seconds until then. */
export async function untilServerAnswers(): Promise<void> {
  while (!(await probeServer())) await new Promise((resolve) => setTimeout(resolve, probeEveryMs));
}

/** Calls back whenever a probe was answered. */
export function onProbeAnswered(listener: () => void): () => void {
  answeredListeners.add(listener);
  return () => answeredListeners.delete(listener);
}

/** Reloads the page, but not before the server answers: a reload must never lead to the browser's own error page. */
export async function reloadWhenServerAnswers(): Promise<void> {
  await untilServerAnswers();
  window.location.reload();
}

function remember(): void {
  const now = freshness.freshness;
  try {
    if (now.state === 'fresh') sessionStorage.removeItem(sinceKey);
    else sessionStorage.setItem(sinceKey, String(now.sinceMs));
  } catch {
    // Storage forbidden: a reloaded page then counts from its own first failure.
  }
}

/** Watches the server for the whole life of the page; called once, by main. */
export function watchServer(): void {
  let remembered = NaN;
  try {
    remembered = Number(sessionStorage.getItem(sinceKey) ?? NaN);
  } catch {
    // As above.
  }
  let probedAtMs = 0;
  freshness.subscribe(() => {
    // Reloaded while away: the figures that are gone were of that time.
    const sinceMs = remembered;
    remembered = NaN;
    if (freshness.freshness.state === 'away' && Number.isFinite(sinceMs)) freshness.awaySince(sinceMs);
    remember();
    document.documentElement.toggleAttribute('data-stale', freshness.freshness.state !== 'fresh');
  });
  setInterval(() => {
    const nowMs = performance.now();
    freshness.tick(nowMs);
    if (freshness.freshness.state !== 'away' || nowMs - probedAtMs < probeEveryMs) return;
    probedAtMs = nowMs;
    void probeServer();
  }, tickMs);
  window.addEventListener('offline', () => void probeServer());
  window.addEventListener('online', () => void probeServer());
}
