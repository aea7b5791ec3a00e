import { forecastRetention } from '@choi-canh/shared/retention';
import type { RecorderResponse, RecorderRetentionResponse } from '@choi-canh/shared/recorders';
import { Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatDiskSize } from '../../lib/disk-size.js';
import { useRetentionFacts } from '../../lib/recorders.js';
import { dayContext, dayCount, noRoomWords } from '../../lib/retention-words.js';
import classes from './recorders.module.css';

/** The disk as a bar, and how long footage lasts on it. */
export function DiskSection({ recorder }: { recorder: RecorderResponse }) {
  const { t } = useTranslation('recorders');
  const facts = useRetentionFacts(recorder.id, { everyMs: recorder.reachable ? 30_000 : 5000 });
  const { totalBytes, freeBytes, footageBytes } = recorder;
  if (totalBytes === null || freeBytes === null || footageBytes === null || totalBytes === 0) {
    return <Text c="dimmed">{t('disk.unknown')}</Text>;
  }
  const everything = [...(facts.data?.cameras ?? []), ...(facts.data?.others ?? [])];
  const heldBytes = Math.min(
    footageBytes,
    everything.reduce((sum, camera) => sum + camera.heldBytes, 0),
  );
  const parts = [
    { key: 'held', bytes: heldBytes },
    { key: 'footage', bytes: footageBytes - heldBytes },
    { key: 'other', bytes: Math.max(0, totalBytes - freeBytes - footageBytes) },
    { key: 'free', bytes: freeBytes },
  ] as const;
  return (
    <Stack gap="xs">
      <Title order={3} fz="md">
        {t('disk.title')}
      </Title>
      <div
        className={classes.bar}
        role="img"
        aria-label={t('disk.bar', {
          total: formatDiskSize(totalBytes),
          footage: formatDiskSize(footageBytes),
          held: formatDiskSize(heldBytes),
          free: formatDiskSize(freeBytes),
        })}
      >
        {parts.map(({ key, bytes }) => (
          <span key={key} className={classes[key]} style={{ width: `${(bytes / totalBytes) * 100}%` }} />
        ))}
      </div>
      <div className={classes.legend}>
        {parts.map(({ key, bytes }) => (
          <span key={key} className={classes.key}>
            <span className={`${classes.swatch} ${classes[key]}`} aria-hidden="true" />
            {t(`disk.${key}`)}: {formatDiskSize(bytes)}
          </span>
        ))}
      </div>
      <Text>
        {t('disk.of', { free: formatDiskSize(freeBytes), total: formatDiskSize(totalBytes) })}
        {facts.data !== undefined && ` · ${t('disk.reserve', { size: formatDiskSize(facts.data.minFreeBytes) })}`}
      </Text>
      {facts.data !== undefined ? <DaysLeft facts={facts.data} /> : facts.isError && <Text>{t('days.failed')}</Text>}
    </Stack>
  );
}

function DaysLeft({ facts }: { facts: RecorderRetentionResponse }) {
  const { t } = useTranslation('recorders');
  const forecast = forecastRetention(facts, { nowMs: Date.parse(facts.askedAt) });
  if (forecast.diskDays === null) return <Text>{t('days.idle')}</Text>;
  const cutDays = forecast.cutDays ?? forecast.diskDays;
  const cut =
    forecast.cameras.filter((camera) => camera.limit === 'disk').length +
    facts.others
      .filter((other) => forecast.cutDays !== null && forecast.cutDays < other.retentionDays)
      .reduce((sum, other) => sum + other.cameras, 0);
  return (
    <Stack gap={2}>
      <Text fw={600}>
        {forecast.roomBytes === 0
          ? noRoomWords(t, forecast)
          : t('days.disk', { days: dayCount(t, cutDays), ...dayContext(cutDays) })}
      </Text>
      {forecast.roomBytes > 0 && (
        <Text c={cut === 0 ? undefined : 'var(--state-degraded)'}>
          {cut === 0
            ? t('days.allKept')
            : `▲ ${t('days.cut', { count: cut, kept: dayCount(t, cutDays), ...dayContext(cutDays) })}`}
        </Text>
      )}
      {forecast.fullInDays !== null && forecast.roomBytes > 0 && (
        <Text>
          {forecast.fullInDays === 0
            ? t('common:forecast.fullNow')
            : t('common:forecast.fullIn', {
                days: dayCount(t, forecast.fullInDays),
                ...dayContext(forecast.fullInDays),
              })}
        </Text>
      )}
      <Text c="dimmed">{t('days.perDay', { size: formatDiskSize(forecast.bytesPerDay) })}</Text>
    </Stack>
  );
}
