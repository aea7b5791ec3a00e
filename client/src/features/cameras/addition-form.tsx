import { cameraAddResponse, type CameraAddRequest, type CameraAddResponse } from '@choi-canh/shared/cameras';
import { Button, Card, Group, PasswordInput, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AreaSelect } from '../../components/area-select.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { useAreaFilter } from '../../lib/area-filter.js';
import { api } from '../../lib/api.js';
import { useAreas } from '../../lib/areas.js';
import { fieldErrors } from '../../lib/error-text.js';

/** Area, one user name and one password for the devices given; starts the addition. */
export function AdditionForm({
  recorderId,
  devices,
  submitLabel,
  onStarted,
}: {
  recorderId: string;
  devices: CameraAddRequest['devices'];
  submitLabel: string;
  onStarted: (additionId: string) => void;
}) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const filter = useAreaFilter();
  const { tree } = useAreas();
  const [areaId, setAreaId] = useState(filter.areaId);
  const [username, setUsername] = useState('admin');
  const [password, setPassword] = useState('');
  const onlyArea = tree.flat.length === 1 ? tree.flat[0]?.area.id : undefined;
  const area = areaId ?? onlyArea;
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
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          setChecked(true);
          if (area === undefined || devices.length === 0) return;
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
              onChange={setAreaId}
              error={checked && area === undefined ? t('errors:fields.areaId') : fields['areaId']}
              required
            />
            <TextInput
              label={t('credentials.username')}
              value={username}
              onChange={(event) => setUsername(event.currentTarget.value)}
              maxLength={80}
              autoComplete="off"
              error={fields['username'] === undefined ? undefined : t('errors:fields.other')}
              required
            />
            <PasswordInput
              label={t('add.password')}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              maxLength={200}
              autoComplete="new-password"
              error={fields['password'] === undefined ? undefined : t('errors:fields.other')}
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
