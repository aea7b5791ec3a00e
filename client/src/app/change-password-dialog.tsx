import { Button, Group, Modal, PasswordInput, Stack } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../components/error-panel.js';
import { fieldErrors } from '../lib/error-text.js';
import { notifyDone } from '../lib/notify.js';
import { useSession } from '../lib/session.js';

interface Props {
  opened: boolean;
  onClose: () => void;
}

export function ChangePasswordDialog({ opened, onClose }: Props) {
  const { t } = useTranslation('auth');
  return (
    <Modal opened={opened} onClose={onClose} title={t('changePassword.title')}>
      <ChangePasswordForm onClose={onClose} />
    </Modal>
  );
}

function ChangePasswordForm({ onClose }: Pick<Props, 'onClose'>) {
  const { t } = useTranslation('auth');
  const session = useSession();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const [busy, setBusy] = useState(false);
  const [checked, setChecked] = useState(false);
  const [error, setError] = useState<unknown>();
  const fields = fieldErrors(error);
  const tooShort = next.length < 10;
  const differs = next !== again;

  const save = async () => {
    setChecked(true);
    if (current === '' || tooShort || differs) return;
    setBusy(true);
    setError(undefined);
    try {
      await session.changePassword(current, next);
      notifyDone(t('changePassword.done'));
      onClose();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Stack>
        <PasswordInput
          label={t('changePassword.current')}
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          error={
            fields['currentPassword'] ?? (checked && current === '' ? t('errors:fields.currentPassword') : undefined)
          }
          required
          data-autofocus
        />
        <PasswordInput
          label={t('changePassword.new')}
          description={t('passwordHint')}
          autoComplete="new-password"
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          error={fields['newPassword'] ?? (checked && tooShort ? t('errors:fields.newPassword') : undefined)}
          required
        />
        <PasswordInput
          label={t('passwordAgain')}
          autoComplete="new-password"
          value={again}
          onChange={(event) => setAgain(event.currentTarget.value)}
          error={checked && differs ? t('passwordsDiffer') : undefined}
          required
        />
        {error !== undefined && Object.keys(fields).length === 0 && <ErrorPanel error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common:actions.cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('common:actions.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
