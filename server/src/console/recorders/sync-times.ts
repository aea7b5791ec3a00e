export interface SyncTimes {
  /** Pause between two questions for the status; default 2 s. */
  statusEveryMs: number;
  /** A recorder not heard for so long is silent: what it said last is not shown as being so. Default 3 s. */
  silentAfterMs: number;
  /** A recorder silent for so long is lost at the next failed question; default 5 s: with the client's timeout within 10 s. */
  lostAfterMs: number;
  /** Longest wait of the event poll; default 20 s. */
  pollWaitMs: number;
  /** Changes within so long travel as one desired state; default 150 ms. */
  debounceMs: number;
  /** First delay after a failure; grows to 20 times as much. Default 500 ms. */
  retryMs: number;
}
export const usualSyncTimes: SyncTimes = {
  statusEveryMs: 2000,
  silentAfterMs: 3000,
  lostAfterMs: 5000,
  pollWaitMs: 20_000,
  debounceMs: 150,
  retryMs: 500,
};
