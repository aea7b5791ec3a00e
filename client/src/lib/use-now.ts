import { useSyncExternalStore } from 'react';
import { serverNowMs } from './server-clock.js';

const periodMs = 10_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let nowMs = serverNowMs();

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) nowMs = serverNowMs();
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = serverNowMs();
    for (const each of listeners) each();
  }, periodMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The server's time, renewed every 10 s for all that show a relative time, by one timer. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}
