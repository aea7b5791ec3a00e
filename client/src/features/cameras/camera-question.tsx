import {
  cameraResponse,
  type CameraResponse,
  type CameraSighting,
  type SightingAnswer,
} from '@choi-canh/shared/cameras';
import { Alert, Button, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FactTable } from '../../components/fact-table.js';
import { PasswordField } from '../../components/form/password-field.js';
import { tooLongBy } from '../../components/form/too-long.js';
import { Instant } from '../../components/instant.js';
import { api } from '../../lib/api.js';
import { cameraKey, invalidateCameras } from '../../lib/camera-cache.js';
import { notifyDone } from '../../lib/notify.js';
import { addressErrorText } from './address-error.js';
import { useSightings } from './camera-sightings.js';

export const questionId = 'camera-question';

/** Asks of each device that was found in this camera's name whether it is this one; nothing is sent there before. */
export function CameraQuestions({ camera }: { camera: CameraResponse }) {
  const sightings = useSightings();
  const mine = sightings.data?.items.filter((sighting) => sighting.cameraId === camera.id) ?? [];
  return mine.map((sighting, index) => (
    <CameraQuestion
      key={sighting.deviceAddress}
      camera={camera}
      sighting={sighting}
      {...(index === 0 ? { id: questionId } : {})}
    />
  ));
}

function CameraQuestion({ camera, sighting, id }: { camera: CameraResponse; sighting: CameraSighting; id?: string }) {
  const { t, i18n } = useTranslation('cameras');
  const client = useQueryClient();
  const [password, setPassword] = useState('');
  const answer = useMutation({
    mutationFn: (same: boolean) => {
      const given: SightingAnswer = { deviceAddress: sighting.deviceAddress, same };
      const body = same && password !== '' ? { ...given, password } : given;
      return api.post(`/api/cameras/${camera.id}/sighting`, { body, schema: cameraResponse });
    },
    onSuccess: (now, same) => {
      client.setQueryData(cameraKey(camera.id), now);
      invalidateCameras(client);
      void client.invalidateQueries({ queryKey: ['discovery'] });
      notifyDone(t(same ? 'question.confirmed' : 'question.dismissed'));
    },
  });
  const { name, hardware, endpointReference } = sighting;
  const tooLong = tooLongBy(t, i18n.language, password, 200);
  return (
    <Alert
      color="orange"
      mb="md"
      title={t('question.title')}
      data-testid="camera-question"
      {...(id === undefined ? {} : { id })}
    >
      <Text mb="sm">{t('question.text')}</Text>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md" style={{ alignItems: 'start' }}>
        <FactTable
          rows={[
            [t('question.address'), <Anywhere key="new" text={sighting.deviceAddress} />],
            [t('question.known'), <Anywhere key="old" text={sighting.knownAddress} />],
            [t('question.name'), [name, hardware].filter((part) => part !== '').join(' · ') || t('question.unsaid')],
            [t('question.reference'), <Anywhere key="id" text={endpointReference || t('question.unsaid')} />],
            [
              t('question.seen'),
              <Fragment key="seen">
                <Instant at={sighting.firstSeenAt} precision="minute" />
                {sighting.lastSeenAt !== sighting.firstSeenAt && (
                  <>
                    {` · ${t('question.lately')} `}
                    <Instant at={sighting.lastSeenAt} precision="minute" />
                  </>
                )}
              </Fragment>,
            ],
          ]}
        />
        <Stack gap="sm">
          <PasswordField
            label={t('question.password')}
            description={t('question.passwordHint')}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={tooLong}
            autoComplete="new-password"
          />
          {answer.isError && (
            <Text c="var(--state-down)" role="alert">
              {addressErrorText(t, answer.error)}
            </Text>
          )}
          <Group gap="sm">
            <Button
              leftSection={<IconCheck size={20} />}
              loading={answer.isPending && answer.variables}
              disabled={answer.isPending || tooLong !== undefined}
              onClick={() => answer.mutate(true)}
            >
              {t('question.yes')}
            </Button>
            <Button
              variant="default"
              leftSection={<IconX size={20} />}
              loading={answer.isPending && !answer.variables}
              disabled={answer.isPending}
              onClick={() => answer.mutate(false)}
            >
              {t('question.no')}
            </Button>
          </Group>
        </Stack>
      </SimpleGrid>
    </Alert>
  );
}

function Anywhere({ text }: { text: string }) {
  return <span style={{ overflowWrap: 'anywhere' }}>{text}</span>;
}
