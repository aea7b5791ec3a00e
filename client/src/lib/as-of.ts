import { useTranslation } from 'react-i18next';
import { useStaleSince } from './freshness.js';
import { serverNowMs } from './server-clock.js';
import { formatDateTime, formatTime, startOfDay } from './time.js';

/** `14:32:10`, with the date where that is not today. */
export function staleTime(sinceMs: number): string {
  return startOfDay(sinceMs) === startOfDay(serverNowMs()) ? formatTime(sinceMs) : formatDateTime(sinceMs);
}

/**
 * The sentence that says of when the figures below it are; undefined while they are of now. `recorderHeardAt`: where they
 * are a recorder's, when it was heard last, if it is not heard now.
 */
export function useFiguresOf(recorderHeardAt?: string | null): string | undefined {
  const { t } = useTranslation();
  const asOf = useAsOf();
  if (asOf !== undefined) return t('common:away.figuresOf', { asOf });
  if (recorderHeardAt === undefined || recorderHeardAt === null) return undefined;
  const time = staleTime(Date.parse(recorderHeardAt));
  return t('common:away.figuresOfRecorder', { asOf: t('common:away.asOf', { time }) });
}

/** "lúc 14:32:10" while the figures are of then; undefined while they are of now. */
export function useAsOf(): string | undefined {
  const { t } = useTranslation();
  const sinceMs = useStaleSince();
  return sinceMs === undefined ? undefined : t('common:away.asOf', { time: staleTime(sinceMs) });
}
