import { Alert, Anchor, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { CameraReasonText } from '../../components/camera-reason.js';
import { Instant } from '../../components/instant.js';
import { useCameras } from '../../lib/cameras.js';
import { deviceTitle } from './device-title.js';
import { deviceTroubles } from './device-troubles.js';

const shown = 5;

/** Devices that took all their channels along: each is one thing to mend. */
export function DeviceTroublesNotice() {
  const { t } = useTranslation('cameras');
  const cameras = useCameras();
  const troubles = deviceTroubles(cameras.data?.items ?? []);
  if (troubles.length === 0) return null;
  return (
    <Alert color="red" title={t('device.troubles', { count: troubles.length })} data-testid="device-troubles">
      <Stack gap={4}>
        {troubles.slice(0, shown).map(({ deviceId, reason, sinceAt, cameras: own }) => (
          <Text key={deviceId}>
            <Anchor component={Link} to={`/devices/${deviceId}`}>
              {deviceTitle(t, {
                kind: own[0]?.deviceKind ?? 'nvr',
                manufacturer: own[0]?.manufacturer ?? '',
                model: own[0]?.model ?? '',
              })}
            </Anchor>{' '}
            ({t('device.channels', { count: own.length })}): <CameraReasonText reason={reason} />{' '}
            <Instant at={sinceAt} relative />
          </Text>
        ))}
        {troubles.length > shown && <Text>{t('device.moreTroubles', { count: troubles.length - shown })}</Text>}
      </Stack>
    </Alert>
  );
}
