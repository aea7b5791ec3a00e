import { unknownHoldPage, type UnknownHold } from '@choi-canh/shared/evidence';
import type { RecorderResponse } from '@choi-canh/shared/recorders';
import { Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmWithReason } from '../../components/confirm-with-reason.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';
import { recordersKey } from '../../lib/recorders.js';
import { formatRange } from '../../lib/time.js';
import { AssignHold } from './assign-hold.js';

/** Footage that a recorder holds and of which no incident is known: what it is, and what becomes of it. */
export function UnknownHolds({ recorder }: { recorder: RecorderResponse }) {
  const { t } = useTranslation('recorders');
  const [shown, list] = useDisclosure(false);
  return (
    <Stack gap="md" align="flex-start">
      <Button variant="default" onClick={list.toggle} aria-expanded={shown}>
        {t(shown ? 'unknownHolds.hide' : 'unknownHolds.show')}
      </Button>
      {shown && <UnknownHoldsList recorderId={recorder.id} />}
    </Stack>
  );
}

function UnknownHoldsList({ recorderId }: { recorderId: string }) {
  const { t } = useTranslation('recorders');
  const client = useQueryClient();
  const [assigning, setAssigning] = useState<UnknownHold>();
  const [releasing, setReleasing] = useState<UnknownHold>();
  const key = ['unknown-holds', recorderId];
  const holds = useInfiniteQuery({
    queryKey: key,
    initialPageParam: '',
    queryFn: ({ signal, pageParam }) => {
      const query = pageParam === '' ? '' : `?cursor=${encodeURIComponent(pageParam)}`;
      return api.get(`/api/recorders/${recorderId}/unknown-holds${query}`, { schema: unknownHoldPage, signal });
    },
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: key });
    void client.invalidateQueries({ queryKey: recordersKey });
  };
  const nameOf = (hold: UnknownHold) => hold.cameraName ?? t('unknownHolds.camera', { id: hold.cameraId.slice(0, 8) });

  if (holds.isPending) return <SkeletonList rows={3} />;
  if (holds.isError) return <ErrorPanel error={holds.error} onRetry={() => void holds.refetch()} />;
  const items = holds.data.pages.flatMap((page) => page.items);
  const ranges = holds.data.pages[0]?.ranges ?? 0;
  return (
    <Stack gap="md" w="100%">
      <Text>{ranges === 0 ? t('unknownHolds.none') : t('unknownHolds.text', { count: ranges })}</Text>
      {items.map((hold) => (
        <Group key={hold.id} justify="space-between" align="flex-start" gap="xs" data-testid={`unknown-${hold.id}`}>
          <div style={{ flex: '1 1 220px', minWidth: 0 }}>
            <Text fw={600}>{nameOf(hold)}</Text>
            {hold.ranges.map(({ from, to }) => (
              <Text key={from}>{formatRange(from, to)}</Text>
            ))}
            <Text c="dimmed" fz={14}>
              {hold.incidentNumber === ''
                ? t('unknownHolds.wasNothing')
                : t('unknownHolds.was', { number: hold.incidentNumber })}
            </Text>
          </div>
          <Group gap="xs">
            <Button variant="default" onClick={() => setAssigning(hold)}>
              {t('unknownHolds.assign')}
            </Button>
            <Button variant="subtle" color="red" onClick={() => setReleasing(hold)}>
              {t('unknownHolds.release')}
            </Button>
          </Group>
        </Group>
      ))}
      {holds.hasNextPage && (
        <Button variant="default" loading={holds.isFetchingNextPage} onClick={() => void holds.fetchNextPage()}>
          {t('unknownHolds.more')}
        </Button>
      )}
      <AssignHold hold={assigning} onClose={() => setAssigning(undefined)} onDone={refresh} />
      <ConfirmWithReason
        opened={releasing !== undefined}
        onClose={() => setReleasing(undefined)}
        title={t('unknownHolds.releaseTitle')}
        confirmLabel={t('unknownHolds.release')}
        onConfirm={async (reason) => {
          if (releasing === undefined) return;
          await api.post(`/api/unknown-holds/${releasing.id}/release`, { body: { reason } });
          notifyDone(t('unknownHolds.released'));
          await refresh();
        }}
      >
        {releasing && (
          <Stack gap="xs">
            <Text>{t('unknownHolds.releaseText', { camera: nameOf(releasing) })}</Text>
            {releasing.ranges.map(({ from, to }) => (
              <Text key={from} fw={600}>
                {formatRange(from, to)}
              </Text>
            ))}
          </Stack>
        )}
      </ConfirmWithReason>
    </Stack>
  );
}
