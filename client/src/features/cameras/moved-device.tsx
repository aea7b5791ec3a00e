import type { DiscoveredDevice } from '@choi-canh/shared/cameras';
import { Button, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { questionId } from './camera-question.js';

/** A device that says at another address that it is a known camera: a person decides that on the camera's page. */
export function MovedDevice({ device, cameraId }: { device: DiscoveredDevice; cameraId: string }) {
  const { t } = useTranslation('cameras');
  return (
    <Group gap="sm">
      <div>
        <Text fw={600} c="var(--state-degraded)">
          <span aria-hidden="true">▲ </span>
          {t('add.moved')}
        </Text>
        <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {t('add.movedFrom', { address: hostOf(device.movedFrom ?? '') })}
        </Text>
      </div>
      <Button variant="default" component={Link} to={`/cameras/${cameraId}#${questionId}`}>
        {t('question.title')}
      </Button>
    </Group>
  );
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address;
}
