import type { RecorderResponse } from '@choi-canh/shared/recorders';
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { stepWords } from '../../components/alert-sentence.js';
import { FactTable } from '../../components/fact-table.js';
import { Instant } from '../../components/instant.js';
import { keyGroups } from '../../lib/key-groups.js';
import { formatDateTime } from '../../lib/time.js';

/** What a recorder told of itself last. */
export function RecorderFacts({ recorder }: { recorder: RecorderResponse }) {
  const { t, i18n } = useTranslation('recorders');
  const { clock, storage, chain, transcodes } = recorder;
  if (clock === null || storage === null || chain === null || transcodes === null) return null;

  const clockWords =
    clock.steppedAt === null
      ? t('rows.clockOk')
      : t(clock.ageDeletionSuspended ? 'rows.clockSuspended' : 'rows.clockConfirmed', {
          step: stepWords(t, i18n.language, clock.stepMs),
          at: formatDateTime(clock.steppedAt, 'minute'),
        });
  const rows: [string, ReactNode][] = [
    [
      t('rows.oldest'),
      recorder.oldestAt === null ? (
        t('rows.oldestNone')
      ) : (
        <>
          <Instant at={recorder.oldestAt} precision="minute" />
        </>
      ),
    ],
    [t('rows.storage'), t(`rows.storageStates.${storage.state}`)],
    [
      t('rows.dropped'),
      storage.droppedFragments === 0
        ? t('rows.droppedNone')
        : t('rows.droppedSome', { count: storage.droppedFragments }),
    ],
    [t('rows.clock'), clockWords],
    [
      t('rows.chain'),
      <>
        {chain.signedAt === null
          ? t('rows.chainNever')
          : t('rows.chainSigned', { at: formatDateTime(chain.signedAt, 'minute'), count: chain.sequence })}
        {chain.troubles > 0 && (
          <Text component="div" c="var(--state-down)" size="sm">
            {`■ ${t('rows.chainTrouble', { count: chain.troubles })}`}
          </Text>
        )}
        {chain.keyId !== '' && (
          <Text component="div" c="dimmed" size="sm" style={{ overflowWrap: 'anywhere' }}>
            {t('rows.chainKey', { key: chain.keyId })}
          </Text>
        )}
      </>,
    ],
    [t('rows.networks'), [...recorder.networks, ...recorder.scanRanges].join(', ') || '—'],
    ...(recorder.key === null
      ? []
      : [[t('rows.key'), <KeyWords key="key" fingerprint={recorder.key} />] as [string, ReactNode]]),
    [t('rows.transcodes'), t('rows.transcodesOf', transcodes)],
    [t('rows.version'), recorder.version ?? '—'],
  ];
  return <FactTable rows={rows} />;
}

/** The first half of a fingerprint in groups, as the recorder's own command prints it. */
function KeyWords({ fingerprint }: { fingerprint: string }) {
  return (
    <Text component="span" ff="monospace" size="sm" style={{ overflowWrap: 'anywhere' }}>
      {keyGroups(fingerprint)}
    </Text>
  );
}
