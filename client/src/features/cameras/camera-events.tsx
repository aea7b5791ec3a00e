import { deviceEventsResponse, type DeviceEvent } from '@choi-canh/shared/device-events';
import { Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { Instant } from '../../components/instant.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { api } from '../../lib/api.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { formatDateTime } from '../../lib/time.js';

const rangeMs = 7 * 86_400_000;
const everyMs = 30_000;
const mostRows = 20;
/** A clock that is so far off is said beside the time. */
const clockLimitMs = 5000;

/** Events that the device reported in the last seven days, newest first; nothing where it reported none. */
export function CameraEvents({ cameraId }: { cameraId: string }) {
  const { t } = useTranslation('cameras');
  const query = useQuery({
    queryKey: ['camera-events', cameraId],
    refetchInterval: everyMs,
    queryFn: ({ signal }) => {
      const toMs = serverNowMs() + 60_000;
      return api.get(`/api/cameras/${cameraId}/events`, {
        schema: deviceEventsResponse,
        query: { from: new Date(toMs - rangeMs).toISOString(), to: new Date(toMs).toISOString() },
        signal,
      });
    },
  });
  const words = ({ kind, active }: DeviceEvent) =>
    t(`events.${kind}.${active === null ? 'happened' : active ? 'began' : 'ended'}`);
  const items = query.data?.items ?? [];
  return (
    <Stack gap="sm">
      <Title order={2} fz="lg">
        {t('events.title')}
      </Title>
      {query.isPending ? (
        <SkeletonList rows={2} height={36} />
      ) : query.data === undefined ? (
        <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
      ) : items.length === 0 ? (
        <Text c="dimmed">{t('events.empty')}</Text>
      ) : (
        <>
          <Table aria-label={t('events.title')}>
            <Table.Tbody>
              {items.slice(0, mostRows).map((event, index) => (
                <Table.Tr key={`${event.at} ${event.kind} ${index}`}>
                  <Table.Td>
                    <Instant at={event.at} />
                    {event.deviceAt !== null && Math.abs(event.clockOffsetMs ?? 0) > clockLimitMs && (
                      <Text size="sm" c="dimmed">
                        {t('events.deviceTime', { time: formatDateTime(event.deviceAt) })}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td>{words(event)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          {(items.length > mostRows || query.data.more) && (
            <Text size="sm" c="dimmed">
              {t('events.more', { count: mostRows })}
            </Text>
          )}
        </>
      )}
    </Stack>
  );
}
