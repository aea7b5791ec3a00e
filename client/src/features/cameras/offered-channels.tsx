import {
  cameraAddResponse,
  type CameraAddRequest,
  type CameraAddResponse,
  type DeviceOffer,
} from '@choi-canh/shared/cameras';
import { Button, Card, Stack, Text, Title } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { api, withQuery } from '../../lib/api.js';
import { channelsToAdd, proposedChoice, type ChannelChoice } from './channel-choice.js';
import classes from './channel-picker.module.css';
import { ChannelPicker } from './channel-picker.js';
import { hasTooLong } from './device-choice.js';
import { deviceTitle } from './device-title.js';

/** A longer name hides the number behind it in the field of a channel. */
const shortName = 14;

/** Devices of an addition that have several channels: which of them become cameras. Their password was typed already. */
export function OfferedChannels({
  addition,
  recorderId,
  areaId,
  username,
  nameOf,
  onStarted,
}: {
  addition: CameraAddResponse;
  recorderId: string;
  areaId: string;
  username: string;
  nameOf: (deviceAddress: string) => string;
  onStarted: (additionId: string) => void;
}) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const [choices, setChoices] = useState<ReadonlyMap<string, ChannelChoice>>(new Map());
  const offers = addition.results.flatMap(({ offer }) => (offer === null ? [] : [offer]));
  const defaultName = (device: string) =>
    device === '' || device.length > shortName ? t('channels.defaultAlone') : t('channels.defaultName', { device });
  const choiceOf = (offer: DeviceOffer) =>
    choices.get(offer.deviceAddress) ?? proposedChoice(offer, defaultName(nameOf(offer.deviceAddress)));
  const devices = offers.flatMap((offer): CameraAddRequest['devices'] => {
    const channels = channelsToAdd(offer, choiceOf(offer));
    const { deviceAddress } = offer;
    return channels.length === 0 ? [] : [{ deviceAddress, name: '', place: '', endpointReference: '', channels }];
  });
  const count = devices.reduce((sum, { channels = [] }) => sum + channels.length, 0);
  const isTooLong = devices.some(({ channels = [] }) => hasTooLong(channels));
  const add = useMutation({
    mutationFn: () => {
      const body: CameraAddRequest = {
        ...{ recorderId, areaId, username, devices, passwordOf: addition.id, former: 'return' },
      };
      return api.post('/api/cameras/additions', { schema: cameraAddResponse, body });
    },
    onSuccess: (started) => {
      client.setQueryData<CameraAddResponse>(['addition', started.id], started);
      onStarted(started.id);
    },
  });
  return (
    <Card withBorder>
      <Stack gap="md">
        {offers.map((offer) => (
          <Stack key={offer.deviceAddress} gap="xs">
            <Title order={2} fz="lg">
              {t('channels.title', { device: deviceTitle(t, offer), count: offer.channels.length })}
            </Title>
            <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {offer.deviceAddress}
            </Text>
            <ChannelPicker
              offer={offer}
              choice={choiceOf(offer)}
              onChoice={(choice) => setChoices(new Map(choices).set(offer.deviceAddress, choice))}
              pictureOf={(sourceToken) =>
                withQuery(`/api/cameras/additions/${addition.id}/picture`, {
                  deviceAddress: offer.deviceAddress,
                  ...(sourceToken === '' ? {} : { sourceToken }),
                })
              }
            />
          </Stack>
        ))}
        {add.error !== null && <ErrorPanel error={add.error} />}
        <div className={classes.add}>
          <Button
            leftSection={<IconPlus size={20} />}
            disabled={count === 0 || isTooLong}
            loading={add.isPending}
            onClick={() => add.mutate()}
          >
            {t('add.submit', { count })}
          </Button>
        </div>
      </Stack>
    </Card>
  );
}
