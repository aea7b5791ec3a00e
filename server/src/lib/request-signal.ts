import { AsyncLocalStorage } from 'node:async_hooks';

const signals = new AsyncLocalStorage<AbortSignal>();

/** Runs `work`; what it still waits for in a queue is dropped when the signal aborts, e.g. because the client left. */
export function withRequestSignal<T>(signal: AbortSignal, work: () => T): T {
  return signals.run(signal, work);
}

/** Of the request that is being answered; undefined outside one. */
export function requestSignal(): AbortSignal | undefined {
  return signals.getStore();
}
