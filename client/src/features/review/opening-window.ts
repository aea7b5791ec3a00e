const minute = 60_000;
/** What the server opens at once. */
export const longestWindowMs = 24 * 60 * minute;
const beforeMs = 10 * minute;
const afterMs = 20 * minute;

export interface OpeningWindow {
  fromMs: number;
  toMs: number;
}

/** Ten minutes before to twenty after, but not past now. */
export function defaultWindow(atMs: number, nowMs: number): OpeningWindow {
  const toMs = Math.min(atMs + afterMs, nowMs);
  return { fromMs: Math.min(atMs - beforeMs, toMs - beforeMs), toMs };
}

/** The window grown by `byMs` at one end; not past now, not over a day (the other end gives way). */
export function widenWindow(
  window: OpeningWindow,
  side: 'before' | 'after',
  byMs: number,
  nowMs: number,
): OpeningWindow {
  if (side === 'before') {
    const fromMs = window.fromMs - byMs;
    return { fromMs, toMs: Math.min(window.toMs, fromMs + longestWindowMs) };
  }
  const toMs = Math.max(window.toMs, Math.min(window.toMs + byMs, nowMs));
  return { fromMs: Math.max(window.fromMs, toMs - longestWindowMs), toMs };
}

/** The window that shows the instant: the same if it does, grown if that is near, else a new one around it. */
export function windowShowing(window: OpeningWindow, atMs: number, nowMs: number): OpeningWindow {
  if (atMs >= window.fromMs && atMs < window.toMs) return window;
  const around = defaultWindow(atMs, nowMs);
  const grown = { fromMs: Math.min(window.fromMs, around.fromMs), toMs: Math.max(window.toMs, around.toMs) };
  return grown.toMs - grown.fromMs <= 6 * 60 * minute ? grown : around;
}
