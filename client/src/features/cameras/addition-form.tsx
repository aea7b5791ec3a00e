import { cameraAddResponse, type CameraAddRequest, type CameraAddResponse } from '@choi-canh/shared/cameras';
import { Button, Card, Group, PasswordInput, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { api } from '../../lib/api.js';
import { useAreas } from '../../lib/areas.js';
import { fieldErrors } from '../../lib/error-text.js';

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
  const { username } = account;
  const [password, setPassword] = useState('');
  const onlyArea = tree.flat.length === 1 ? tree.flat[0]?.area.id : undefined;
  const area = account.areaId ?? onlyArea;
  const add = useMutation({
    mutationFn: (body: CameraAddRequest) => api.post('/api/cameras/additions', { schema: cameraAddResponse, body }),
    onSuccess: (started) => {
      client.setQueryData<CameraAddResponse>(['addition', started.id], started);
      onStarted(started.id);
    },
  });
  const fields = fieldErrors(add.error);
  const [checked, setChecked] = useState(false);

  return (
    <Card withBorder>
      <form
        noValidate
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          setChecked(true);
          if (area === undefined || username.trim() === '' || password === '' || devices.length === 0) return;
          add.mutate({ recorderId, areaId: area, username: username.trim(), password, devices });
        }}
      >
        <Stack gap="sm">
          <Title order={2} fz="lg">
            {t('add.credentials')}
          </Title>
          <SimpleGrid cols={{ base: 1, sm: 3 }}>
            <AreaSelect
              label={t('settings.area')}
              value={area}
              onChange={(areaId) => onAccount({ ...account, areaId })}
              error={checked && area === undefined ? t('errors:fields.areaId') : fields['areaId']}
              required
            />
            <TextInput
              label={t('credentials.username')}
              value={username}
              onChange={(event) => onAccount({ ...account, username: event.currentTarget.value })}
              maxLength={80}
              autoComplete="off"
              error={
                fields['username'] !== undefined || (checked && username.trim() === '')
                  ? t('add.usernameMissing')
                  : undefined
              }
              required
            />
            <PasswordInput
              label={t('add.password')}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              maxLength={200}
              autoComplete="new-password"
              error={
                fields['password'] !== undefined || (checked && password === '') ? t('add.passwordMissing') : undefined
              }
              required
            />
          </SimpleGrid>
          <Text size="sm" c="dimmed">
            {t('add.passwordHint')}
          </Text>
          {add.isError && <ErrorPanel error={add.error} />}
          <Group>
            <Button
              type="submit"
              leftSection={<IconPlus size={20} />}
              loading={add.isPending}
              disabled={devices.length === 0}
            >
              {submitLabel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
