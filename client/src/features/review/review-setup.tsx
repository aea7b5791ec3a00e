import { Button, Paper, Stack, Text, Textarea } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { TimeInput } from '../../components/time-input.js';
import { useCameras } from '../../lib/cameras.js';
import { useHolds, useIncident, useTags } from '../../lib/cases.js';
import { serverNowMs } from '../../lib/server-clock.js';
import { CameraPicker } from './camera-picker.js';
import { IncidentLine } from './incident-line.js';
import { rankCameras, type CameraHints } from './rank-cameras.js';
import { mostCameras, type ReviewAddress } from './review-address.js';

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
  const [typedAtMs, setTypedAtMs] = useState<number | undefined>(address.atMs);
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
  const atMs = typedAtMs ?? (incident.data && Date.parse(incident.data.occurredAt));
  const asksPurpose = address.incidentId === undefined || incident.isError;

  const open = () => {
    const nowMs = serverNowMs();
    const found: typeof complaints = {
      ...(cameraIds.length === 0 && { cameras: t('setup.needCamera') }),
      ...(atMs === undefined ? { at: t('setup.needTime') } : atMs > nowMs && { at: t('setup.future') }),
      ...(asksPurpose && purpose.trim().length < 5 && { purpose: t('setup.needPurpose') }),
    };
    setComplaints(found);
    if (Object.keys(found).length > 0 || atMs === undefined) return;
    onOpen({ cameraIds, atMs, purpose: asksPurpose ? purpose.trim() : undefined });
  };

  return (
    <Paper p={{ base: 'md', sm: 'lg' }} maw={860} withBorder>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          open();
        }}
      >
        <Stack gap="lg">
          {incident.data && (
            <Text component="div" fz="lg">
              {t('setup.forIncident')} <IncidentLine incident={incident.data} />
            </Text>
          )}
          {incident.isError && <ErrorPanel error={incident.error} onRetry={() => void incident.refetch()} />}
          <TimeInput
            label={t('setup.at')}
            description={t('setup.atHint')}
            value={atMs}
            onChange={(ms) => {
              setTypedAtMs(ms);
              setComplaints({ ...complaints, at: undefined });
            }}
            error={complaints.at}
            maw={360}
            data-testid="review-setup-at"
          />
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
          <div>
            <Button type="submit" h={48} fz="lg" leftSection={<IconPlayerPlay size={22} />} data-testid="review-open">
              {t('setup.open')}
            </Button>
          </div>
        </Stack>
      </form>
    </Paper>
  );
}
