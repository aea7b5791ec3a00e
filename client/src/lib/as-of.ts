import { useTranslation } from 'react-i18next';
import { useStaleSince } from './freshness.js';
import { serverNowMs } from './server-clock.js';
import { formatDateTime, formatTime, startOfDay } from './time.js';

/** `14:32:10`, with the date where that is not today. */
export function staleTime(sinceMs: number): string {
  return startOfDay(sinceMs) === startOfDay(serverNowMs()) ? formatTime(sinceMs) : formatDateTime(sinceMs);
}

/** "lúc 14:32:10" while the figures are of then; undefined while they are of now. */
export function useAsOf(): string | undefined {
  const { t } = useTranslation();
  const sinceMs = useStaleSince();
  return sinceMs === undefined ? undefined : t('common:away.asOf', { time: staleTime(sinceMs) });
}
