import { Paper, Stack, Text, Textarea } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { TimeField } from '../../components/time/time-field.js';
import { useReviewableCameras } from '../../lib/cameras.js';
import { useHolds, useIncident, useTags } from '../../lib/cases.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { msOf, typedTime, typedTimeFault, type TypedTime } from '../../lib/typed-time.js';
import { CameraPicker } from './camera-picker.js';
import { IncidentLine } from './incident-line.js';
import { rankCameras, type CameraHints } from './rank-cameras.js';
import { mostCameras, type ReviewAddress } from './review-address.js';
import classes from './review-setup.module.css';

export interface SetupChoice {
  cameraIds: string[];
  atMs: number;
  purpose: string | undefined;
}

interface SetupDraft {
  /** Undefined: as the incident says. */
  at: TypedTime | undefined;
  /** Undefined: as proposed. */
  cameraIds: string[] | undefined;
  purpose: string;
}

/** Before footage is seen: which cameras, which moment, and what for. */
export function ReviewSetup({
  address,
  startPurpose,
  onOpen,
}: {
  address: ReviewAddress;
  /** What was typed before. */
  startPurpose: string;
  onOpen(choice: SetupChoice): void;
}) {
  const { t } = useTranslation('review');
  const incident = useIncident(address.incidentId);
  const tags = useTags(address.incidentId);
  const holds = useHolds(address.incidentId);
  const cameras = useReviewableCameras();
  const hints = useMemo<CameraHints>(
    () => ({
      areaId: incident.data?.areaId,
      place: incident.data?.place,
      knownIds: new Set([...(tags.data ?? []), ...(holds.data ?? [])].map((one) => one.cameraId)),
    }),
    [incident.data, tags.data, holds.data],
  );
  const proposed = useMemo(
    () =>
      rankCameras(cameras.data?.items ?? [], hints)
        .filter((one) => one.proposedFor !== undefined)
        .slice(0, mostCameras)
        .map((one) => one.camera.id),
    [cameras.data, hints],
  );
  const asksPurpose = address.incidentId === undefined || incident.isError;
  const incidentAtMs = incident.data && Date.parse(incident.data.occurredAt);
  /** The incident's time until something is typed; from then on what is typed, also where it is wrong. */
  const timeOf = (typed: TypedTime | undefined) => typed ?? typedTime(incidentAtMs, 'second');
  const camerasOf = (picked: string[] | undefined) => picked ?? proposed;
  const form = useAppForm<SetupDraft>({
    initial: {
      at: address.atMs === undefined ? undefined : typedTime(address.atMs, 'second'),
      cameraIds: address.cameraIds.length > 0 ? address.cameraIds : undefined,
      purpose: startPurpose,
    },
    most: { purpose: 300 },
    draft: { name: 'purpose', fields: ['purpose'] },
    validate: {
      at: (typed) => {
        const at = timeOf(typed);
        const atMs = msOf(at);
        if (atMs === undefined) return typedTimeFault(at) ?? t('setup.needTime');
        return atMs > serverNowMs() ? t('setup.future') : undefined;
      },
      cameraIds: (picked) => (camerasOf(picked).length === 0 ? t('setup.needCamera') : undefined),
      purpose: (text) => (asksPurpose && text.trim().length < 5 ? t('setup.needPurpose') : undefined),
    },
  });
  const time = form.field('at');
  const chosen = form.field('cameraIds');

  return (
    <Paper p={{ base: 'md', sm: 'lg' }} pb={0} maw={1100} withBorder>
      <AppForm
        form={form}
        guarded={form.values.purpose !== startPurpose}
        onSubmit={async ({ at, cameraIds, purpose }) => {
          const atMs = msOf(timeOf(at));
          if (atMs === undefined) return;
          onOpen({ cameraIds: camerasOf(cameraIds), atMs, purpose: asksPurpose ? purpose.trim() : undefined });
        }}
        actions={
          <FormActions
            submitLabel={t('setup.open')}
            icon={<IconPlayerPlay size={22} aria-hidden="true" />}
            testId="review-open"
          />
        }
      >
        {incident.data && (
          <Text component="div" fz="lg" mb="md">
            {t('setup.forIncident')} <IncidentLine incident={incident.data} />
          </Text>
        )}
        {incident.isError && <ErrorPanel error={incident.error} onRetry={() => void incident.refetch()} />}
        <div className={classes.columns}>
          <Stack gap="lg">
            <TimeField
              {...time}
              label={t('setup.at')}
              description={t('setup.atHint')}
              value={timeOf(time.value)}
              latestMs={serverNowMs()}
              data-testid="review-setup-at"
            />
            {asksPurpose && (
              <Textarea
                {...form.text('purpose')}
                label={t('setup.purpose')}
                description={t('setup.purposeHint')}
                placeholder={t('setup.purposeExample')}
                autosize
                minRows={2}
                maxRows={8}
                data-testid="review-purpose"
              />
            )}
          </Stack>
          <div data-path={chosen['data-path']}>
            <CameraPicker chosen={camerasOf(chosen.value)} onChange={chosen.onChange} hints={hints} />
            {chosen.error !== undefined && (
              <Text c="var(--mantine-color-error)" role="alert" mt={6}>
                {chosen.error}
              </Text>
            )}
          </div>
        </div>
      </AppForm>
    </Paper>
  );
}
