import type { CameraResponse } from '@choi-canh/shared/cameras';
import { Text, TextInput, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { PasswordField } from '../../components/form/password-field.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { useCameras } from '../../lib/cameras.js';
import { notifyDone } from '../../lib/notify.js';
import { usePatchCamera } from './camera-settings.js';
import { cureTargets } from './cures.js';

/** The camera's own user name and password: changed here, never shown. */
export function CameraCredentials({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation('cameras');
  const patch = usePatchCamera(camera.id);
  const channels = (useCameras().data?.items ?? []).filter(({ deviceId }) => deviceId === camera.deviceId).length;
  const form = useAppForm({
    initial: { username: camera.username, password: '' },
    most: { username: 80, password: 200 },
    validate: {
      username: (text) => (text.trim() === '' ? t('add.usernameMissing') : undefined),
      password: (text, { username }) =>
        text === '' && username.trim() === camera.username ? t('credentials.nothingNew') : undefined,
    },
  });
  return (
    <AppForm
      form={form}
      gap="sm"
      autoComplete="off"
      onSubmit={async ({ username, password }) => {
        const saved = await patch.mutateAsync({ username: username.trim(), ...(password === '' ? {} : { password }) });
        form.reset({ username: saved.username, password: '' });
        notifyDone(t('credentials.done'));
        return false;
      }}
      actions={<FormActions variant="default" submitLabel={t('credentials.save')} />}
    >
      <Title order={2} fz="lg">
        {t('credentials.title')}
      </Title>
      <Text c="dimmed">{t('credentials.text')}</Text>
      {channels > 1 && <Text>{t('device.onePassword', { count: channels })}</Text>}
      <TextInput {...form.text('username')} label={t('credentials.username')} autoComplete="off" required />
      <PasswordField
        {...form.text('password')}
        id={cureTargets.password}
        label={t('credentials.password')}
        placeholder={t('credentials.unchanged')}
        autoComplete="new-password"
      />
    </AppForm>
  );
}
