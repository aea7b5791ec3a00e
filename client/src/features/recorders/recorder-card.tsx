import type { RecorderAlertCode, RecorderResponse } from '@choi-canh/shared/recorders';
import { Card, Group, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { alertSentence } from '../../components/alert-sentence.js';
import { staleTime, useAsOf, useFiguresOf } from '../../lib/as-of.js';
import { Instant } from '../../components/instant.js';
import { ChainTrouble } from './chain-trouble.js';
import { ClockConfirm } from './clock-confirm.js';
import { DiskSection } from './disk-section.js';
import { DroppedConfirm } from './dropped-confirm.js';
import { EditRecorder } from './edit-recorder.js';
import { RecorderFacts } from './recorder-facts.js';
import { RemoveRecorder } from './remove-recorder.js';
import { SetAsideEvents } from './set-aside-events.js';
import { TakeOver } from './take-over.js';
import { UnknownHolds } from './unknown-holds.js';
import { ScanRanges } from './scan-ranges.js';
import { VolumeAccept } from './volume-accept.js';
import classes from './recorders.module.css';

/** Alerts that a person ends with a new pairing; one that is lost may have another address. */
const pairCodes: ReadonlySet<RecorderAlertCode> = new Set(['recorder_key_changed', 'recorder_unpaired']);
const setAsideCodes: ReadonlySet<RecorderAlertCode> = new Set(['events_failed', 'recorder_newer']);

/** One recorder: state, what needs attention, disk and how long footage lasts, facts. */
export function RecorderCard({ recorder, mayManage }: { recorder: RecorderResponse; mayManage: boolean }) {
  const { t, i18n } = useTranslation('recorders');
  const lost = recorder.alerts.find((alert) => alert.code === 'recorder_lost');
  const toPair = recorder.alerts.find((alert) => pairCodes.has(alert.code));
  const toEdit = toPair ?? lost;
  const asOf = useAsOf();
  const { silentSince } = recorder;
  const known =
    silentSince !== null ? 'silent' : recorder.reachable ? 'alive' : lost === undefined ? 'unknown' : 'down';
  const figuresOf = useFiguresOf(recorder.reachable ? silentSince : recorder.lastSeenAt);
  const state = asOf !== undefined || known === 'silent' ? 'unknown' : known;
  const words = {
    alive: t('reachable'),
    silent: t('common:cameraStates.unknown'),
    down: t('away'),
    unknown: t('starting'),
  };
  return (
    <Card withBorder data-testid={`recorder-${recorder.id}`}>
      <Stack gap="md">
        <Group justify="space-between" align="flex-start" gap="sm">
          <div style={{ minWidth: 0 }}>
            <Title order={2} fz="lg" style={{ overflowWrap: 'anywhere' }}>
              {recorder.name}
            </Title>
            <Text c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {recorder.url ?? t('own')}
            </Text>
          </div>
          <div>
            <span className={classes.state} data-state={state}>
              <span aria-hidden="true">{{ alive: '●', down: '■', unknown: '?' }[state]}</span>{' '}
              {asOf === undefined ? words[known] : t('common:cameraStates.unknown')}
            </span>
            {asOf !== undefined && (
              <Text size="sm" c="dimmed">
                {t('common:away.was', { asOf, word: words[known] })}
              </Text>
            )}
            {asOf === undefined && silentSince !== null && (
              <Text size="sm" c="dimmed">
                {t('silentSince', { time: staleTime(Date.parse(silentSince)) })}
              </Text>
            )}
            {asOf === undefined && !recorder.reachable && (
              <Text size="sm" c="dimmed" component="div">
                {t('lastSeen')}:{' '}
                {recorder.lastSeenAt === null ? t('never') : <Instant at={recorder.lastSeenAt} relative />}
              </Text>
            )}
          </div>
        </Group>
        {recorder.reachable && silentSince === null && (
          <Text>
            {t('recording', { recording: recorder.recordingCameras, total: recorder.cameras })}
            {recorder.recordingCameras > 0 && ` · ${t('engines', recorder.engines)}`}
          </Text>
        )}
        {recorder.alerts.map((alert) => (
          <div key={alert.code} className={classes.alert} data-severity={alert.severity}>
            <Text>
              <span className={classes.mark} aria-hidden="true">
                {alert.severity === 'critical' ? '■ ' : '▲ '}
              </span>
              {alertSentence(t, i18n.language, { recorderId: recorder.id, recorderName: recorder.name, alert })}
            </Text>
            {alert === toEdit && mayManage && <EditRecorder recorder={recorder} toPair={alert === toPair} />}
            {setAsideCodes.has(alert.code) && Number(alert.facts['events'] ?? 0) > 0 && mayManage && (
              <SetAsideEvents recorder={recorder} alert={alert} />
            )}
            {alert.code === 'chain_trouble' && <ChainTrouble recorder={recorder} mayManage={mayManage} />}
            {alert.code === 'console_unknown' && <TakeOver recorder={recorder} alert={alert} mayManage={mayManage} />}
            {alert.code === 'cameras_dropped' && mayManage && <DroppedConfirm recorder={recorder} />}
            {alert.code === 'holds_unknown' && mayManage && <UnknownHolds recorder={recorder} />}
            {alert.code === 'storage_missing' && <VolumeAccept recorder={recorder} mayManage={mayManage} />}
            {alert.code === 'clock_stepped' && <ClockConfirm recorder={recorder} mayManage={mayManage} />}
          </div>
        ))}
        {figuresOf !== undefined && (
          <Text c="dimmed" data-testid="recorder-figures-of">
            {figuresOf}
          </Text>
        )}
        <DiskSection recorder={recorder} />
        <RecorderFacts recorder={recorder} />
        {mayManage && (
          <Group gap="xs">
            {toEdit === undefined && <EditRecorder recorder={recorder} />}
            <ScanRanges recorder={recorder} />
            {!recorder.embedded && <RemoveRecorder recorder={recorder} />}
          </Group>
        )}
      </Stack>
    </Card>
  );
}
