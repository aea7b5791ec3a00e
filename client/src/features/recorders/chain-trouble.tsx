import { recorderChainResponse } from '@choi-canh/shared/chain';
import type { RecorderResponse } from '@choi-canh/shared/recorders';
import { Button, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ChainDownload } from '../../components/chain-download.js';
import { ConfirmWithReason } from '../../components/confirm-with-reason.js';
import { api } from '../../lib/api.js';
import { useCameras } from '../../lib/cameras.js';
import { notifyDone } from '../../lib/notify.js';
import { recordersKey } from '../../lib/recorders.js';
import { formatDateTime } from '../../lib/time.js';

/** Why a recorder's chain does not fit, and where an administrator settles it. */
export function ChainTrouble({ recorder, mayManage }: { recorder: RecorderResponse; mayManage: boolean }) {
  const { t } = useTranslation('recorders');
  const client = useQueryClient();
  const cameras = useCameras();
  const [opened, dialog] = useDisclosure(false);
  const chainKey = ['recorder-chain', recorder.id];
  const chain = useQuery({
    queryKey: chainKey,
    queryFn: ({ signal }) => api.get(`/api/recorders/${recorder.id}/chain`, { schema: recorderChainResponse, signal }),
    refetchInterval: 30_000,
  });
  const trouble = chain.data?.trouble ?? null;
  const names = (trouble?.cameraIds ?? []).map(
    (id) => cameras.data?.items.find((camera) => camera.id === id)?.name ?? id.slice(0, 8),
  );
  return (
    <Stack gap={6} align="flex-start">
      {trouble !== null && (
        <Text>
          {t('chain.text', {
            at: formatDateTime(trouble.sinceAt, 'minute'),
            why: t(`chain.troubles.${trouble.code}`),
          })}
        </Text>
      )}
      {names.length > 0 && <Text>{t('chain.cameras', { names: names.join(', ') })}</Text>}
      {(recorder.chain?.troubles ?? 0) > 0 && <Text>{t('chain.own')}</Text>}
      {mayManage && (
        <>
          {trouble !== null && (
            <Button variant="default" onClick={dialog.open}>
              {t('chain.settle')}
            </Button>
          )}
          <ChainDownload recorderId={recorder.id} />
          <ConfirmWithReason
            opened={opened}
            onClose={dialog.close}
            title={t('chain.settleTitle')}
            confirmLabel={t('chain.settle')}
            onConfirm={async (reason) => {
              await api.post(`/api/recorders/${recorder.id}/chain/settle`, { body: { reason } });
              await client.invalidateQueries({ queryKey: chainKey });
              await client.invalidateQueries({ queryKey: recordersKey });
              notifyDone(t('chain.settled'));
            }}
          >
            {t('chain.settleText')}
          </ConfirmWithReason>
        </>
      )}
    </Stack>
  );
}
