import type { CameraResponse, StreamFacts } from '@choi-canh/shared/cameras';
import { Anchor, Stack, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { FactTable } from '../../components/fact-table.js';
import { Instant } from '../../components/instant.js';
import { useAreas } from '../../lib/areas.js';
import { deviceTitle } from './device-title.js';

/** What the device says of itself, what its streams promise, and how long its footage is kept. */
export function CameraFacts({ camera, areaPath }: { camera: CameraResponse; areaPath: string }) {
  const { t } = useTranslation('cameras');
  const { tree } = useAreas();
  const days = t('facts.days', { count: camera.effectiveRetentionDays });
  const chosenBy = camera.retentionAreaId === null ? undefined : tree.byId.get(camera.retentionAreaId)?.area.name;
  const retention = {
    camera: t('facts.retentionOwn', { days }),
    area:
      chosenBy === undefined ? t('facts.retentionAbove', { days }) : t('facts.retentionArea', { days, area: chosenBy }),
    default: t('facts.retentionDefault', { days }),
  }[camera.retentionSource];
  const stream = (facts: StreamFacts | null) =>
    facts === null
      ? t('facts.noStream')
      : [
          facts.codec.toUpperCase(),
          `${facts.width} × ${facts.height}`,
          facts.frameRate === null ? '' : t('facts.frameRate', { rate: facts.frameRate }),
          facts.bitrateKbps === null ? '' : `${facts.bitrateKbps} kbit/s`,
        ]
          .filter((part) => part !== '')
          .join(' · ');
  const rows: [string, ReactNode][] = [
    [
      t('facts.device'),
      <Anchor key="device" component={Link} to={`/devices/${camera.deviceId}`}>
        {deviceTitle(t, { ...camera, kind: camera.deviceKind })}
      </Anchor>,
    ],
    [t('facts.channel'), t('channels.number', { number: camera.channelNumber })],
    [t('facts.serialNumber'), camera.serialNumber || '—'],
    [
      camera.main?.url === undefined ? t('facts.address') : t('rtsp.address'),
      <span key="address" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-line' }}>
        {camera.main?.url === undefined
          ? camera.deviceAddress
          : [camera.main.url, camera.sub?.url ?? ''].join('\n').trim()}
      </span>,
    ],
    [t('facts.main'), stream(camera.main)],
    [t('facts.sub'), stream(camera.sub)],
    [t('facts.area'), areaPath || '—'],
    [t('facts.retention'), retention],
    [t('facts.added'), <Instant key="added" at={camera.createdAt} precision="minute" />],
  ];
  return (
    <Stack gap="sm">
      <Title order={2} fz="lg">
        {t('facts.title')}
      </Title>
      <FactTable rows={rows} />
    </Stack>
  );
}
