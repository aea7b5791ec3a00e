import { Paper, Stack, Text, Textarea } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { FormActions } from '../../components/form/form-actions.js';
import { TimeField } from '../../components/time/time-field.js';
import { useCameras } from '../../lib/cameras.js';
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
  const cameras = useCameras();
  const [picked, setPicked] = useState<string[] | undefined>(
    address.cameraIds.length > 0 ? address.cameraIds : undefined,
  );
  const [typedAt, setTypedAt] = useState<TypedTime | undefined>(
    address.atMs === undefined ? undefined : typedTime(address.atMs, 'second'),
  );
  const atInput = useRef<HTMLDivElement>(null);
  const [purpose, setPurpose] = useState(startPurpose);
  const [complaints, setComplaints] = useState<{ cameras?: string; at?: string; purpose?: string }>({});

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
  const cameraIds = picked ?? proposed;
  // The incident's time until something is typed; from then on what is typed, also where it is wrong.
  const at = typedAt ?? typedTime(incident.data && Date.parse(incident.data.occurredAt), 'second');
  const asksPurpose = address.incidentId === undefined || incident.isError;

  const open = () => {
    const nowMs = serverNowMs();
    const atMs = msOf(at);
    const atFault = typedTimeFault(at);
    const found: typeof complaints = {
      ...(cameraIds.length === 0 && { cameras: t('setup.needCamera') }),
      ...(atMs === undefined ? { at: atFault ?? t('setup.needTime') } : atMs > nowMs && { at: t('setup.future') }),
      ...(asksPurpose && purpose.trim().length < 5 && { purpose: t('setup.needPurpose') }),
    };
    setComplaints(found);
    if (found.at !== undefined) atInput.current?.querySelector('input')?.focus();
    if (Object.keys(found).length > 0 || atMs === undefined) return;
    onOpen({ cameraIds, atMs, purpose: asksPurpose ? purpose.trim() : undefined });
  };

  return (
    <Paper p={{ base: 'md', sm: 'lg' }} pb={0} maw={1100} withBorder>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          open();
        }}
      >
        {incident.data && (
          <Text component="div" fz="lg" mb="md">
            {t('setup.forIncident')} <IncidentLine incident={incident.data} />
          </Text>
        )}
        {incident.isError && <ErrorPanel error={incident.error} onRetry={() => void incident.refetch()} />}
        <div className={classes.columns}>
          <Stack gap="lg">
            <div ref={atInput}>
              <TimeField
                label={t('setup.at')}
                description={t('setup.atHint')}
                value={at}
                onChange={(next) => {
                  setTypedAt(next);
                  setComplaints({ ...complaints, at: undefined });
                }}
                error={complaints.at}
                latestMs={serverNowMs()}
                data-testid="review-setup-at"
              />
            </div>
            {asksPurpose && (
              <Textarea
                label={t('setup.purpose')}
                description={t('setup.purposeHint')}
                placeholder={t('setup.purposeExample')}
                value={purpose}
                onChange={(event) => {
                  setPurpose(event.currentTarget.value);
                  setComplaints({ ...complaints, purpose: undefined });
                }}
                error={complaints.purpose}
                maxLength={300}
                autosize
                minRows={2}
                data-testid="review-purpose"
              />
            )}
          </Stack>
          <div>
            <CameraPicker
              chosen={cameraIds}
              onChange={(next) => {
                setPicked(next);
                setComplaints({ ...complaints, cameras: undefined });
              }}
              hints={hints}
            />
            {complaints.cameras && (
              <Text c="var(--state-down)" role="alert" mt={6}>
                {complaints.cameras}
              </Text>
            )}
          </div>
        </div>
        <FormActions
          submitLabel={t('setup.open')}
          icon={<IconPlayerPlay size={22} aria-hidden="true" />}
          testId="review-open"
        />
      </form>
    </Paper>
  );
}
