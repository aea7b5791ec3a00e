/**
 * Delay before attempt `attempt` (0 is the first retry): exponential from `baseMs` up to `maxMs`, with full jitter of
 * ±25 % so that many cameras lost together do not come back together.
 */
export function backoffMs(attempt: number, baseMs: number, maxMs: number, random: () => number = Math.random): number {
  const exponential = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(exponential * (0.75 + random() * 0.5));
}
