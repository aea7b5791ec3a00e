import { recorderResponse, type RecorderResponse } from '@choi-canh/shared/recorders';
import { Button, Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconNetwork } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { FormDialog } from '../../components/form/form-dialog.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';
import { recordersKey } from '../../lib/recorders.js';

const pattern = /^\d{1,3}(\.\d{1,3}){3}\/(2[2-9]|3[0-2])$/;
const most = 64;

const parts = (text: string) => text.split(/[\s,;]+/).filter((part) => part !== '');

/** Networks beside its own in which a recorder may search for cameras. */
export function ScanRanges({ recorder }: { recorder: RecorderResponse }) {
  const { t } = useTranslation('recorders');
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconNetwork size={20} />}
        onClick={dialog.open}
        aria-label={t('scanRanges.of', { recorder: recorder.name })}
      >
        {t('scanRanges.button')}
      </Button>
      <FormDialog opened={opened} onClose={dialog.close} title={t('scanRanges.title')}>
        <ScanRangesForm recorder={recorder} onClose={dialog.close} />
      </FormDialog>
    </>
  );
}

function ScanRangesForm({ recorder, onClose }: { recorder: RecorderResponse; onClose: () => void }) {
  const { t } = useTranslation('recorders');
  const client = useQueryClient();
  const form = useAppForm({
    initial: { ranges: recorder.scanRanges.join('\n') },
    validate: {
      ranges: (text) => {
        const wrong = parts(text).find((part) => !pattern.test(part));
        if (wrong !== undefined) return t('cameras:add.rangeWrong', { range: wrong });
        return parts(text).length > most ? t('scanRanges.tooMany', { most }) : undefined;
      },
    },
    serverFields: { bad_range: 'ranges', address_not_allowed: 'ranges' },
  });
  return (
    <AppForm
      form={form}
      onSubmit={async ({ ranges }) => {
        const body = { ranges: parts(ranges) };
        await api.put(`/api/recorders/${recorder.id}/scan-ranges`, { schema: recorderResponse, body });
        await client.invalidateQueries({ queryKey: recordersKey });
        notifyDone(t('common:saved'));
        onClose();
      }}
      actions={<FormActions submitLabel={t('scanRanges.save')} />}
    >
      <Text>{t('scanRanges.text')}</Text>
      <Text c="dimmed">{t('scanRanges.own', { networks: recorder.networks.join(', ') || t('scanRanges.none') })}</Text>
      <Textarea
        {...form.text('ranges')}
        label={t('scanRanges.label')}
        description={t('scanRanges.hint')}
        placeholder="192.168.20.0/24"
        autosize
        minRows={3}
        maxRows={12}
      />
    </AppForm>
  );
}
