import { cameraHistoryResponse } from '@choi-canh/shared/cameras';
import { Group, SegmentedControl, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { Instant } from '../../components/instant.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { StateBadge } from '../../components/state-badge.js';
import { api } from '../../lib/api.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { formatDateTime, formatDuration } from '../../lib/time.js';
import { useUrlState } from '../../lib/url-state.js';
import { useNow } from '../../lib/use-now.js';
import classes from './camera-history.module.css';
import { cutHistory, formatShare, knownSince, stripStart, uptime } from './history.js';

const dayMs = 86_400_000;
const ranges = { day: dayMs, week: 7 * dayMs, month: 30 * dayMs } as const;
type Range = keyof typeof ranges;
const mostRows = 100;

/** The states of one camera over a day, a week or a month: as a strip, as one figure, and as a list. */
export function CameraHistory({ cameraId }: { cameraId: string }) {
  const { t, i18n } = useTranslation('cameras');
  const { search, change } = useUrlState();
  const nowMs = useNow();
  const asked = search.get('history');
  const range: Range = asked === 'day' || asked === 'month' ? asked : 'week';
  const query = useQuery({
    queryKey: ['camera-history', cameraId, range],
    queryFn: ({ signal }) => {
      const toMs = serverNowMs();
      return api.get(`/api/cameras/${cameraId}/history`, {
        schema: cameraHistoryResponse,
        query: { from: new Date(toMs - ranges[range]).toISOString(), to: new Date(toMs).toISOString() },
        signal,
      });
    },
  });
  const fromMs = nowMs - ranges[range];
  const parts = cutHistory(query.data?.items ?? [], fromMs, nowMs);
  const share = uptime(parts);
  const since = knownSince(parts, fromMs);
  const shareText =
    since === undefined
      ? 'history.share'
      : (query.data?.leftOutBefore ?? null) !== null
        ? 'history.shareLeftOut'
        : 'history.shareSince';
  const stripFromMs = stripStart(parts, fromMs);
  const stripMs = Math.max(1, nowMs - stripFromMs);

  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={2} fz="lg">
          {t('history.title')}
        </Title>
        <SegmentedControl
          aria-label={t('history.range')}
          value={range}
          onChange={(value) => change({ history: value === 'week' ? undefined : value })}
          data={(['day', 'week', 'month'] as const).map((key) => ({ value: key, label: t(`history.ranges.${key}`) }))}
        />
      </Group>
      {query.isPending ? (
        <SkeletonList rows={3} height={36} />
      ) : query.data === undefined ? (
        <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
      ) : parts.length === 0 ? (
        <Text c="dimmed">{t('history.empty')}</Text>
      ) : (
        <>
          <Text>
            {share === undefined
              ? t('history.noShare')
              : t(shareText, {
                  share: formatShare(share, i18n.language),
                  since: since === undefined ? '' : formatDateTime(since, 'minute'),
                })}
          </Text>
          <div className={classes.strip} role="img" aria-label={t('history.strip')}>
            {parts.map((part) => (
              <span
                key={part.sinceAt}
                className={classes.part}
                data-state={part.state}
                style={{
                  left: `${((part.fromMs - stripFromMs) / stripMs) * 100}%`,
                  width: `${((part.untilMs - part.fromMs) / stripMs) * 100}%`,
                }}
                title={`${t(`common:cameraStates.${part.state}`)} · ${formatDateTime(part.fromMs)} – ${formatDateTime(part.untilMs)}`}
              />
            ))}
          </div>
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              {formatDateTime(stripFromMs, 'minute')}
            </Text>
            <Text size="sm" c="dimmed">
              {t('history.now')}
            </Text>
          </Group>
          <Table.ScrollContainer minWidth={0}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('columns.state')}</Table.Th>
                  <Table.Th>{t('history.from')}</Table.Th>
                  <Table.Th visibleFrom="sm">{t('history.reason')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {[...parts]
                  .reverse()
                  .slice(0, mostRows)
                  .map((part) => {
                    const reason = t(`common:cameraReasons.${part.reason}`);
                    const duration = formatDuration(
                      (part.toAt === null ? nowMs : Date.parse(part.toAt)) - Date.parse(part.sinceAt),
                      i18n.language,
                    );
                    return (
                      <Table.Tr key={part.sinceAt}>
                        <Table.Td>
                          <StateBadge state={part.state} dated />
                          <Text size="sm" mt={4} hiddenFrom="sm">
                            {reason}
                          </Text>
                        </Table.Td>
                        <Table.Td>
                          <Instant at={part.sinceAt} />
                          <Text size="sm" c="dimmed">
                            {t('history.lasted', { duration })}
                          </Text>
                        </Table.Td>
                        <Table.Td visibleFrom="sm">{reason}</Table.Td>
                      </Table.Tr>
                    );
                  })}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          {parts.length > mostRows && (
            <Text size="sm" c="dimmed">
              {t('history.more', { shown: mostRows, total: parts.length })}
            </Text>
          )}
        </>
      )}
    </Stack>
  );
}
