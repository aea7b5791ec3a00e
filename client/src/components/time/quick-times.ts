import { serverNowMs } from '../../lib/server-clock.js';
import { startOfDay } from '../../lib/time.js';
import type { TypedTime } from '../../lib/typed-time.js';

export const quickTimes = ['now', 'halfHourAgo', 'today', 'yesterday'] as const;
export type QuickTime = (typeof quickTimes)[number];
export const quickDays: readonly QuickTime[] = ['today', 'yesterday'];

const dayMs = 86_400_000;
const wholeSecond = (ms: number) => Math.floor(ms / 1000) * 1000;

/** The clock time that was typed, since midnight; a day alone has none. */
function clockOf(typed: TypedTime): number {
  if (typed.kind !== 'understood') return 0;
  const precision = typed.reading?.precision;
  return precision === 'day' || precision === 'part' ? 0 : typed.value - startOfDay(typed.value);
}

/** Midnight `dayAtMs` with the clock time that is in the field. */
export function onDay(typed: TypedTime, dayAtMs: number): number {
  return dayAtMs + clockOf(typed);
}

/** A day keeps the clock time that is in the field: typing 14:30 and choosing "Hôm qua" is yesterday at 14:30. */
export function quickTimeMs(quick: QuickTime, typed: TypedTime, nowMs = serverNowMs()): number {
  switch (quick) {
    case 'now':
      return wholeSecond(nowMs);
    case 'halfHourAgo':
      return wholeSecond(nowMs - 30 * 60_000);
    case 'today':
      return onDay(typed, startOfDay(nowMs));
    case 'yesterday':
      return onDay(typed, startOfDay(nowMs) - dayMs);
  }
}
