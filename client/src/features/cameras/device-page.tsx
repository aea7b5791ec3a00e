import {
  deviceDetailResponse,
  deviceOffer,
  type DeviceDetailResponse,
  type DeviceOffer,
} from '@choi-canh/shared/cameras';
import { Alert, Anchor, Button, Card, Group, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { IconArrowLeft, IconPlus, IconSearch } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { AreaSelect } from '../../components/area-select.js';
import { CameraReasonText } from '../../components/camera-reason.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { FactTable } from '../../components/fact-table.js';
import { Instant } from '../../components/instant.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { StateBadge } from '../../components/state-badge.js';
import { api, withQuery } from '../../lib/api.js';
import { invalidateCameras } from '../../lib/camera-cache.js';
import { useSession } from '../../lib/session.js';
import { useSocketEvent } from '../../lib/socket.js';
import { channelsToAdd, freeChannels, proposedChoice, type ChannelChoice } from './channel-choice.js';
import pickerClasses from './channel-picker.module.css';
import { ChannelPicker } from './channel-picker.js';
import { hasTooLong } from './device-choice.js';
import { deviceTitle } from './device-title.js';

const keyOf = (deviceId: string) => ['device', deviceId] as const;

/** One device: what it is, once; its cameras by channel; and more of its channels. */
export function DevicePage() {
  const { t } = useTranslation('cameras');
  const { deviceId = '' } = useParams();
  const session = useSession();
  const client = useQueryClient();
  const refresh = () => void client.invalidateQueries({ queryKey: keyOf(deviceId) });
  useSocketEvent('camera.changed', refresh);
  useSocketEvent('camera.state', refresh);
  const query = useQuery({
    queryKey: keyOf(deviceId),
    queryFn: ({ signal }) => api.get(`/api/devices/${deviceId}`, { schema: deviceDetailResponse, signal }),
  });
  const back = (
    <Button variant="subtle" component={Link} to="/cameras" leftSection={<IconArrowLeft size={20} />} mb="xs" px={4}>
      {t('allCameras')}
    </Button>
  );
  if (query.data === undefined) {
    return (
      <>
        {back}
        {query.isPending ? (
          <SkeletonList rows={6} />
        ) : (
          <>
            <PageHeader title={t('device.missing')} />
            <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
          </>
        )}
      </>
    );
  }
  const { device, items, shared } = query.data;
  // A device without ONVIF cannot be asked for its channels.
  const hasOnvif = !device.deviceAddress.startsWith('rtsp');
  return (
    <>
      {back}
      <PageHeader
        title={deviceTitle(t, device)}
        description={t('device.summary', { cameras: device.cameras, down: device.down })}
      />
      <Stack gap="md">
        {device.trouble !== null && items.length > 1 && (
          <Alert color="red" title={t('device.trouble', { count: items.length })}>
            <CameraReasonText reason={device.trouble.reason} /> <Instant at={device.trouble.sinceAt} relative />
            {device.trouble.reason === 'wrong_password' && <Text mt="xs">{t('device.passwordHint')}</Text>}
          </Alert>
        )}
        <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md" style={{ alignItems: 'start' }}>
          <Card withBorder>
            <Title order={2} fz="lg" mb="sm">
              {t('device.cameras')}
            </Title>
            <ChannelTable items={items} />
            {shared && (
              <Text size="sm" c="dimmed" mt="sm">
                {t('device.shared')}
              </Text>
            )}
          </Card>
          <Card withBorder>
            <Title order={2} fz="lg" mb="sm">
              {t('facts.title')}
            </Title>
            <FactTable
              rows={[
                [t('facts.device'), [device.manufacturer, device.model].filter((part) => part !== '').join(' ') || '—'],
                [t('facts.serialNumber'), device.serialNumber || '—'],
                [t('device.firmware'), device.firmwareVersion || '—'],
                [
                  hasOnvif ? t('facts.address') : t('rtsp.deviceAddress'),
                  <span key="address" style={{ overflowWrap: 'anywhere' }}>
                    {device.deviceAddress}
                  </span>,
                ],
                [t('credentials.username'), device.username || '—'],
                ...(device.oldTls ? [[t('device.encryption'), t('device.oldTls')] as [string, string]] : []),
              ]}
            />
          </Card>
        </SimpleGrid>
        {session.can('camera.manage') && hasOnvif && <MoreChannels deviceId={deviceId} areaId={items[0]?.areaId} />}
      </Stack>
    </>
  );
}

function ChannelTable({ items }: { items: DeviceDetailResponse['items'] }) {
  const { t } = useTranslation('cameras');
  return (
    <Table>
      <Table.Tbody>
        {items.map((camera) => (
          <Table.Tr key={camera.id}>
            <Table.Td style={{ whiteSpace: 'nowrap' }}>
              {t('channels.number', { number: camera.channelNumber })}
            </Table.Td>
            <Table.Td>
              <Anchor component={Link} to={`/cameras/${camera.id}`}>
                {camera.name}
              </Anchor>
            </Table.Td>
            <Table.Td>
              <StateBadge state={camera.state} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Asks the device for its channels, with the password that it has, and adds those that are chosen. */
function MoreChannels({ deviceId, areaId: firstArea }: { deviceId: string; areaId: string | undefined }) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const [offer, setOffer] = useState<DeviceOffer>();
  const [choice, setChoice] = useState<ChannelChoice>();
  const [areaId, setAreaId] = useState(firstArea);
  const look = useMutation({
    mutationFn: () => api.post(`/api/devices/${deviceId}/channels`, { schema: deviceOffer }),
    onSuccess: (found) => {
      setOffer(found);
      setChoice(proposedChoice(found, t('channels.defaultAlone')));
    },
  });
  const channels = offer === undefined || choice === undefined ? [] : channelsToAdd(offer, choice);
  const add = useMutation({
    mutationFn: () =>
      api.post(`/api/devices/${deviceId}/cameras`, { schema: deviceDetailResponse, body: { areaId, channels } }),
    onSuccess: (now) => {
      client.setQueryData(keyOf(deviceId), now);
      invalidateCameras(client);
      setOffer(undefined);
    },
  });
  const isNothingNew = offer !== undefined && freeChannels(offer).length === 0;
  const isOffered = offer !== undefined && choice !== undefined && !isNothingNew;
  const error = look.error ?? add.error;
  return (
    <Card withBorder>
      <Stack gap="md" align="flex-start">
        <Title order={2} fz="lg">
          {t('device.moreTitle')}
        </Title>
        {offer === undefined && <Text>{t('device.moreText')}</Text>}
        {isNothingNew && <Text role="status">{t('device.nothingNew')}</Text>}
        {error !== null && <ErrorPanel error={error} />}
        {isOffered && (
          <>
            <div style={{ width: '100%' }}>
              <ChannelPicker
                offer={offer}
                choice={choice}
                onChoice={setChoice}
                pictureOf={(sourceToken) => withQuery(`/api/devices/${deviceId}/picture`, { sourceToken })}
              />
            </div>
            <AreaSelect label={t('settings.area')} value={areaId} onChange={setAreaId} required />
          </>
        )}
        <div className={isOffered ? pickerClasses.add : undefined} style={{ width: '100%' }}>
          <Group gap="sm">
            {isOffered && (
              <Button
                leftSection={<IconPlus size={20} />}
                disabled={channels.length === 0 || areaId === undefined || hasTooLong(channels)}
                loading={add.isPending}
                onClick={() => add.mutate()}
              >
                {t('add.submit', { count: channels.length })}
              </Button>
            )}
            <Button
              variant="default"
              leftSection={<IconSearch size={20} />}
              loading={look.isPending}
              onClick={() => look.mutate()}
            >
              {t(offer === undefined ? 'device.look' : 'device.lookAgain')}
            </Button>
          </Group>
        </div>
      </Stack>
    </Card>
  );
}
