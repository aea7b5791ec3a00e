import type { TFunction } from 'i18next';
import { formatDate, formatDateTime, formatTime } from '../../lib/time.js';
import type { Gap } from './coverage-lookup.js';

/** `14:20` or, where the minute is not enough or the day differs, more of it. */
function edge(ms: number, otherMs: number): string {
  if (formatDate(ms) !== formatDate(otherMs)) return formatDateTime(ms, 'minute');
  return formatTime(ms, Math.abs(otherMs - ms) < 10 * 60_000 ? 'second' : 'minute');
}

/** "Không có hình ảnh từ 14:20 đến 14:55: mất điện hoặc mất đường truyền đến camera." */
export function gapSentence(t: TFunction, gap: Gap): string {
  // Whether there is footage is not known then.
  if (gap.awaySince === null) return t('review:gap.awayNever');
  if (gap.awaySince !== undefined) return t('review:gap.away', { time: formatDateTime(gap.awaySince, 'minute') });
  return t('review:gap.sentence', {
    from: edge(gap.fromMs, gap.toMs),
    to: edge(gap.toMs, gap.fromMs),
    reason: t([`review:gapReasons.${gap.reason}`, 'review:gapReasons.unknown']),
  });
}
