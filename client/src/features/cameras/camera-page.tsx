import { Button, Card, Group, SegmentedControl, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconArrowLeft, IconHistory } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation, useParams } from 'react-router';
import { CameraReasonText } from '../../components/camera-reason.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { Instant } from '../../components/instant.js';
import { LiveVideo } from '../../components/live-video.js';
import { PageHeader } from '../../components/page-header.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { StateBadge } from '../../components/state-badge.js';
import { TechnicalDetail } from '../../components/technical-detail.js';
import { isMissing } from '../../lib/api-error.js';
import { useAreas } from '../../lib/areas.js';
import { useCamera } from '../../lib/cameras.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { useSession } from '../../lib/session.js';
import { useUrlState } from '../../lib/url-state.js';
import { CameraCure } from './camera-cure.js';
import { cureTargets, focusField } from './cures.js';
import { CameraAddress } from './camera-address.js';
import { CameraQuestions } from './camera-question.js';
import { CameraCredentials } from './camera-credentials.js';
import { CameraEvents } from './camera-events.js';
import { CameraFacts } from './camera-facts.js';
import { CameraHistory } from './camera-history.js';
import { CameraProfiles } from './camera-profiles.js';
import { CameraRetirement } from './camera-retirement.js';
import { CameraReturn, RetiredNotice } from './camera-return.js';
import { CameraRuntime } from './camera-runtime.js';
import { CameraSettings } from './camera-settings.js';

/** One camera: its picture now, its state and why, its past states, its facts, and what a technician may change. */
export function CameraPage() {
  const { t } = useTranslation('cameras');
  const { cameraId = '' } = useParams();
  const session = useSession();
  const { tree } = useAreas();
  const { search, change } = useUrlState();
  const query = useCamera(cameraId);
  const camera = query.data;
  const { hash } = useLocation();
  const present = camera !== undefined;
  useEffect(() => {
    // From a complaint in the list straight to what cures it.
    const target = Object.values(cureTargets).find((id) => `#${id}` === hash);
    if (present && target !== undefined) focusField(target);
  }, [hash, present]);
  const back = (
    <Button variant="subtle" component={Link} to="/cameras" leftSection={<IconArrowLeft size={20} />} mb="xs" px={4}>
      {t('allCameras')}
    </Button>
  );

  if (camera === undefined) {
    return (
      <>
        {back}
        {query.isPending ? (
          <SkeletonList rows={6} />
        ) : (
          <>
            <PageHeader title={isMissing(query.error) ? t('missing') : t('title')} />
            <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
          </>
        )}
      </>
    );
  }
  const areaPath = tree.byId.get(camera.areaId)?.path.join(' › ') ?? '';
  const stream = search.get('stream') === 'sub' ? 'sub' : 'main';
  const mayManage = session.can('camera.manage');
  const { retiredAt } = camera;
  const inUse = retiredAt === null;
  // What is seen last of a camera out of use is what is looked for.
  const reviewAtMs = inUse ? serverNowMs() : Date.parse(retiredAt);

  const mayChange = mayManage && inUse;
  const hasOnvif = camera.main?.url === undefined;
  // Beside the forms they fill the column of the picture; without forms they have their own.
  const facts = (
    <>
      {inUse && (
        <Card withBorder>
          <CameraRuntime camera={camera} />
        </Card>
      )}
      <Card withBorder>
        <CameraFacts camera={camera} areaPath={areaPath} />
      </Card>
    </>
  );

  return (
    <>
      {back}
      <PageHeader
        title={camera.name}
        description={[camera.place, areaPath].filter((part) => part !== '').join(' · ')}
        actions={
          session.can('footage.open') && (
            <Button
              component={Link}
              variant="default"
              leftSection={<IconHistory size={20} />}
              to={`/review?cams=${camera.id}&at=${new Date(Math.floor(reviewAtMs / 60_000) * 60_000 - 60_000).toISOString()}`}
            >
              {t('review')}
            </Button>
          )
        }
      />
      {inUse && mayManage && <CameraQuestions camera={camera} />}
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md" style={{ alignItems: 'start' }}>
        <Stack gap="md">
          {inUse ? (
            <Card withBorder padding={0} radius="md">
              {session.can('camera.live') && <LiveVideo camera={camera} stream={stream} mode="focus" />}
              <Group p="sm" justify="space-between" gap="sm">
                <Stack gap={2}>
                  <Group gap="xs">
                    <StateBadge state={camera.state} />
                    <Text size="sm" c="dimmed" component="span">
                      <Instant at={camera.sinceAt} relative />
                    </Text>
                  </Group>
                  <Text>
                    <CameraReasonText reason={camera.reason} />
                  </Text>
                  {mayManage && <TechnicalDetail detail={camera.detail} />}
                  <CameraCure camera={camera} onPage />
                </Stack>
                {camera.sub !== null && session.can('camera.live') && (
                  <SegmentedControl
                    aria-label={t('stream.label')}
                    value={stream}
                    onChange={(value) => change({ stream: value === 'sub' ? 'sub' : undefined })}
                    data={[
                      { value: 'main', label: t('stream.main') },
                      { value: 'sub', label: t('stream.sub') },
                    ]}
                  />
                )}
              </Group>
            </Card>
          ) : (
            <RetiredNotice retiredAt={retiredAt} />
          )}
          <Card withBorder>
            <CameraHistory cameraId={camera.id} />
          </Card>
          {hasOnvif && (
            <Card withBorder>
              <CameraEvents cameraId={camera.id} />
            </Card>
          )}
          {mayChange && facts}
        </Stack>
        <Stack gap="md">
          {mayManage && !inUse && (
            <Card withBorder>
              <CameraReturn key={camera.id} camera={camera} />
            </Card>
          )}
          {!mayChange && facts}
          {mayChange && (
            <>
              <Card withBorder>
                <CameraSettings key={camera.id} camera={camera} />
              </Card>
              <Card withBorder>
                <CameraCredentials key={camera.id} camera={camera} />
              </Card>
              <Card withBorder>
                <CameraAddress key={`${camera.id} ${camera.deviceAddress}`} camera={camera} />
              </Card>
              {hasOnvif && (
                <Card withBorder>
                  <CameraProfiles key={camera.id} camera={camera} />
                </Card>
              )}
              <Card withBorder>
                <CameraRetirement camera={camera} />
              </Card>
            </>
          )}
        </Stack>
      </SimpleGrid>
    </>
  );
}
