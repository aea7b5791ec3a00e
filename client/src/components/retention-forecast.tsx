import { forecastRetention } from '@choi-canh/shared/retention';
import { Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useRetentionFacts } from '../lib/recorders.js';
import { forecastLines, type ForecastLine } from '../lib/retention-words.js';

const marks: Record<ForecastLine['tone'], string> = { good: '●', plain: '', warning: '▲' };
const colours: Record<ForecastLine['tone'], string> = {
  good: 'var(--state-alive)',
  plain: 'dimmed',
  warning: 'var(--state-degraded)',
};

/** What keeping some cameras of one recorder for so many days would mean; said while it is being chosen. */
export function RetentionForecast({
  recorderId,
  recorderName,
  cameraIds,
  days,
}: {
  recorderId: string;
  /** Where there are several. */
  recorderName?: string | undefined;
  cameraIds: readonly string[];
  days: number;
}) {
  const { t } = useTranslation();
  const query = useRetentionFacts(recorderId);
  const lines = useMemo<ForecastLine[]>(() => {
    if (query.data === undefined) {
      return [{ tone: 'plain', text: t(query.isError ? 'forecast.unreachable' : 'forecast.waiting') }];
    }
    const chosen = new Set(cameraIds);
    const nowMs = Date.parse(query.data.askedAt);
    const now = forecastRetention(query.data, { nowMs });
    const then = forecastRetention(query.data, {
      nowMs,
      daysOfCamera: (id, own) => (chosen.has(id) ? days : own),
    });
    return forecastLines(t, { now, then, chosen, days });
  }, [query.data, query.isError, cameraIds, days, t]);

  return (
    <Stack gap={4} role="status" data-testid="retention-forecast">
      {recorderName !== undefined && <Text fw={600}>{t('forecast.atRecorder', { recorder: recorderName })}</Text>}
      {lines.map(({ tone, text }) => (
        <Text key={text} c={colours[tone]}>
          {marks[tone] !== '' && <span aria-hidden="true">{`${marks[tone]} `}</span>}
          {text}
        </Text>
      ))}
    </Stack>
  );
}
