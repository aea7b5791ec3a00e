import { cameraResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import { Alert, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { PasswordField } from '../../components/form/password-field.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { api } from '../../lib/api.js';
import { cameraKey, invalidateCameras } from '../../lib/camera-cache.js';
import { notifyDone } from '../../lib/notify.js';
import { formatDateTime } from '../../lib/time.js';

/** That a camera is out of use, since when, and what is left of it. */
export function RetiredNotice({ retiredAt }: { retiredAt: string }) {
  const { t } = useTranslation('cameras');
  return (
    <Alert color="gray" title={t('retired.title', { time: formatDateTime(retiredAt, 'minute') })} role="status">
      {t('retired.text')}
    </Alert>
  );
}

/** Brings a camera out of use back as itself, where its device answers. */
export function CameraReturn({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const form = useAppForm({
    initial: { deviceAddress: camera.deviceAddress, username: camera.username, password: '' },
    most: { deviceAddress: 500, username: 80, password: 200 },
    validate: {
      deviceAddress: (text) => (URL.canParse(text.trim()) ? undefined : t('return.addressWrong')),
      username: (text) => (text.trim() === '' ? t('add.usernameMissing') : undefined),
      password: (text) => (text === '' ? t('add.passwordMissing') : undefined),
    },
  });
  return (
    <AppForm
      form={form}
      gap="sm"
      autoComplete="off"
      guarded={form.values.password !== ''}
      onSubmit={async ({ deviceAddress, username, password }) => {
        const body = { deviceAddress: deviceAddress.trim(), username: username.trim(), password };
        const returned = await api.post(`/api/cameras/${camera.id}/return`, { body, schema: cameraResponse });
        notifyDone(t('return.done', { camera: camera.name }));
        client.setQueryData(cameraKey(camera.id), returned);
        invalidateCameras(client);
        return false;
      }}
      actions={<FormActions submitLabel={t('return.button')} />}
    >
      <Stack gap={4}>
        <Title order={2} fz="lg">
          {t('return.title')}
        </Title>
        <Text c="dimmed">{t('return.text')}</Text>
      </Stack>
      <TextInput
        {...form.text('deviceAddress')}
        label={camera.main?.url === undefined ? t('facts.address') : t('rtsp.deviceAddress')}
        required
      />
      <TextInput {...form.text('username')} label={t('credentials.username')} autoComplete="off" required />
      <PasswordField {...form.text('password')} label={t('add.password')} autoComplete="new-password" required />
    </AppForm>
  );
}
