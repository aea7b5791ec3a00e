import type { CameraResponse } from '@choi-canh/shared/cameras';
import type { CameraCoverage } from '@choi-canh/shared/footage';
import { Button, Checkbox, Group, SimpleGrid, Stack, Switch, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../../components/error-panel.js';
import { TimeInput } from '../../components/time-input.js';
import { formatDuration } from '../../lib/time.js';
import { footageWithin } from './coverage-lookup.js';

export interface RangeChoice {
  cameraId: string;
  from: string;
  to: string;
  note: string;
  decisive: boolean;
}

export interface RangeFormProps {
  kind: 'tag' | 'extract';
  cameras: { camera: CameraResponse | undefined; coverage: CameraCoverage }[];
  chosenIds: readonly string[];
  fromMs: number;
  toMs: number;
  /** The range was guessed around the clock, since nothing was marked. */
  guessed: boolean;
  onCancel(): void;
  /** Called once a camera, one after the other; a rejection keeps the form open with the cameras that are left. */
  onSubmit(choice: RangeChoice): Promise<unknown>;
  onDone(): void;
}

/** Longest clip that the server cuts. */
const longestClipMs = 6 * 3600_000;

/** Which cameras and which stretch, for a tag or a clip. */
export function RangeForm(props: RangeFormProps) {
  const { kind, cameras } = props;
  const { t, i18n } = useTranslation('review');
  const [chosen, setChosen] = useState<string[]>([...props.chosenIds]);
  const [fromMs, setFromMs] = useState<number | undefined>(props.fromMs);
  const [toMs, setToMs] = useState<number | undefined>(props.toMs);
  const [note, setNote] = useState('');
  const [decisive, setDecisive] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  const complaint =
    chosen.length === 0
      ? t('range.needCamera')
      : fromMs === undefined || toMs === undefined
        ? t('range.needTimes')
        : fromMs >= toMs
          ? t('range.order')
          : kind === 'extract' && toMs - fromMs > longestClipMs
            ? t('range.tooLong')
            : undefined;

  const submit = async () => {
    if (complaint !== undefined || fromMs === undefined || toMs === undefined) return;
    setBusy(true);
    setError(undefined);
    try {
      for (const cameraId of chosen) {
        await props.onSubmit({
          cameraId,
          from: new Date(fromMs).toISOString(),
          to: new Date(toMs).toISOString(),
          note: note.trim(),
          decisive,
        });
        setChosen((before) => before.filter((id) => id !== cameraId));
      }
      props.onDone();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };

  const coverageNote = (coverage: CameraCoverage): string | undefined => {
    if (fromMs === undefined || toMs === undefined || fromMs >= toMs) return undefined;
    const { pieces, coveredMs } = footageWithin(coverage, fromMs, toMs);
    if (pieces === 0) return t('range.noFootage');
    const missing = formatDuration(toMs - fromMs - coveredMs, i18n.language);
    if (pieces > 1) return t('range.pieces', { count: pieces, missing });
    return toMs - fromMs - coveredMs >= 1000 ? t('range.partly', { missing }) : undefined;
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      data-testid={`${kind}-form`}
    >
      <Stack gap="md">
        {props.guessed && <Text c="dimmed">{t('range.guessed')}</Text>}
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TimeInput label={t('range.from')} precision="tenth" value={fromMs} onChange={setFromMs} />
          <TimeInput label={t('range.to')} precision="tenth" value={toMs} onChange={setToMs} />
        </SimpleGrid>
        {fromMs !== undefined && toMs !== undefined && fromMs < toMs && (
          <Text>{t('range.length', { length: formatDuration(toMs - fromMs, i18n.language) })}</Text>
        )}
        <Stack gap={4}>
          <Text fw={600}>{t('range.cameras')}</Text>
          {cameras.map(({ camera, coverage }) => (
            <Checkbox
              key={coverage.cameraId}
              label={camera?.name ?? t('tile.unknownCamera')}
              description={coverageNote(coverage)}
              checked={chosen.includes(coverage.cameraId)}
              onChange={(event) => {
                const checked = event.currentTarget.checked;
                setChosen((before) =>
                  checked ? [...before, coverage.cameraId] : before.filter((id) => id !== coverage.cameraId),
                );
              }}
              py={6}
            />
          ))}
        </Stack>
        <Textarea
          label={t('range.note')}
          placeholder={t(`range.noteExample.${kind}`)}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          maxLength={1000}
          autosize
          minRows={2}
          data-autofocus
          data-testid={`${kind}-note`}
        />
        {kind === 'tag' && (
          <Switch
            label={t('range.decisive')}
            description={t('range.decisiveHint')}
            checked={decisive}
            onChange={(event) => setDecisive(event.currentTarget.checked)}
            data-testid="tag-decisive-switch"
          />
        )}
        {complaint !== undefined && (
          <Text c="var(--state-down)" role="alert">
            {complaint}
          </Text>
        )}
        {error !== undefined && <ErrorPanel error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onCancel}>
            {t('common:actions.cancel')}
          </Button>
          <Button type="submit" loading={busy} disabled={complaint !== undefined} data-testid={`${kind}-submit`}>
            {t(`range.submit.${kind}`, { count: chosen.length })}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
