import { cameraResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import { Text, TextInput, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { PasswordField } from '../../components/form/password-field.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { api } from '../../lib/api.js';
import { cameraKey, invalidateCameras } from '../../lib/camera-cache.js';
import { notifyDone } from '../../lib/notify.js';
import { addressErrorText, isAddressOutcome } from './address-error.js';

/** Another address that a person knows, with the password for it: the stored one is not sent there. */
export function CameraAddress({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const [failed, setFailed] = useState<unknown>();
  const form = useAppForm({
    initial: { deviceAddress: camera.deviceAddress, password: '' },
    most: { deviceAddress: 500, password: 200 },
    validate: {
      deviceAddress: (text) =>
        !URL.canParse(text.trim())
          ? t(camera.main?.url === undefined ? 'return.addressWrong' : 'rtsp.deviceAddressWrong')
          : text.trim() === camera.deviceAddress
            ? t('address.same')
            : undefined,
      password: (text) => (text === '' ? t('add.passwordMissing') : undefined),
    },
    serverFields: { bad_device_address: 'deviceAddress', address_not_allowed: 'deviceAddress' },
  });
  return (
    <AppForm
      form={form}
      gap="sm"
      autoComplete="off"
      guarded={form.values.password !== ''}
      onSubmit={async ({ deviceAddress, password }) => {
        setFailed(undefined);
        try {
          const body = { deviceAddress: deviceAddress.trim(), password };
          const moved = await api.post(`/api/cameras/${camera.id}/address`, { body, schema: cameraResponse });
          form.reset({ deviceAddress: moved.deviceAddress, password: '' });
          client.setQueryData(cameraKey(camera.id), moved);
          invalidateCameras(client);
          notifyDone(t('address.done'));
        } catch (error) {
          if (!isAddressOutcome(error)) throw error;
          setFailed(error);
        }
        return false;
      }}
      actions={<FormActions variant="default" submitLabel={t('address.save')} />}
    >
      <Title order={2} fz="lg">
        {t('address.title')}
      </Title>
      <Text c="dimmed">{t('address.text')}</Text>
      <TextInput
        {...form.text('deviceAddress')}
        label={camera.main?.url === undefined ? t('facts.address') : t('rtsp.deviceAddress')}
        autoComplete="off"
        required
      />
      <PasswordField {...form.text('password')} label={t('add.password')} autoComplete="new-password" required />
      {failed !== undefined && (
        <Text c="var(--state-down)" role="alert">
          {addressErrorText(t, failed)}
        </Text>
      )}
    </AppForm>
  );
}
