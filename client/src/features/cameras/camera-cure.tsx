import { cameraRetryResponse, type CameraResponse, type CameraRetryResponse } from '@choi-canh/shared/cameras';
import { Button, Group, Text } from '@mantine/core';
import { IconExternalLink, IconKey, IconRefresh, IconServer2, IconVideo } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api } from '../../lib/api.js';
import { errorText } from '../../lib/error-text.js';
import { notifyDone, notifyError } from '../../lib/notify.js';
import { useSession } from '../../lib/session.js';
import { cureTargets, curesOf, devicePage, focusField, retrySaidForMs, type Cure } from './cures.js';

/** What to do about a camera, beside what is wrong with it. `most`: the first of it only, for a list. */
export function CameraCure({
  camera,
  most,
  onPage = false,
}: {
  camera: CameraResponse;
  most?: number;
  onPage?: boolean;
}) {
  const session = useSession();
  const allowed: Record<Cure, boolean> = {
    retry: session.can('camera.manage'),
    password: session.can('camera.manage'),
    enable: session.can('camera.manage'),
    device: session.can('camera.manage') && devicePage(camera.deviceAddress) !== undefined,
    recorder: session.can('recorder.view'),
  };
  const cures = curesOf(camera).filter((cure) => allowed[cure]);
  if (cures.length === 0) return null;
  return (
    <Group gap="xs" data-testid="camera-cure">
      {cures.slice(0, most).map((cure) => (
        <CureControl key={cure} cure={cure} camera={camera} onPage={onPage} />
      ))}
    </Group>
  );
}

function CureControl({ cure, camera, onPage }: { cure: Cure; camera: CameraResponse; onPage: boolean }) {
  const { t } = useTranslation('cameras');
  const look = { variant: 'default', h: 40, px: 'sm' } as const;
  if (cure === 'retry') return <Retry camera={camera} inPlace={onPage} />;
  if (cure === 'recorder') {
    return (
      <Button {...look} component={Link} to="/recorders" leftSection={<IconServer2 size={18} />}>
        {t('cure.recorder')}
      </Button>
    );
  }
  if (cure === 'device') {
    return (
      <Button
        {...look}
        component="a"
        href={devicePage(camera.deviceAddress)}
        target="_blank"
        rel="noopener noreferrer"
        leftSection={<IconExternalLink size={18} />}
      >
        {t('cure.device')}
      </Button>
    );
  }
  const icon = cure === 'password' ? <IconKey size={18} /> : <IconVideo size={18} />;
  return onPage ? (
    <Button {...look} leftSection={icon} onClick={() => focusField(cureTargets[cure])}>
      {t(`cure.${cure}`)}
    </Button>
  ) : (
    <Button {...look} component={Link} to={`/cameras/${camera.id}#${cureTargets[cure]}`} leftSection={icon}>
      {t(`cure.${cure}`)}
    </Button>
  );
}

/** `inPlace`: there is room to say below the button what came of it; else it is said above the page. */
function Retry({ camera, inPlace }: { camera: CameraResponse; inPlace: boolean }) {
  const { t } = useTranslation('cameras');
  const retry = useMutation({
    mutationFn: () => api.post(`/api/cameras/${camera.id}/retry`, { schema: cameraRetryResponse }),
    onSuccess: (answer) => !inPlace && notifyDone(wordsOf(answer)),
    onError: (error) => !inPlace && notifyError(error),
  });
  const waits =
    camera.reason === 'wrong_password' || camera.reason === 'account_locked' ? 'cure.waitPassword' : 'cure.wait';
  const wordsOf = ({ tried, waitMs }: CameraRetryResponse) =>
    tried ? t('cure.tried') : t(waits, { seconds: Math.ceil(waitMs / 1000) });
  const { data: answer, reset } = retry;
  useEffect(() => {
    if (answer === undefined) return;
    const timer = setTimeout(reset, retrySaidForMs(answer));
    return () => clearTimeout(timer);
  }, [answer, reset]);
  return (
    <>
      <Button
        variant="default"
        h={40}
        px="sm"
        leftSection={<IconRefresh size={18} />}
        loading={retry.isPending}
        onClick={() => retry.mutate()}
        data-testid="camera-retry"
      >
        {t('cure.retry')}
      </Button>
      {inPlace && (
        <Text size="sm" role="status" w="100%" style={{ order: 1 }}>
          {retry.isError ? errorText(retry.error) : answer !== undefined && wordsOf(answer)}
        </Text>
      )}
    </>
  );
}
