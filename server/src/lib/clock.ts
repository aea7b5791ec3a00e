/** The one source of time. Features take a Clock so that tests can move time by hand. */
export interface Clock {
  /** Wall time, milliseconds since the Unix epoch, UTC. May step when the host's clock is set. */
  nowMs(): number;
  /** Monotonic milliseconds from an arbitrary origin; never steps. */
  monotonicMs(): number;
  /** Resolves after at least `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
