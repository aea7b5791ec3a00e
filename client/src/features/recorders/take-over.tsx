import { recorderTakeOverResponse, type RecorderAlert, type RecorderResponse } from '@choi-canh/shared/recorders';
import { Button, Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { FormDialog } from '../../components/form/form-dialog.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';

interface TakeOverProps {
  recorder: RecorderResponse;
  alert: RecorderAlert;
  mayManage: boolean;
}

/** A recorder follows another database: an administrator of everything makes it this server's. */
export function TakeOver({ recorder, alert, mayManage }: TakeOverProps) {
  const { t } = useTranslation('recorders');
  const [opened, dialog] = useDisclosure(false);
  if (!mayManage) return <Text c="dimmed">{t('takeOver.notAllowed')}</Text>;
  return (
    <>
      <Button variant="default" onClick={dialog.open}>
        {t('takeOver.button')}
      </Button>
      <FormDialog
        opened={opened}
        onClose={dialog.close}
        title={t('takeOver.title', { recorder: recorder.name })}
        size="md"
      >
        <TakeOverForm recorder={recorder} alert={alert} onClose={dialog.close} />
      </FormDialog>
    </>
  );
}

function TakeOverForm({ recorder, alert, onClose }: Omit<TakeOverProps, 'mayManage'> & { onClose: () => void }) {
  const { t } = useTranslation('recorders');
  const client = useQueryClient();
  const form = useAppForm<{ areaId: string | undefined; reason: string }>({
    initial: { areaId: undefined, reason: '' },
    most: { reason: 500 },
    validate: {
      areaId: (areaId) => (areaId === undefined ? t('takeOver.areaMissing') : undefined),
      reason: (text) => (text.trim().length < 3 ? t('common:reason.tooShort') : undefined),
    },
  });
  return (
    <AppForm
      form={form}
      onSubmit={async ({ areaId, reason }) => {
        const { adopted } = await api.post(`/api/recorders/${recorder.id}/take-over`, {
          body: { areaId, reason: reason.trim() },
          schema: recorderTakeOverResponse,
        });
        await client.invalidateQueries();
        notifyDone(t('takeOver.done', { count: adopted }));
        onClose();
      }}
      actions={<FormActions submitLabel={t('takeOver.confirm')} />}
    >
      <Text>
        {t('takeOver.text', { count: Number(alert.facts['cameras'] ?? 0), holds: Number(alert.facts['holds'] ?? 0) })}
      </Text>
      <AreaSelect {...form.field('areaId')} label={t('takeOver.area')} required />
      <Textarea
        {...form.text('reason')}
        label={t('common:reason.label')}
        description={t('common:reason.hint')}
        autosize
        minRows={2}
        required
      />
    </AppForm>
  );
}
