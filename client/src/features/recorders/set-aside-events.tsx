import {
  setAsideChangeResponse,
  setAsideEventsResponse,
  type RecorderAlert,
  type RecorderResponse,
} from '@choi-canh/shared/recorders';
import { Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ConfirmWithReason } from '../../components/confirm-with-reason.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { TechnicalDetail } from '../../components/technical-detail.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';
import { recordersKey } from '../../lib/recorders.js';
import { formatDateTime } from '../../lib/time.js';

const shown = 5;

/** The events that an alert is about, not understood or not applied: when, to be tried again or dismissed. */
export function SetAsideEvents({ recorder, alert }: { recorder: RecorderResponse; alert: RecorderAlert }) {
  const { t } = useTranslation('recorders');
  const client = useQueryClient();
  const [opened, dialog] = useDisclosure(false);
  const key = ['recorder-set-aside', recorder.id];
  const path = `/api/recorders/${recorder.id}/set-aside`;
  const events = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => api.get(path, { schema: setAsideEventsResponse, signal }),
    refetchInterval: 30_000,
  });
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: key });
    await client.invalidateQueries({ queryKey: recordersKey });
  };
  const items = (events.data?.items ?? []).filter(
    ({ cause }) => (cause === 'failed') === (alert.code === 'events_failed'),
  );
  const more = Math.max(items.length, Number(alert.facts['events'] ?? 0)) - shown;
  const ids = items.map(({ id }) => id);
  const retry = useMutation({
    mutationFn: () => api.post(`${path}/retry`, { schema: setAsideChangeResponse, body: { ids } }),
    onSuccess: ({ count }) => notifyDone(t('setAside.applied', { count })),
    onSettled: refresh,
  });
  if (items.length === 0) return null;
  return (
    <Stack gap={6} align="flex-start">
      {items.slice(0, shown).map((event) => (
        <div key={event.id}>
          <Text size="sm">
            {t(`setAside.causes.${event.cause}`, {
              at: formatDateTime(event.at ?? event.setAsideAt, 'minute'),
            })}
          </Text>
          <TechnicalDetail detail={[event.type, event.detail].filter((part) => part !== '').join(': ')} />
        </div>
      ))}
      {more > 0 && <Text size="sm">{t('setAside.more', { count: more })}</Text>}
      {retry.isError && <ErrorPanel error={retry.error} />}
      <Group gap="xs">
        <Button variant="default" loading={retry.isPending} onClick={() => retry.mutate()}>
          {t('setAside.retry')}
        </Button>
        <Button variant="default" onClick={dialog.open}>
          {t('setAside.dismiss')}
        </Button>
      </Group>
      <ConfirmWithReason
        opened={opened}
        onClose={dialog.close}
        title={t('setAside.dismissTitle')}
        confirmLabel={t('setAside.dismissConfirm')}
        onConfirm={async (reason) => {
          const body = { ids, reason };
          const { count } = await api.post(`${path}/dismiss`, { schema: setAsideChangeResponse, body });
          await refresh();
          notifyDone(t('setAside.dismissed', { count }));
        }}
      >
        {t('setAside.dismissText')}
      </ConfirmWithReason>
    </Stack>
  );
}
