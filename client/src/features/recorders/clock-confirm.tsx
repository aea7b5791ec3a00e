import type { RecorderResponse } from '@choi-canh/shared/recorders';
import { Button, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { stepWords } from '../../components/alert-sentence.js';
import { ConfirmWithReason } from '../../components/confirm-with-reason.js';
import { api } from '../../lib/api.js';
import { notifyDone } from '../../lib/notify.js';
import { recordersKey } from '../../lib/recorders.js';
import { formatDateTime, formatDuration } from '../../lib/time.js';

/** Between two clocks that people compare, so much is no difference. */
const closeMs = 60_000;

/** The clock of a recorder jumped: a person looks at it and lets footage be deleted by age again. */
export function ClockConfirm({ recorder, mayManage }: { recorder: RecorderResponse; mayManage: boolean }) {
  const { t, i18n } = useTranslation('recorders');
  const client = useQueryClient();
  /** Both clocks as they were when the question was asked; undefined: it is not. */
  const [clocks, setClocks] = useState<{ there: number | undefined; here: number }>();
  if (!mayManage) return <Text c="dimmed">{t('clockConfirm.notAllowed')}</Text>;

  const { clock, clockNow } = recorder;
  // The computer's own clock, not corrected by the server's: that may be the one that jumped.
  const ask = () => setClocks({ there: clockNow === null ? undefined : Date.parse(clockNow), here: Date.now() });
  const differenceMs = clocks?.there === undefined ? 0 : Math.abs(clocks.there - clocks.here);
  return (
    <>
      <Button variant="default" onClick={ask}>
        {t('clockConfirm.button')}
      </Button>
      <ConfirmWithReason
        opened={clocks !== undefined}
        onClose={() => setClocks(undefined)}
        title={t('clockConfirm.title')}
        confirmLabel={t('clockConfirm.confirm')}
        onConfirm={async (reason) => {
          await api.post(`/api/recorders/${recorder.id}/clock/confirm`, { body: { reason } });
          await client.invalidateQueries({ queryKey: recordersKey });
          notifyDone(t('clockConfirm.done'));
        }}
      >
        <Stack gap="sm">
          <Text>
            {t('clockConfirm.text', {
              step: stepWords(t, i18n.language, clock?.stepMs ?? null),
              at: clock?.steppedAt === undefined || clock.steppedAt === null ? '—' : formatDateTime(clock.steppedAt),
            })}
          </Text>
          <Text>
            {t('clockConfirm.now')}: <b>{clocks?.there === undefined ? '—' : formatDateTime(clocks.there)}</b>
            <br />
            {t('clockConfirm.here')}: <b>{clocks === undefined ? '—' : formatDateTime(clocks.here)}</b>
          </Text>
          {differenceMs > closeMs && (
            <Text c="var(--state-down)" fw={600}>
              {`■ ${t('clockConfirm.differs', { difference: formatDuration(differenceMs, i18n.language) })}`}
            </Text>
          )}
          <Text>{t('clockConfirm.warning')}</Text>
        </Stack>
      </ConfirmWithReason>
    </>
  );
}
