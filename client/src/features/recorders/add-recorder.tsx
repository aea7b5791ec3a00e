import { recorderResponse } from '@choi-canh/shared/recorders';
import { Button, Checkbox, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { FormDialog } from '../../components/form/form-dialog.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { isApiError } from '../../lib/api-error.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';
import { recordersKey } from '../../lib/recorders.js';
import { recorderFieldLengths, wrongFieldKeys, wrongFields, type RecorderDraft } from './recorder-draft.js';
import { RecorderFields } from './recorder-fields.js';

/** A recorder on another machine: its name, address and one-time code; it is paired before it is saved. */
export function AddRecorder() {
  const { t } = useTranslation('recorders');
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Button variant="default" leftSection={<IconPlus size={20} />} onClick={dialog.open}>
        {t('add.button')}
      </Button>
      <FormDialog opened={opened} onClose={dialog.close} title={t('add.title')}>
        <AddForm onClose={dialog.close} />
      </FormDialog>
    </>
  );
}

function AddForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('recorders');
  const client = useQueryClient();
  const rule = (name: keyof RecorderDraft) => (_text: string, draft: RecorderDraft) =>
    wrongFields(draft).has(name) ? t(wrongFieldKeys[name]) : undefined;
  const form = useAppForm({
    initial: { name: '', url: '', code: '', takeOver: false },
    most: recorderFieldLengths,
    draft: { name: 'recorder', fields: ['name', 'url'] },
    validate: { name: rule('name'), url: rule('url'), code: rule('code') },
  });
  const inUse = isApiError(form.error) && form.error.code === 'recorder_in_use' ? form.error : undefined;
  return (
    <AppForm
      form={form}
      onSubmit={async (draft) => {
        const { name } = await api.post('/api/recorders', { schema: recorderResponse, body: draft });
        await client.invalidateQueries({ queryKey: recordersKey });
        notifyDone(t('add.done', { name }));
        onClose();
      }}
      actions={<FormActions submitLabel={t('add.save')} />}
    >
      <Text>{t('add.text')}</Text>
      <RecorderFields text={form.text} codeHint={t('fields.codeHint')} codeRequired />
      {(inUse !== undefined || form.values.takeOver) && (
        <Checkbox
          {...form.check('takeOver')}
          label={t('add.takeOver')}
          description={t('add.takeOverHint', { count: Number(inUse?.details['cameras'] ?? 0) })}
        />
      )}
    </AppForm>
  );
}
