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
import { deviceWordLengths, hasTooLong } from './device-choice.js';

/** Kept by the page, so that trying again asks only for another password. */
export interface AdditionAccount {
  areaId: string | undefined;
  username: string;
}

/** Area, one user name and one password for the devices given; starts the addition. */
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
  devices: CameraAddRequest['devices'];
  submitLabel: string;
  onStarted: (additionId: string) => void;
}) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const { tree } = useAreas();
  const onlyArea = tree.flat.length === 1 ? tree.flat[0]?.area.id : undefined;
  const areaId = account.areaId ?? onlyArea;
  const form = useAppForm<{
    areaId: string | undefined;
    username: string;
    password: string;
    asNew: boolean;
    words: null;
  }>({
    initial: { areaId, username: account.username, password: '', asNew: false, words: null },
    most: { username: 80, password: 200 },
    validate: {
      areaId: (id) => (id === undefined ? t('errors:fields.areaId') : undefined),
      username: (text) => (text.trim() === '' ? t('add.usernameMissing') : undefined),
      password: (text) => (text === '' ? t('add.passwordMissing') : undefined),
      words: () => (hasTooLong(devices) ? t('add.wordsTooLong', deviceWordLengths) : undefined),
    },
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
        onSubmit={async ({ areaId: into, username, password, asNew }) => {
          if (into === undefined) return;
          const body: CameraAddRequest = {
            ...{ recorderId, areaId: into, username: username.trim(), password, devices },
            former: asNew ? 'new' : 'return',
          };
          const started = await api.post('/api/cameras/additions', { schema: cameraAddResponse, body });
          client.setQueryData<CameraAddResponse>(['addition', started.id], started);
          onStarted(started.id);
        }}
        actions={
          <FormActions submitLabel={submitLabel} icon={<IconPlus size={20} />} disabled={devices.length === 0} />
        }
      >
        <Title order={2} fz="lg">
          {t('add.credentials')}
        </Title>
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
          {t('add.passwordHint')}
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
