import { msOf, type TypedTime } from './typed-time.js';
import { startOfDay } from './time.js';

export type RangeEnd = 'from' | 'to';
export interface TypedRange {
  from: TypedTime;
  to: TypedTime;
}
export interface MsRange {
  fromMs: number | undefined;
  toMs: number | undefined;
}

const dayMs = 86_400_000;

/**
 * What two boxes of a range mean together. Where the end is not after the beginning, the one that was typed last is in
 * error and means nothing; the other one stays as it is.
 */
export function rangeOf({ from, to }: TypedRange, last: RangeEnd): MsRange & { outOfOrder: RangeEnd | undefined } {
  const [fromMs, toMs] = [msOf(from), msOf(to)];
  if (fromMs === undefined || toMs === undefined || fromMs < toMs) return { fromMs, toMs, outOfOrder: undefined };
  return {
    fromMs: last === 'from' ? undefined : fromMs,
    toMs: last === 'to' ? undefined : toMs,
    outOfOrder: last,
  };
}

/** A day alone, typed as an end that is included, means all of that day: its last millisecond. */
export function endOfTypedDay(typed: TypedTime): TypedTime {
  return typed.kind === 'understood' && typed.reading?.precision === 'day'
    ? { ...typed, value: startOfDay(typed.value) + dayMs - 1 }
    : typed;
}
