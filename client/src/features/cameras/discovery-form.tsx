import type { DiscoveryResponse } from '@choi-canh/shared/cameras';
import type { RecorderResponse } from '@choi-canh/shared/recorders';
import { Alert, Card, Progress, Text, Textarea } from '@mantine/core';
import { IconRadar2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { SearchSelect } from '../../components/form/search-select.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { parseRanges } from './device-choice.js';
import { SearchableNetworks } from './searchable-networks.js';

export function DiscoveryForm({
  recorders,
  recorderId,
  onRecorder,
  discovery,
  error,
  onSearch,
}: {
  recorders: readonly RecorderResponse[];
  recorderId: string | undefined;
  onRecorder: (recorderId: string) => void;
  discovery: DiscoveryResponse | undefined;
  /** Why its results cannot be had. */
  error: unknown;
  onSearch: (ranges: string[]) => Promise<unknown>;
}) {
  const { t, i18n } = useTranslation('cameras');
  const form = useAppForm({
    initial: { ranges: '' },
    validate: {
      ranges: (text) => {
        const { ranges, wrong } = parseRanges(text);
        if (wrong !== undefined) return t('add.rangeWrong', { range: wrong });
        return ranges.length > 16 ? t('add.rangesTooMany') : undefined;
      },
    },
    serverFields: { bad_range: 'ranges', too_many_ranges: 'ranges', range_not_allowed: 'ranges' },
  });
  const running = discovery?.state === 'running';
  const recorder = recorders.find((one) => one.id === recorderId);

  const status =
    discovery === undefined
      ? undefined
      : running
        ? t('add.running', { count: discovery.devices.length })
        : discovery.state === 'failed'
          ? discovery.errorCode !== null && i18n.exists(`errors:${discovery.errorCode}`)
            ? t(`errors:${discovery.errorCode}`)
            : t('add.failed')
          : t('add.done', { count: discovery.devices.length });

  if (recorders.length === 0) return <EmptyState title={t('add.noRecorder.title')} text={t('add.noRecorder.text')} />;

  return (
    <Card withBorder mb="md">
      <AppForm
        form={form}
        gap="sm"
        onSubmit={({ ranges }) => onSearch(parseRanges(ranges).ranges)}
        actions={
          <FormActions
            submitLabel={discovery === undefined ? t('add.search') : t('add.searchAgain')}
            icon={<IconRadar2 size={20} />}
            disabled={running}
          >
            {discovery !== undefined && <Text role="status">{status}</Text>}
          </FormActions>
        }
      >
        {recorders.length > 1 && (
          <SearchSelect
            label={t('add.recorder')}
            value={recorderId}
            onChange={onRecorder}
            data={recorders.map((one) => ({ value: one.id, label: one.name }))}
          />
        )}
        {recorder?.reachable === false && <Alert color="orange">{t('add.recorderAway')}</Alert>}
        <Textarea
          {...form.text('ranges')}
          label={t('add.ranges')}
          description={t('add.rangesHint')}
          placeholder="192.168.1.0/24"
          autosize
          minRows={1}
          maxRows={6}
        />
        {recorder !== undefined && (
          <SearchableNetworks
            recorder={recorder}
            chosen={parseRanges(form.values.ranges).ranges}
            onChoose={(range) => form.set({ ranges: [...parseRanges(form.values.ranges).ranges, range].join(', ') })}
          />
        )}
        {running && (
          <Progress value={Math.max(3, discovery.progress * 100)} animated aria-label={t('add.progress')} size="lg" />
        )}
        {discovery !== undefined && discovery.rejectedAnswers > 0 && (
          <Text size="sm" c="dimmed">
            {t('add.rejected', { count: discovery.rejectedAnswers })}
          </Text>
        )}
        {error !== null && error !== undefined && <ErrorPanel error={error} />}
      </AppForm>
    </Card>
  );
}
