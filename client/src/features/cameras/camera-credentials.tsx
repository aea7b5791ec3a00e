import type { CameraResponse } from '@choi-canh/shared/cameras';
import { Button, Group, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { notifyDone } from '../../lib/notify.js';
import { usePatchCamera } from './camera-settings.js';

/** The camera's own user name and password: changed here, never shown. */
export function CameraCredentials({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation('cameras');
  const patch = usePatchCamera(camera.id);
  const [username, setUsername] = useState(camera.username);
  const [password, setPassword] = useState('');
  return (
    <form
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        patch.mutate(
          { username: username.trim(), ...(password === '' ? {} : { password }) },
          {
            onSuccess: () => {
              setPassword('');
              notifyDone(t('credentials.done'));
            },
          },
        );
      }}
    >
      <Stack gap="sm">
        <Title order={2} fz="lg">
          {t('credentials.title')}
        </Title>
        <Text c="dimmed">{t('credentials.text')}</Text>
        <TextInput
          label={t('credentials.username')}
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
          maxLength={80}
          autoComplete="off"
          required
        />
        <PasswordInput
          label={t('credentials.password')}
          placeholder={t('credentials.unchanged')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          maxLength={200}
          autoComplete="new-password"
        />
        {patch.isError && <ErrorPanel error={patch.error} />}
        <Group>
          <Button
            type="submit"
            variant="default"
            loading={patch.isPending}
            disabled={username.trim() === '' || (password === '' && username.trim() === camera.username)}
          >
            {t('credentials.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
