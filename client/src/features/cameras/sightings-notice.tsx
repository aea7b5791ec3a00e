import { Alert, Anchor, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useCameras } from '../../lib/cameras.js';
import { questionId } from './camera-question.js';
import { useSightings } from './camera-sightings.js';

const named = 5;

/** Cameras that were found at other addresses and wait for a person to say whether it is them. */
export function SightingsNotice() {
  const { t } = useTranslation('cameras');
  const sightings = useSightings();
  const cameras = useCameras();
  const asked = new Set(sightings.data?.items.map(({ cameraId }) => cameraId) ?? []);
  const found = cameras.data?.items.filter(({ id }) => asked.has(id)) ?? [];
  if (found.length === 0) return null;
  return (
    <Alert color="orange" title={t('question.notice', { count: found.length })} data-testid="sightings-notice">
      <Text mb="xs">{t('question.noticeText')}</Text>
      <Group gap="md">
        {found.slice(0, named).map(({ id, name }) => (
          <Anchor key={id} component={Link} to={`/cameras/${id}#${questionId}`}>
            {name}
          </Anchor>
        ))}
        {found.length > named && <Text>{t('question.more', { count: found.length - named })}</Text>}
      </Group>
    </Alert>
  );
}
