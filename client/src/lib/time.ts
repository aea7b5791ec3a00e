/**
 * Instants as people read and type them: always dd/MM/yyyy and 24 hours in Asia/Ho_Chi_Minh, whatever the browser's
 * own time zone. Vietnam has kept UTC+7 without summer time since 1975, so plain arithmetic is exact.
 */
export const vietnamOffsetMs = 7 * 3600_000;
const dayMs = 86_400_000;

export type Instant = string | number;

export function toMs(instant: Instant): number {
  return typeof instant === 'number' ? instant : Date.parse(instant);
}

const two = (value: number) => String(value).padStart(2, '0');

function parts(instant: Instant) {
  const shifted = new Date(toMs(instant) + vietnamOffsetMs);
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
    ms: shifted.getUTCMilliseconds(),
  };
}

/** `22/11/2026` */
export function formatDate(instant: Instant): string {
  const p = parts(instant);
  return `${two(p.day)}/${two(p.month)}/${String(p.year).padStart(4, '0')}`;
}

export type TimePrecision = 'minute' | 'second' | 'tenth';

/** `14:29:52`, `14:29` or `14:29:52.4` (cut, not rounded: a clock never shows a moment that has not come). */
export function formatTime(instant: Instant, precision: TimePrecision = 'second'): string {
  const p = parts(instant);
  const minutes = `${two(p.hour)}:${two(p.minute)}`;
  if (precision === 'minute') return minutes;
  return `${minutes}:${two(p.second)}${precision === 'tenth' ? `.${Math.floor(p.ms / 100)}` : ''}`;
}

/** `22/11/2026 14:29:52` */
export function formatDateTime(instant: Instant, precision: TimePrecision = 'second'): string {
  return `${formatDate(instant)} ${formatTime(instant, precision)}`;
}

/** `22/11/2026 14:29:52 – 14:30:20`; the day of the end as well where it is another: a night has two. */
export function formatRange(from: Instant, to: Instant, precision: TimePrecision = 'second'): string {
  const isOneDay = formatDate(from) === formatDate(to);
  return `${formatDateTime(from, precision)} – ${isOneDay ? formatTime(to, precision) : formatDateTime(to, precision)}`;
}

/** UTC milliseconds of a wall time in Vietnam; undefined where no such day or time exists. Month is 1…12. */
export function fromWallTime(
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
  second = 0,
  ms = 0,
): number | undefined {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  const utc = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  return new Date(utc).getUTCDate() === day ? utc - vietnamOffsetMs : undefined;
}

/** Midnight in Vietnam at or before the instant. */
export function startOfDay(instant: Instant): number {
  return Math.floor((toMs(instant) + vietnamOffsetMs) / dayMs) * dayMs - vietnamOffsetMs;
}
/** Monday's midnight at or before the instant. */
export function startOfWeek(instant: Instant): number {
  const midnight = startOfDay(instant);
  const weekday = (new Date(midnight + vietnamOffsetMs).getUTCDay() + 6) % 7;
  return midnight - weekday * dayMs;
}
export function startOfMonth(instant: Instant): number {
  const p = parts(instant);
  return fromWallTime(p.year, p.month, 1) ?? startOfDay(instant);
}
export function startOfYear(instant: Instant): number {
  return fromWallTime(parts(instant).year, 1, 1) ?? startOfDay(instant);
}
/** First instant of the month `months` later (or earlier). */
export function addMonths(instant: Instant, months: number): number {
  const p = parts(instant);
  return Date.UTC(p.year, p.month - 1 + months, 1) - vietnamOffsetMs;
}

const relativeSteps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * dayMs],
  ['month', 30 * dayMs],
  ['day', dayMs],
  ['hour', 3600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** `3 phút trước`, `in 2 hours`. Show it with the absolute time on hover (`Instant` does). */
export function formatRelative(instant: Instant, nowMs: number, language: string): string {
  const differenceMs = toMs(instant) - nowMs;
  const size = Math.abs(differenceMs);
  const [unit, unitMs] = relativeSteps.find(([, ms]) => size >= ms) ?? ['second', 1000];
  const format = new Intl.RelativeTimeFormat(language, { numeric: size < 10_000 ? 'auto' : 'always' });
  return format.format(size < 10_000 ? 0 : Math.trunc(differenceMs / unitMs), unit);
}

/**
 * How long ago with the time of day beside it (`3 phút trước · 14:29`), since a finger cannot hover; of another day date
 * and time alone, for "2 days ago" helps nobody who compares it with something else.
 */
export function formatAgo(instant: Instant, nowMs: number, language: string): string {
  if (startOfDay(instant) !== startOfDay(nowMs)) return formatDateTime(instant, 'minute');
  return `${formatRelative(instant, nowMs, language)} · ${formatTime(instant, 'minute')}`;
}

const durationWords: Record<string, [string, string, string, string]> = {
  vi: ['ngày', 'giờ', 'phút', 'giây'],
  en: ['d', 'h', 'min', 's'],
};

const underASecond = (language: string) => (language === 'vi' ? 'dưới 1 giây' : 'under 1 s');

/** The two largest units: `2 giờ 5 phút`, `12 giây`; under a second `dưới 1 giây`. Negative spans count as zero. */
export function formatDuration(ms: number, language: string): string {
  const words = durationWords[language] ?? durationWords['en'];
  const total = Math.max(0, Math.floor(ms / 1000));
  const values = [Math.floor(total / 86_400), Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60, total % 60];
  const first = values.findIndex((value) => value > 0);
  // A picture alone has a length as well.
  if (first === -1) return ms > 0 ? underASecond(language) : `0 ${words?.[3] ?? 's'}`;
  return values
    .map((value, index) => ({ value, index }))
    .filter(({ value, index }) => value > 0 && index >= first && index <= first + 1)
    .map(({ value, index }) => `${value} ${words?.[index] ?? ''}`)
    .join(' ');
}
