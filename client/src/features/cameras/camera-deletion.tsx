import type { CameraResponse } from '@choi-canh/shared/cameras';
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { ConfirmWithReason } from '../../components/confirm-with-reason.js';
import { leaveAnyway } from '../../components/form/use-leave-guard.js';
import { api } from '../../lib/api.js';
import { cameraKey, invalidateCameras } from '../../lib/cameras.js';
import { notifyDone } from '../../lib/notify.js';

export function CameraDeletion({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const navigate = useNavigate();
  const [opened, dialog] = useDisclosure(false);
  return (
    <Stack gap="sm">
      <Title order={2} fz="lg">
        {t('deletion.title')}
      </Title>
      <Text c="dimmed">{t('deletion.text')}</Text>
      <Group>
        <Button variant="light" color="red" leftSection={<IconTrash size={20} />} onClick={dialog.open}>
          {t('deletion.button')}
        </Button>
      </Group>
      <ConfirmWithReason
        opened={opened}
        onClose={dialog.close}
        title={t('deletion.confirmTitle', { camera: camera.name })}
        confirmLabel={t('deletion.button')}
        onConfirm={async (reason) => {
          await api.delete(`/api/cameras/${camera.id}`, { body: { reason } });
          notifyDone(t('deletion.done', { camera: camera.name }));
          await navigate('/cameras', { replace: true, state: leaveAnyway });
          client.removeQueries({ queryKey: cameraKey(camera.id) });
          invalidateCameras(client);
        }}
      >
        {t('deletion.confirmText')}
      </ConfirmWithReason>
    </Stack>
  );
}
