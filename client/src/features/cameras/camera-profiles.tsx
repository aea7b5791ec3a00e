import {
  cameraResponse,
  deviceOffer,
  type CameraProfilesRequest,
  type CameraResponse,
  type StreamFacts,
} from '@choi-canh/shared/cameras';
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { SearchSelect, type SelectOption } from '../../components/form/search-select.js';
import { api } from '../../lib/api.js';
import { invalidateCameras } from '../../lib/camera-cache.js';
import { notifyDone } from '../../lib/notify.js';

/** Which streams of its channel a camera is recorded and shown by; the device is asked first what it offers. */
export function CameraProfiles({ camera }: { camera: CameraResponse }) {
  const { t } = useTranslation('cameras');
  const client = useQueryClient();
  const [choice, setChoice] = useState<CameraProfilesRequest>();
  const look = useMutation({
    mutationFn: () => api.post(`/api/devices/${camera.deviceId}/channels`, { schema: deviceOffer }),
    onSuccess: () =>
      setChoice({
        mainProfileToken: camera.main?.profileToken ?? '',
        subProfileToken: camera.sub?.profileToken ?? null,
      }),
  });
  const save = useMutation({
    mutationFn: (body: CameraProfilesRequest) =>
      api.put(`/api/cameras/${camera.id}/profiles`, { schema: cameraResponse, body }),
    onSuccess: () => {
      invalidateCameras(client);
      setChoice(undefined);
      notifyDone(t('profiles.done'));
    },
  });
  const channel = look.data?.channels.find(({ knownCameraId }) => knownCameraId === camera.id);
  const options = (channel?.profiles ?? []).map((profile) => ({
    value: profile.profileToken,
    label: profileWords(profile),
  }));
  const renderOption = ({ value, label }: SelectOption<string>) => (
    <div style={{ overflowWrap: 'anywhere' }}>
      {label}
      {/* In the colour of the option, which is another one where it is active. */}
      <Text size="sm">{value}</Text>
    </div>
  );
  const error = look.error ?? save.error;
  return (
    <Stack gap="sm">
      <Title order={2} fz="lg">
        {t('profiles.title')}
      </Title>
      <Text c="dimmed">{t('profiles.text')}</Text>
      {error !== null && <ErrorPanel error={error} />}
      {look.data !== undefined && channel === undefined && <Text role="status">{t('profiles.none')}</Text>}
      {choice !== undefined && channel !== undefined ? (
        <>
          <SearchSelect
            label={t('facts.main')}
            description={choice.mainProfileToken}
            data={options}
            renderOption={renderOption}
            value={choice.mainProfileToken}
            onChange={(mainProfileToken) => setChoice({ ...choice, mainProfileToken })}
          />
          <SearchSelect
            label={t('facts.sub')}
            description={choice.subProfileToken ?? undefined}
            renderOption={renderOption}
            data={[{ value: '', label: t('facts.noStream') }, ...options]}
            value={choice.subProfileToken ?? ''}
            onChange={(token) => setChoice({ ...choice, subProfileToken: token === '' ? null : token })}
          />
          <Group>
            <Button
              variant="default"
              loading={save.isPending}
              disabled={!options.some(({ value }) => value === choice.mainProfileToken)}
              onClick={() => save.mutate(choice)}
            >
              {t('profiles.save')}
            </Button>
          </Group>
        </>
      ) : (
        <Group>
          <Button variant="default" loading={look.isPending} onClick={() => look.mutate()}>
            {t('profiles.look')}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

/** The token stands beside it: on a phone the field has no room for both. */
const profileWords = ({ codec, width, height, frameRate }: StreamFacts): string =>
  [`${width} × ${height}`, codec.replace(/^H(26[45])$/i, 'H.$1'), frameRate === null ? '' : `${frameRate} fps`]
    .filter((part) => part !== '')
    .join(' · ');
