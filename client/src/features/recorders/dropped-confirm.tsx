import type { RecorderResponse } from '@choi-canh/shared/recorders';
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ConfirmWithReason } from '../../components/confirm-with-reason.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';
import { recordersKey } from '../../lib/recorders.js';

/** Somebody has read which cameras a restored database does not know: the alert goes. */
export function DroppedConfirm({ recorder }: { recorder: RecorderResponse }) {
  const { t } = useTranslation('recorders');
  const client = useQueryClient();
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Button variant="default" onClick={dialog.open}>
        {t('dropped.button')}
      </Button>
      <ConfirmWithReason
        opened={opened}
        onClose={dialog.close}
        title={t('dropped.title')}
        confirmLabel={t('dropped.confirm')}
        harmless
        onConfirm={async (reason) => {
          await api.post(`/api/recorders/${recorder.id}/dropped/confirm`, { body: { reason } });
          await client.invalidateQueries({ queryKey: recordersKey });
          notifyDone(t('dropped.done'));
        }}
      >
        {t('dropped.text')}
      </ConfirmWithReason>
    </>
  );
}
