import { Button, Group, Stack, Text } from '@mantine/core';
import type { CameraResponse } from '@choi-canh/shared/cameras';
import { IconArrowLeft, IconDeviceCctv, IconHistory, IconVolume, IconVolumeOff } from '@tabler/icons-react';
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { CameraReasonText } from '../../components/camera-reason.js';
import { Instant } from '../../components/instant.js';
import { StateBadge } from '../../components/state-badge.js';
import { playsAac } from '../../lib/playable-codecs.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { useSession } from '../../lib/session.js';
import { LiveTile } from './live-tile.js';
import classes from './live-wall.module.css';

/** One camera alone, in its main stream. Escape leads back to the wall. */
export function FocusedCamera({ camera, onBack }: { camera: CameraResponse; onBack: () => void }) {
  const { t } = useTranslation('live');
  const session = useSession();
  const [openedAtMs] = useState(serverNowMs);
  // Silent until it is asked for: a room full of people need not hear a street.
  const [sound, setSound] = useState<'off' | 'on' | 'lost'>('off');
  const onLost = useCallback(() => setSound('lost'), []);
  const mayHear = camera.audio && playsAac;

  useEffect(() => {
    const leave = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && document.fullscreenElement === null) onBack();
    };
    window.addEventListener('keydown', leave);
    return () => window.removeEventListener('keydown', leave);
  }, [onBack]);

  return (
    <Stack gap="sm">
      <Group gap="sm">
        <Button variant="default" leftSection={<IconArrowLeft size={20} />} onClick={onBack} autoFocus>
          {t('backToWall')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconDeviceCctv size={20} />}
          component={Link}
          to={`/cameras/${camera.id}`}
        >
          {t('cameraPage')}
        </Button>
        {session.can('footage.open') && (
          <Button
            variant="default"
            leftSection={<IconHistory size={20} />}
            component={Link}
            to={`/review?cams=${camera.id}&at=${new Date(openedAtMs - 60_000).toISOString()}`}
          >
            {t('review')}
          </Button>
        )}
        {mayHear && (
          <Button
            variant="default"
            leftSection={sound === 'on' ? <IconVolume size={20} /> : <IconVolumeOff size={20} />}
            aria-pressed={sound === 'on'}
            data-testid="live-sound"
            onClick={() => setSound(sound === 'on' ? 'off' : 'on')}
          >
            {t(sound === 'on' ? 'soundOff' : 'soundOn')}
          </Button>
        )}
      </Group>
      <div className={classes.wall} data-size="1" data-focused>
        <LiveTile camera={camera} stream="main" mode="focus" sound={{ on: mayHear && sound === 'on', onLost }} />
      </div>
      {sound === 'lost' && (
        <Text role="status" ta="center">
          {t('soundLost')}
        </Text>
      )}
      <Group gap="sm" justify="center">
        <StateBadge state={camera.state} />
        <Text>
          <CameraReasonText reason={camera.reason} />
        </Text>
        <Text c="dimmed" component="span">
          <Instant at={camera.sinceAt} relative />
        </Text>
      </Group>
    </Stack>
  );
}
