import { cameraResponse, type CameraResponse } from '@choi-canh/shared/cameras';
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlayerStop } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ConfirmWithReason } from '../../components/confirm-with-reason.js';
import { api } from '../../lib/api.js';
import { cameraKey, invalidateCameras } from '../../lib/camera-cache.js';
import { notifyDone } from '../../lib/notify.js';

/** Takes the camera out of use; its page stays, with everything that was. */
export function CameraRetirement({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const [opened, dialog] = useDisclosure(false);
  return (
    <Stack gap="sm">
      <Title order={2} fz="lg">
        {t('retirement.title')}
      </Title>
      <Text c="dimmed">{t('retirement.text')}</Text>
      <Group>
        <Button variant="light" color="red" leftSection={<IconPlayerStop size={20} />} onClick={dialog.open}>
          {t('retirement.button')}
        </Button>
      </Group>
      <ConfirmWithReason
        opened={opened}
        onClose={dialog.close}
        title={t('retirement.confirmTitle', { camera: camera.name })}
        confirmLabel={t('retirement.button')}
        onConfirm={async (reason) => {
          const retired = await api.post(`/api/cameras/${camera.id}/retire`, {
            body: { reason },
            schema: cameraResponse,
          });
          notifyDone(t('retirement.done', { camera: camera.name }));
          client.setQueryData(cameraKey(camera.id), retired);
          invalidateCameras(client);
        }}
      >
        {t('retirement.confirmText')}
      </ConfirmWithReason>
    </Stack>
  );
}
