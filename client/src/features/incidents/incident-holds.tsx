import type { HoldCause, HoldResponse } from '@choi-canh/shared/evidence';
import { Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmWithReason } from '../../components/confirm-with-reason.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { useCaseActions, useHolds } from '../../lib/cases.js';
import { formatRange } from '../../lib/time.js';
import { HoldRow } from './hold-row.js';
import classes from './incidents.module.css';

/** Footage kept for the incident beyond its retention. */
export function IncidentHolds({ incidentId }: { incidentId: string }) {
  const { t } = useTranslation('incidents');
  const holds = useHolds(incidentId);
  const actions = useCaseActions();
  const [releasing, setReleasing] = useState<{ hold: HoldResponse; cause?: HoldCause }>();
  const current = holds.data?.filter((hold) => hold.state !== 'released') ?? [];
  const released = holds.data?.filter((hold) => hold.state === 'released') ?? [];
  const rangeOf = ({ from, to }: { from: string; to: string }) => formatRange(from, to);
  return (
    <section className={classes.panel}>
      <Title order={2} fz="lg" mb={4}>
        {t('holds.title')}
      </Title>
      <Text c="dimmed" mb="sm">
        {t('holds.intro')}
      </Text>
      {holds.isPending && <SkeletonList rows={2} height={56} />}
      {holds.isError && <ErrorPanel error={holds.error} onRetry={() => void holds.refetch()} />}
      {holds.data?.length === 0 && <Text c="dimmed">{t('holds.empty')}</Text>}
      <Stack gap="sm">
        {current.map((hold) => (
          <HoldRow
            key={hold.id}
            hold={hold}
            onRelease={(cause) => setReleasing({ hold, ...(cause === undefined ? {} : { cause }) })}
          />
        ))}
      </Stack>
      {released.length > 0 && (
        <details>
          <summary style={{ minHeight: 40, lineHeight: '40px', cursor: 'pointer' }}>
            {t('holds.showReleased', { count: released.length })}
          </summary>
          <Stack gap="sm">
            {released.map((hold) => (
              <HoldRow key={hold.id} hold={hold} />
            ))}
          </Stack>
        </details>
      )}
      <ConfirmWithReason
        opened={releasing !== undefined}
        onClose={() => setReleasing(undefined)}
        title={t(releasing?.cause === undefined ? 'holds.releaseTitle' : 'holds.releaseCauseTitle')}
        confirmLabel={t(releasing?.cause === undefined ? 'holds.release' : 'holds.releaseCause')}
        onConfirm={async (reason) =>
          releasing && (await actions.releaseHold(releasing.hold, reason, releasing.cause?.id))
        }
      >
        {releasing && (
          <Stack gap="xs">
            <Text>
              {t(releasing.cause === undefined ? 'holds.releaseText' : 'holds.releaseCauseText', {
                camera: releasing.hold.cameraName,
              })}
            </Text>
            {(releasing.cause === undefined ? releasing.hold.ranges : [releasing.cause]).map((range) => (
              <Text key={range.from} fw={600}>
                {rangeOf(range)}
              </Text>
            ))}
          </Stack>
        )}
      </ConfirmWithReason>
    </section>
  );
}
