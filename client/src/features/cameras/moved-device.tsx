import { cameraResponse, type DiscoveredDevice } from '@choi-canh/shared/cameras';
import { Button, Group, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { isApiError } from '../../lib/api-error.js';
import { api } from '../../lib/api.js';
import { invalidateCameras } from '../../lib/cameras.js';
import { errorText } from '../../lib/error-text.js';
import { notifyDone } from '../../lib/notify.js';

/** A known camera that was found at another address: one click, and the system follows it there. */
export function MovedDevice({ device, cameraId }: { device: DiscoveredDevice; cameraId: string }) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const move = useMutation({
    mutationFn: () =>
      api.post(`/api/cameras/${cameraId}/address`, {
        schema: cameraResponse,
        body: { deviceAddress: device.deviceAddress },
      }),
    onSuccess: () => {
      invalidateCameras(client);
      void client.invalidateQueries({ queryKey: ['discovery'] });
      notifyDone(t('add.followed'));
    },
  });
  return (
    <Group gap="sm">
      <div>
        <Text fw={600} c="var(--state-degraded)">
          <span aria-hidden="true">▲ </span>
          {t('add.moved')}
        </Text>
        {move.isError ? (
          <Text size="sm" c="var(--state-down)" role="alert">
            {isApiError(move.error) && move.error.code === 'wrong_password'
              ? t('outcomes.wrong_password')
              : errorText(move.error)}
          </Text>
        ) : (
          <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {t('add.movedFrom', { address: hostOf(device.movedFrom ?? '') })}
          </Text>
        )}
      </div>
      <Button variant="default" loading={move.isPending} onClick={() => move.mutate()}>
        {t('add.follow')}
      </Button>
    </Group>
  );
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address;
}
