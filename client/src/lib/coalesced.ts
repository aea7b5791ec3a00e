export interface CoalesceDeps {
  /** Whether what would be refreshed is being fetched right now. */
  isBusy(key: string): boolean;
  run(key: string): void;
  /** @returns a function that calls it off */
  after(ms: number, callback: () => void): () => void;
  nowMs(): number;
}

/** News that come this close to each other are one. */
export const settleMs = 150;
/** Longest that a refresh waits for the one before it to end. */
export const mostWaitMs = 3000;

/**
 * Many pieces of news about one thing become one refresh: soon after the first, and not while an earlier refresh is
 * under way, which it would cancel. The refresh always begins after the last piece of news.
 */
export function createCoalesced(deps: CoalesceDeps): (key: string) => void {
  const waiting = new Set<string>();
  function arm(key: string, sinceMs: number): void {
    deps.after(settleMs, () => {
      if (deps.isBusy(key) && deps.nowMs() - sinceMs < mostWaitMs) return arm(key, sinceMs);
      waiting.delete(key);
      deps.run(key);
    });
  }
  return (key) => {
    if (waiting.has(key)) return;
    waiting.add(key);
    arm(key, deps.nowMs());
  };
}
