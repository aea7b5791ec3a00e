import { recorderResponse, type RecorderResponse } from '@choi-canh/shared/recorders';
import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconLink, IconPencil } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { FormDialog } from '../../components/form/form-dialog.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';
import { recordersKey } from '../../lib/recorders.js';
import { draftChange, recorderFieldLengths, wrongFieldKeys, type RecorderDraft } from './recorder-draft.js';
import { RecorderFields } from './recorder-fields.js';

/** Another name for a recorder; for one on another machine also another address or a new pairing. */
export function EditRecorder({
  recorder,
  toPair = false,
}: {
  recorder: RecorderResponse;
  /** It has to be paired again: the button says so. */
  toPair?: boolean;
}) {
  const { t } = useTranslation('recorders');
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Button
        variant="default"
        leftSection={toPair ? <IconLink size={20} /> : <IconPencil size={20} />}
        onClick={dialog.open}
        aria-label={t(toPair ? 'edit.pairOf' : 'edit.of', { recorder: recorder.name })}
      >
        {t(toPair ? 'edit.pair' : 'common:actions.edit')}
      </Button>
      <FormDialog opened={opened} onClose={dialog.close} title={t('edit.title')}>
        <EditForm recorder={recorder} onClose={dialog.close} />
      </FormDialog>
    </>
  );
}

function EditForm({ recorder, onClose }: { recorder: RecorderResponse; onClose: () => void }) {
  const { t } = useTranslation('recorders');
  const client = useQueryClient();
  const rule = (name: keyof RecorderDraft) => (_text: string, draft: RecorderDraft) =>
    draftChange(recorder, draft).wrong.has(name) ? t(wrongFieldKeys[name]) : undefined;
  const form = useAppForm<RecorderDraft>({
    initial: { name: recorder.name, url: (recorder.url ?? '').replace(/^http:/, 'https:'), code: '' },
    most: recorderFieldLengths,
    draft: { name: `recorder ${recorder.id}`, fields: ['name', 'url'] },
    validate: { name: rule('name'), url: rule('url'), code: rule('code') },
  });
  return (
    <AppForm
      form={form}
      onSubmit={async (draft) => {
        const { patch } = draftChange(recorder, draft);
        if (Object.keys(patch).length > 0) {
          await api.patch(`/api/recorders/${recorder.id}`, { schema: recorderResponse, body: patch });
          await client.invalidateQueries({ queryKey: recordersKey });
          notifyDone(t('common:saved'));
        }
        onClose();
      }}
      actions={<FormActions submitLabel={t('edit.save')} />}
    >
      {!recorder.embedded && <Text>{t('edit.text')}</Text>}
      <RecorderFields
        text={form.text}
        codeHint={t('edit.codeHint')}
        codeRequired={recorder.key === null}
        reached={!recorder.embedded}
      />
    </AppForm>
  );
}
