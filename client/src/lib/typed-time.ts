import i18next from 'i18next';
import { serverNowMs } from './server-clock.js';
import { formatDate, formatDateTime, startOfDay, type TimePrecision } from './time.js';
import { readTimePhrase, type AssumedDay, type PhraseFault, type UnderstoodTime } from './time-phrase.js';

/**
 * What a time field holds: nothing, an instant, or text that is no time. A form that sees it cannot see an older value.
 */
export type TypedTime =
  | { kind: 'empty' }
  | {
      kind: 'understood';
      /** UTC milliseconds. */
      value: number;
      /** As it stands in the box. */
      text: string;
      /** How the typed text was read; absent for a value that was given, not typed. */
      reading?: UnderstoodTime;
    }
  | { kind: 'wrong'; text: string; fault: PhraseFault };

/** What the field asks for: a moment, to some precision, or a day. */
export type TimeKind = TimePrecision | 'day';

export function formatKind(ms: number, kind: TimeKind): string {
  return kind === 'day' ? formatDate(ms) : formatDateTime(ms, kind);
}

/** A known instant as the field shows it. */
export function typedTime(ms: number | undefined, kind: TimeKind): TypedTime {
  return ms === undefined ? { kind: 'empty' } : { kind: 'understood', value: ms, text: formatKind(ms, kind) };
}

/** Reads what stands in the box. A field for minutes takes the beginning of the minute. */
export function readTypedTime(text: string, kind: TimeKind, assumed: AssumedDay = 'today'): TypedTime {
  const reading = readTimePhrase(text, serverNowMs(), assumed);
  if (reading.kind === 'empty') return { kind: 'empty' };
  if (reading.kind === 'wrong') return { kind: 'wrong', text, fault: reading.fault };
  if (kind === 'day') {
    // A clock time in a field for days would be dropped without a word.
    return reading.precision === 'day'
      ? { kind: 'understood', value: startOfDay(reading.atMs), text, reading }
      : { kind: 'wrong', text, fault: 'unknown' };
  }
  const value = kind === 'minute' ? Math.floor(reading.atMs / 60_000) * 60_000 : reading.atMs;
  return { kind: 'understood', value, text, reading };
}

/** The instant, or undefined where the field is empty or wrong. */
export function msOf(typed: TypedTime): number | undefined {
  return typed.kind === 'understood' ? typed.value : undefined;
}

/** The sentence of a field whose text is no time, with forms that are taken; undefined where it is right. */
export function typedTimeFault(typed: TypedTime, kind: TimeKind = 'second'): string | undefined {
  if (typed.kind !== 'wrong') return undefined;
  return i18next.t(`time:${kind === 'day' ? 'dayFaults' : 'faults'}.${typed.fault}`);
}
