import type { TFunction } from 'i18next';
import { formatTime, startOfDay } from './time.js';
import { formatKind, type TimeKind, type TypedTime } from './typed-time.js';

const zone = 'Asia/Ho_Chi_Minh';
const dayMs = 86_400_000;
/** Clocks differ by less. */
const aheadMs = 60_000;

/** `Chủ nhật`, `Sunday`. */
export function weekdayName(ms: number, language: string): string {
  const name = new Intl.DateTimeFormat(language, { weekday: 'long', timeZone: zone }).format(ms);
  // Vietnamese writes only the first word with a capital.
  return language.startsWith('vi') ? name.charAt(0).toUpperCase() + name.slice(1).toLowerCase() : name;
}

/** `hôm nay`, `hôm qua`, `3 ngày trước`; undefined beyond a month, where the date says more. */
function dayWords(ms: number, nowMs: number, t: TFunction): string | undefined {
  const days = Math.round((startOfDay(nowMs) - startOfDay(ms)) / dayMs);
  if (days === 0)
    return ms > nowMs + aheadMs ? `${t('time:days.today')}, ${t('time:days.future')}` : t('time:days.today');
  if (days === 1) return t('time:days.yesterday');
  if (days === -1) return t('time:days.tomorrow');
  if (days > 1 && days <= 31) return t('time:days.before', { count: days });
  return days < 0 ? t('time:days.future') : undefined;
}

/**
 * What a field understood, as it is shown below it: `Chủ nhật 29/11/2026 14:30:00, hôm nay`. The date and time are left
 * out where they stand in the box as they are. Undefined where there is nothing to say.
 */
export function timeWords(
  typed: TypedTime,
  kind: TimeKind,
  { nowMs, language, t }: { nowMs: number; language: string; t: TFunction },
): string | undefined {
  if (typed.kind !== 'understood') return undefined;
  const { value, text, reading } = typed;
  const formatted = formatKind(value, kind);
  const day = weekdayName(value, language);
  const beginning =
    kind !== 'day' && (reading?.precision === 'day' || reading?.precision === 'part')
      ? t('time:noClock', { time: formatTime(value, 'minute') })
      : undefined;
  return [
    text.trim() === formatted ? day : `${day} ${formatted}`,
    dayWords(value, nowMs, t),
    reading?.day === 'window' ? t('time:dayOfWindow') : undefined,
    beginning,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}
