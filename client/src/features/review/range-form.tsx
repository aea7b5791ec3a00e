import type { CameraResponse } from '@choi-canh/shared/cameras';
import type { CameraCoverage } from '@choi-canh/shared/footage';
import { Checkbox, SimpleGrid, Switch, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { TimeField } from '../../components/time/time-field.js';
import { formatDuration } from '../../lib/time.js';
import { msOf, typedTime, typedTimeFault, type TypedTime } from '../../lib/typed-time.js';
import { footageWithin } from './coverage-lookup.js';
import { camerasAtFirst, withFootage } from './range-cameras.js';

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
  /** The enlarged camera. */
  focusedId: string | undefined;
  fromMs: number;
  toMs: number;
  /** The opened window: a time without a day is of a day in it, which is said below the field. */
  openedWindow: { fromMs: number; toMs: number };
  /** The range was guessed around the clock, since nothing was marked. */
  guessed: boolean;
  /** Called once a camera, one after the other; a rejection keeps the form open with the cameras that are left. */
  onSubmit(choice: RangeChoice): Promise<unknown>;
  onDone(): void;
}

interface RangeValues {
  from: TypedTime;
  to: TypedTime;
  cameraIds: string[];
  note: string;
  decisive: boolean;
}

/** Longest clip that the server cuts. */
const longestClipMs = 6 * 3600_000;

/** Which cameras and which stretch, for a tag or a clip. */
export function RangeForm(props: RangeFormProps) {
  const { kind, cameras, focusedId, openedWindow } = props;
  const { t, i18n } = useTranslation('review');
  const coverages = cameras.map(({ coverage }) => coverage);
  const [firstIds] = useState(() => camerasAtFirst(coverages, props.fromMs, props.toMs, focusedId));
  const complaintOf = (typed: TypedTime) =>
    typedTimeFault(typed, 'tenth') ?? (typed.kind === 'empty' ? t('range.needTimes') : undefined);
  const allIds = coverages.map(({ cameraId }) => cameraId);
  const hasFootage = (from: TypedTime, to: TypedTime) =>
    withFootage(coverages, allIds, msOf(from), msOf(to)).length > 0;
  const form = useAppForm<RangeValues>({
    initial: {
      from: typedTime(props.fromMs, 'tenth'),
      to: typedTime(props.toMs, 'tenth'),
      cameraIds: firstIds,
      note: '',
      decisive: false,
    },
    most: { note: 1000 },
    draft: { name: kind, fields: ['note'] },
    validate: {
      // Where nothing was recorded no camera can be chosen: the range is what is wrong.
      from: (typed, { to }) => complaintOf(typed) ?? (hasFootage(typed, to) ? undefined : t('range.nothingRecorded')),
      to: (typed, values) => {
        const [fromMs, toMs] = [msOf(values.from), msOf(typed)];
        const complaint = complaintOf(typed);
        if (complaint !== undefined || fromMs === undefined || toMs === undefined) return complaint;
        if (fromMs >= toMs) return t('range.order');
        return kind === 'extract' && toMs - fromMs > longestClipMs ? t('range.tooLong') : undefined;
      },
      cameraIds: (ids, { from, to }) =>
        withFootage(coverages, ids, msOf(from), msOf(to)).length === 0 && hasFootage(from, to)
          ? t('range.needCamera')
          : undefined,
    },
  });
  const [fromMs, toMs] = [msOf(form.values.from), msOf(form.values.to)];
  const inOrder = fromMs !== undefined && toMs !== undefined && fromMs < toMs;
  /** Ticked, and with footage in the range. */
  const chosen = withFootage(coverages, form.values.cameraIds, fromMs, toMs);
  const cameraField = form.field('cameraIds');
  const decisiveField = form.check('decisive');

  const save = async ({ from, to, cameraIds, note, decisive }: { from: TypedTime; to: TypedTime } & RangeValues) => {
    const [startMs, endMs] = [msOf(from), msOf(to)];
    if (startMs === undefined || endMs === undefined) return false;
    let left = withFootage(coverages, cameraIds, startMs, endMs);
    while (left[0] !== undefined) {
      await props.onSubmit({
        cameraId: left[0],
        from: new Date(startMs).toISOString(),
        to: new Date(endMs).toISOString(),
        note: note.trim(),
        decisive,
      });
      left = left.slice(1);
      // What is saved is not saved again where the next camera fails.
      if (left.length > 0) form.set({ cameraIds: left });
    }
    props.onDone();
    return true;
  };

  const coverageNote = (coverage: CameraCoverage): string | undefined => {
    if (!inOrder) return undefined;
    const { pieces, coveredMs } = footageWithin(coverage, fromMs, toMs);
    if (pieces === 0) return t('range.noFootage');
    const missingMs = toMs - fromMs - coveredMs;
    const missing = missingMs >= 1000 ? formatDuration(missingMs, i18n.language) : undefined;
    if (pieces > 1) {
      return missing === undefined
        ? t('range.piecesOnly', { count: pieces })
        : t('range.pieces', { count: pieces, missing });
    }
    return missing === undefined ? undefined : t('range.partly', { missing });
  };

  return (
    <AppForm
      form={form}
      onSubmit={save}
      testId={`${kind}-form`}
      actions={
        <FormActions submitLabel={t(`range.submit.${kind}`, { count: chosen.length })} testId={`${kind}-submit`} />
      }
    >
      {props.guessed && <Text c="dimmed">{t('range.guessed')}</Text>}
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        {(['from', 'to'] as const).map((name) => (
          <TimeField
            key={name}
            required
            label={t(`range.${name}`)}
            precision="tenth"
            day={openedWindow}
            quick={[]}
            {...form.field(name)}
            data-testid={`${kind}-${name}`}
          />
        ))}
      </SimpleGrid>
      {inOrder && <Text>{t('range.length', { length: formatDuration(toMs - fromMs, i18n.language) })}</Text>}
      <Checkbox.Group
        label={t('range.cameras')}
        required
        error={cameraField.error}
        value={chosen}
        onChange={(ids) => cameraField.onChange(ids)}
        data-path="cameraIds"
      >
        {cameras.map(({ camera, coverage }) => {
          const empty = inOrder && footageWithin(coverage, fromMs, toMs).pieces === 0;
          return (
            <Checkbox
              key={coverage.cameraId}
              value={coverage.cameraId}
              label={camera?.name ?? t('tile.unknownCamera')}
              description={coverageNote(coverage)}
              disabled={empty}
              py={8}
              data-testid={`${kind}-camera-${coverage.cameraId}`}
            />
          );
        })}
      </Checkbox.Group>
      <Textarea
        label={t('range.note')}
        placeholder={t(`range.noteExample.${kind}`)}
        {...form.text('note')}
        autosize
        minRows={2}
        maxRows={8}
        data-autofocus
        data-testid={`${kind}-note`}
      />
      {kind === 'tag' && (
        <div>
          <Switch
            label={t('range.decisive')}
            description={t('range.decisiveHint')}
            {...decisiveField}
            onChange={(event) => {
              decisiveField.onChange(event);
              // What settles the case is seen by one camera: the enlarged one, where there is one.
              if (event.currentTarget.checked && focusedId !== undefined && chosen.includes(focusedId)) {
                form.set({ cameraIds: [focusedId] });
              }
            }}
            data-testid="tag-decisive-switch"
          />
          {form.values.decisive && chosen.length > 1 && (
            <Text mt={6} c="var(--state-degraded)" role="status" data-testid="tag-decisive-count">
              {t('range.decisiveCount', { count: chosen.length })}
            </Text>
          )}
        </div>
      )}
    </AppForm>
  );
}
