import type { RecorderResponse } from '@choi-canh/shared/recorders';
import { Button, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmWithReason } from '../../components/confirm-with-reason.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';
import { recordersKey } from '../../lib/recorders.js';

/** The footage disk of a recorder is not there, or another one is: a person says that footage goes to what is there now. */
export function VolumeAccept({ recorder, mayManage }: { recorder: RecorderResponse; mayManage: boolean }) {
  const { t } = useTranslation('recorders');
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  if (!mayManage) return <Text c="dimmed">{t('clockConfirm.notAllowed')}</Text>;

  return (
    <>
      <Button variant="default" onClick={() => setAsked(true)}>
        {t('volumeAccept.button')}
      </Button>
      <ConfirmWithReason
        opened={asked}
        onClose={() => setAsked(false)}
        title={t('volumeAccept.title')}
        confirmLabel={t('volumeAccept.confirm')}
        onConfirm={async (reason) => {
          await api.post(`/api/recorders/${recorder.id}/volume/accept`, { body: { reason } });
          await client.invalidateQueries({ queryKey: recordersKey });
          notifyDone(t('volumeAccept.done'));
        }}
      >
        <Stack gap="sm">
          <Text>{t('volumeAccept.text', { directory: recorder.storage?.directory ?? '' })}</Text>
          <Text>{t('volumeAccept.warning')}</Text>
        </Stack>
      </ConfirmWithReason>
    </>
  );
}
