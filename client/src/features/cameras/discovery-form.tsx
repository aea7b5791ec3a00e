import type { DiscoveryResponse } from '@choi-canh/shared/cameras';
import type { RecorderResponse } from '@choi-canh/shared/recorders';
import { Alert, Button, Card, Group, Progress, Select, Stack, Text, Textarea } from '@mantine/core';
import { IconRadar2 } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../components/empty-state.js';
import { ErrorPanel } from '../../components/error-panel.js';
import { parseRanges } from './device-choice.js';

export function DiscoveryForm({
  recorders,
  recorderId,
  onRecorder,
  discovery,
  busy,
  error,
  onSearch,
}: {
  recorders: readonly RecorderResponse[];
  recorderId: string | undefined;
  onRecorder: (recorderId: string) => void;
  discovery: DiscoveryResponse | undefined;
  busy: boolean;
  error: unknown;
  onSearch: (ranges: string[]) => void;
}) {
  const { t, i18n } = useTranslation('cameras');
  const [text, setText] = useState('');
  const { ranges, wrong } = parseRanges(text);
  const running = discovery?.state === 'running';
  const recorder = recorders.find((one) => one.id === recorderId);

  if (recorders.length === 0) return <EmptyState title={t('add.noRecorder.title')} text={t('add.noRecorder.text')} />;

  return (
    <Card withBorder mb="md">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (wrong === undefined && ranges.length <= 16) onSearch(ranges);
        }}
      >
        <Stack gap="sm">
          {recorders.length > 1 && (
            <Select
              label={t('add.recorder')}
              value={recorderId ?? null}
              onChange={(id) => id !== null && onRecorder(id)}
              data={recorders.map((one) => ({ value: one.id, label: one.name }))}
              allowDeselect={false}
            />
          )}
          {recorder?.reachable === false && <Alert color="orange">{t('add.recorderAway')}</Alert>}
          <Textarea
            label={t('add.ranges')}
            description={t('add.rangesHint')}
            placeholder="192.168.1.0/24"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            error={
              wrong !== undefined
                ? t('add.rangeWrong', { range: wrong })
                : ranges.length > 16
                  ? t('add.rangesTooMany')
                  : undefined
            }
            autosize
            minRows={1}
            maxRows={6}
          />
          <Group>
            <Button type="submit" leftSection={<IconRadar2 size={20} />} loading={busy} disabled={running}>
              {discovery === undefined ? t('add.search') : t('add.searchAgain')}
            </Button>
            {discovery !== undefined && (
              <Text role="status">
                {running
                  ? t('add.running', { count: discovery.devices.length })
                  : discovery.state === 'failed'
                    ? discovery.errorCode !== null && i18n.exists(`errors:${discovery.errorCode}`)
                      ? t(`errors:${discovery.errorCode}`)
                      : t('add.failed')
                    : t('add.done', { count: discovery.devices.length })}
              </Text>
            )}
          </Group>
          {running && (
            <Progress value={Math.max(3, discovery.progress * 100)} animated aria-label={t('add.progress')} size="lg" />
          )}
          {discovery !== undefined && discovery.rejectedAnswers > 0 && (
            <Text size="sm" c="dimmed">
              {t('add.rejected', { count: discovery.rejectedAnswers })}
            </Text>
          )}
          {error !== null && error !== undefined && <ErrorPanel error={error} />}
        </Stack>
      </form>
    </Card>
  );
}
