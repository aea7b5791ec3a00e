import { cameraAddResponse, type CameraAddRequest, type CameraAddResponse } from '@choi-canh/shared/cameras';
import { Card, Checkbox, SimpleGrid, Text, TextInput, Title } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { PasswordField } from '../../components/form/password-field.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { api } from '../../lib/api.js';
import { useAreas } from '../../lib/areas.js';
import { deviceWordLengths, hasTooLong, type DeviceWords } from './device-choice.js';
import { TypedDeviceFields } from './typed-device-fields.js';
import { maxDeviceAddressLength, typedDevice } from './typed-device.js';

/** Kept by the page, so that trying again asks only for another password. */
export interface AdditionAccount {
  areaId: string | undefined;
  username: string;
}

export interface AdditionValues extends DeviceWords {
  /** Of the one device, where it is typed. */
  address: string;
  areaId: string | undefined;
  username: string;
  password: string;
  asNew: boolean;
  words: null;
}

/** Area, one user name and one password for the devices given, or for the one that is typed; starts the addition. */
export function AdditionForm({
  recorderId,
  devices,
  submitLabel,
  account,
  onAccount,
  onStarted,
}: {
  recorderId: string;
  account: AdditionAccount;
  onAccount: (account: AdditionAccount) => void;
  /** `typed`: a person types the address of one. */
  devices: CameraAddRequest['devices'] | 'typed';
  submitLabel: string;
  onStarted: (additionId: string, devices: CameraAddRequest['devices']) => void;
}) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const { tree } = useAreas();
  const onlyArea = tree.flat.length === 1 ? tree.flat[0]?.area.id : undefined;
  const areaId = account.areaId ?? onlyArea;
  const isTyped = devices === 'typed';
  const form = useAppForm<AdditionValues>({
    initial: {
      ...{ address: '', name: '', place: '' },
      ...{ areaId, username: account.username, password: '', asNew: false, words: null },
    },
    most: { ...deviceWordLengths, address: maxDeviceAddressLength, username: 80, password: 200 },
    validate: {
      address: (text) => {
        const { kind } = typedDevice(text);
        return isTyped && kind !== 'onvif' ? t(`typed.${kind}`) : undefined;
      },
      areaId: (id) => (id === undefined ? t('errors:fields.areaId') : undefined),
      username: (text) => (text.trim() === '' ? t('add.usernameMissing') : undefined),
      password: (text) => (text === '' ? t('add.passwordMissing') : undefined),
      words: () => (!isTyped && hasTooLong(devices) ? t('add.wordsTooLong', deviceWordLengths) : undefined),
    },
    serverFields: isTyped ? { bad_device_address: 'address', address_not_allowed: 'address' } : {},
  });
  const shownAreaId = form.values.areaId;
  useEffect(() => {
    // The area of the address, and the only one there is, come later than the form.
    if (areaId !== undefined && areaId !== shownAreaId) form.set({ areaId });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only when the area outside changes
  }, [areaId]);

  return (
    <Card withBorder>
      <AppForm
        form={form}
        gap="sm"
        autoComplete="off"
        guarded={form.values.password !== ''}
        onSubmit={async ({ areaId: into, username, password, asNew, ...one }) => {
          const chosen = isTyped ? devicesOf(one) : devices;
          if (into === undefined || chosen.length === 0) return;
          const body: CameraAddRequest = {
            ...{ recorderId, areaId: into, username: username.trim(), password, devices: chosen },
            former: asNew ? 'new' : 'return',
          };
          const started = await api.post('/api/cameras/additions', { schema: cameraAddResponse, body });
          client.setQueryData<CameraAddResponse>(['addition', started.id], started);
          onStarted(started.id, chosen);
        }}
        actions={
          <FormActions submitLabel={submitLabel} icon={<IconPlus size={20} />} disabled={devices.length === 0} />
        }
      >
        {isTyped ? (
          <TypedDeviceFields form={form} />
        ) : (
          <Title order={2} fz="lg">
            {t('add.credentials')}
          </Title>
        )}
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <AreaSelect
            {...form.field('areaId')}
            label={t('settings.area')}
            onChange={(id) => {
              form.set({ areaId: id });
              onAccount({ ...account, areaId: id });
            }}
            required
          />
          <TextInput
            {...form.text('username')}
            label={t('credentials.username')}
            onChange={(event) => {
              const username = event.currentTarget.value;
              form.set({ username });
              onAccount({ ...account, username });
            }}
            autoComplete="off"
            required
          />
          <PasswordField {...form.text('password')} label={t('add.password')} autoComplete="new-password" required />
        </SimpleGrid>
        {form.field('words').error !== undefined && (
          <Text c="var(--mantine-color-error)" role="alert">
            {form.field('words').error}
          </Text>
        )}
        <Text size="sm" c="dimmed">
          {t(isTyped ? 'typed.passwordHint' : 'add.passwordHint')}
        </Text>
        <Checkbox
          checked={!form.values.asNew}
          onChange={(event) => form.set({ asNew: !event.currentTarget.checked })}
          label={t('add.former')}
          description={t('add.formerHint')}
        />
      </AppForm>
    </Card>
  );
}

function devicesOf({
  address,
  name,
  place,
}: Pick<AdditionValues, 'address' | 'name' | 'place'>): CameraAddRequest['devices'] {
  const device = typedDevice(address);
  if (device.kind !== 'onvif') return [];
  return [{ deviceAddress: device.deviceAddress, name: name.trim(), place: place.trim(), endpointReference: '' }];
}
