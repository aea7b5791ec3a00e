import type { HoldResponse } from '@choi-canh/shared/evidence';
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { IconLock, IconLockOpen } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmWithReason } from '../../components/confirm-with-reason.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { SkeletonList } from '../../components/skeleton-list.js';
import { useCaseActions, useHolds } from '../../lib/cases.js';
import { useSession } from '../../lib/session.js';
import { formatDateTime, formatRange } from '../../lib/time.js';
import classes from './incidents.module.css';

/** Footage kept for the incident beyond its retention. */
export function IncidentHolds({ incidentId }: { incidentId: string }) {
  const { t } = useTranslation('incidents');
  const holds = useHolds(incidentId);
  const actions = useCaseActions();
  const [releasing, setReleasing] = useState<HoldResponse>();
  const current = holds.data?.filter((hold) => hold.state !== 'released') ?? [];
  const released = holds.data?.filter((hold) => hold.state === 'released') ?? [];
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
      <Stack gap="xs">
        {current.map((hold) => (
          <HoldRow key={hold.id} hold={hold} onRelease={() => setReleasing(hold)} />
        ))}
      </Stack>
      {released.length > 0 && (
        <details>
          <summary style={{ minHeight: 40, lineHeight: '40px', cursor: 'pointer' }}>
            {t('holds.showReleased', { count: released.length })}
          </summary>
          <Stack gap="xs">
            {released.map((hold) => (
              <HoldRow key={hold.id} hold={hold} />
            ))}
          </Stack>
        </details>
      )}
      <ConfirmWithReason
        opened={releasing !== undefined}
        onClose={() => setReleasing(undefined)}
        title={t('holds.releaseTitle')}
        confirmLabel={t('holds.release')}
        onConfirm={async (reason) => releasing && (await actions.releaseHold(releasing, reason))}
      >
        {releasing &&
          t('holds.releaseText', {
            camera: releasing.cameraName,
            from: formatDateTime(releasing.from),
            to: formatDateTime(releasing.to),
          })}
      </ConfirmWithReason>
    </section>
  );
}

function HoldRow({ hold, onRelease }: { hold: HoldResponse; onRelease?: () => void }) {
  const { t } = useTranslation('incidents');
  const session = useSession();
  const kept = hold.state === 'held' || hold.state === 'pending';
  return (
    <Group
      justify="space-between"
      wrap="nowrap"
      align="flex-start"
      data-testid={`hold-${hold.id}`}
      data-state={hold.state}
    >
      <Group gap="sm" wrap="nowrap" align="flex-start" style={{ minWidth: 0 }}>
        {kept ? (
          <IconLock size={22} aria-hidden="true" style={{ flex: 'none' }} />
        ) : (
          <IconLockOpen size={22} aria-hidden="true" style={{ flex: 'none' }} />
        )}
        <div style={{ minWidth: 0 }}>
          <Text fw={600}>{hold.cameraName}</Text>
          <Text>{formatRange(hold.from, hold.to)}</Text>
          <Text c="dimmed" fz={14}>
            {`${t(`holds.states.${hold.state}`)} · ${t('holds.created', { name: hold.createdByName })}`}
          </Text>
        </div>
      </Group>
      {kept && onRelease && session.can('hold.edit') && (
        <Button variant="default" onClick={onRelease} style={{ flex: 'none' }}>
          {t('holds.release')}
        </Button>
      )}
    </Group>
  );
}
