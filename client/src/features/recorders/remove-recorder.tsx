import type { RecorderResponse } from '@choi-canh/shared/recorders';
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ConfirmWithReason } from '../../components/confirm-with-reason.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';
import { recordersKey } from '../../lib/recorders.js';

/** Lets go of a recorder on another machine. */
export function RemoveRecorder({ recorder }: { recorder: RecorderResponse }) {
  const { t } = useTranslation('recorders');
  const client = useQueryClient();
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Button
        variant="subtle"
        color="red"
        leftSection={<IconTrash size={20} />}
        onClick={dialog.open}
        aria-label={t('remove.of', { recorder: recorder.name })}
      >
        {t('common:actions.delete')}
      </Button>
      <ConfirmWithReason
        opened={opened}
        onClose={dialog.close}
        title={t('remove.title', { recorder: recorder.name })}
        confirmLabel={t('remove.confirm')}
        onConfirm={async (reason) => {
          await api.delete(`/api/recorders/${recorder.id}`, { body: { reason } });
          notifyDone(t('remove.done', { recorder: recorder.name }));
          await client.invalidateQueries({ queryKey: recordersKey });
        }}
      >
        {t('remove.text')}
      </ConfirmWithReason>
    </>
  );
}
