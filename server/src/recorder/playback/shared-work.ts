import { AppError } from '../../lib/errors.js';

/** Work that several may wait for at once: done once, and given up when nobody waits for it any more. */
export function createSharedWork<T>() {
  const underWay = new Map<string, { made: Promise<T>; abort: AbortController; waiters: number }>();

  /** What `make` answers for `key`; whoever's `signal` aborts waits no longer. @throws what `make` throws; the reason */
  return async function once(
    key: string,
    signal: AbortSignal | undefined,
    make: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    let work = underWay.get(key);
    if (work === undefined) {
      const abort = new AbortController();
      const own = { made: make(abort.signal), abort, waiters: 0 };
      const forget = () => {
        if (underWay.get(key) === own) underWay.delete(key);
      };
      own.made.then(forget, forget); // whoever waits is told
      underWay.set(key, own);
      work = own;
    }
    const own = work;
    own.waiters += 1;
    let onAbort: () => void = () => undefined;
    const left = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal?.reason as Error);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([own.made, left]);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      own.waiters -= 1;
      if (own.waiters === 0 && underWay.get(key) === own) {
        underWay.delete(key); // whoever asks from now on must not wait for what is given up
        own.abort.abort(new AppError('unavailable', 'gone', 'nobody waits for it any more'));
      }
    }
  };
}
