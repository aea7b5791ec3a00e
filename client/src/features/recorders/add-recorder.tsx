import { recorderCreateRequest, recorderResponse } from '@choi-canh/shared/recorders';
import { Button, Checkbox, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { isApiError } from '../../lib/api-error.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';
import { recordersKey } from '../../lib/recorders.js';
import { RecorderFields } from './recorder-fields.js';

/** A recorder on another machine: its name, address and token; it is asked before it is saved. */
export function AddRecorder() {
  const { t } = useTranslation('recorders');
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Button variant="default" leftSection={<IconPlus size={20} />} onClick={dialog.open}>
        {t('add.button')}
      </Button>
      <Modal opened={opened} onClose={dialog.close} title={t('add.title')}>
        <AddForm onClose={dialog.close} />
      </Modal>
    </>
  );
}

function AddForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('recorders');
  const client = useQueryClient();
  const [form, setForm] = useState({ name: '', url: '', token: '', takeOver: false });
  const [checked, setChecked] = useState(false);
  const parsed = recorderCreateRequest.safeParse({ ...form, url: form.url.trim() });
  const wrong = new Set(checked && !parsed.success ? parsed.error.issues.map((issue) => String(issue.path[0])) : []);
  const save = useMutation({
    mutationFn: () => api.post('/api/recorders', { schema: recorderResponse, body: parsed.data }),
    onSuccess: async ({ name }) => {
      await client.invalidateQueries({ queryKey: recordersKey });
      notifyDone(t('add.done', { name }));
      onClose();
    },
  });
  const inUse = isApiError(save.error) && save.error.code === 'recorder_in_use' ? save.error : undefined;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setChecked(true);
        if (parsed.success) save.mutate();
      }}
    >
      <Stack>
        <Text>{t('add.text')}</Text>
        <RecorderFields
          draft={form}
          onChange={(changed) => setForm({ ...form, ...changed })}
          wrong={wrong}
          tokenHint={t('fields.tokenHint')}
          tokenRequired
        />
        {save.isError && <ErrorPanel error={save.error} />}
        {(inUse !== undefined || form.takeOver) && (
          <Checkbox
            label={t('add.takeOver')}
            description={t('add.takeOverHint', { count: Number(inUse?.details['cameras'] ?? 0) })}
            checked={form.takeOver}
            onChange={(event) => setForm({ ...form, takeOver: event.currentTarget.checked })}
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common:actions.cancel')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t('add.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
