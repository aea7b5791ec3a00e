import { recorderResponse, type RecorderResponse } from '@choi-canh/shared/recorders';
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPencil } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';
import { recordersKey } from '../../lib/recorders.js';
import { draftChange } from './recorder-draft.js';
import { RecorderFields } from './recorder-fields.js';

/** Another name for a recorder; for one on another machine also another address or token. */
export function EditRecorder({ recorder }: { recorder: RecorderResponse }) {
  const { t } = useTranslation('recorders');
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPencil size={20} />}
        onClick={dialog.open}
        aria-label={t('edit.of', { recorder: recorder.name })}
      >
        {t('common:actions.edit')}
      </Button>
      <Modal opened={opened} onClose={dialog.close} title={t('edit.title')}>
        <EditForm recorder={recorder} onClose={dialog.close} />
      </Modal>
    </>
  );
}

function EditForm({ recorder, onClose }: { recorder: RecorderResponse; onClose: () => void }) {
  const { t } = useTranslation('recorders');
  const client = useQueryClient();
  const [form, setForm] = useState({ name: recorder.name, url: recorder.url ?? '', token: '' });
  const [checked, setChecked] = useState(false);
  const { patch, wrong, moved } = draftChange(recorder, form);
  const save = useMutation({
    mutationFn: () => api.patch(`/api/recorders/${recorder.id}`, { schema: recorderResponse, body: patch }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: recordersKey });
      notifyDone(t('common:saved'));
      onClose();
    },
  });
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setChecked(true);
        if (wrong.size > 0) return;
        if (Object.keys(patch).length === 0) onClose();
        else save.mutate();
      }}
    >
      <Stack>
        {!recorder.embedded && <Text>{t('edit.text')}</Text>}
        <RecorderFields
          draft={form}
          onChange={(changed) => setForm({ ...form, ...changed })}
          wrong={checked ? wrong : new Set()}
          tokenHint={t(moved ? 'edit.tokenNeeded' : 'edit.tokenHint')}
          tokenRequired={moved}
          reached={!recorder.embedded}
        />
        {save.isError && <ErrorPanel error={save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common:actions.cancel')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t('common:actions.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
