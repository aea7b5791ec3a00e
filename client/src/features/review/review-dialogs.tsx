import type { CameraResponse } from '@choi-canh/shared/cameras';
import type { CameraCoverage } from '@choi-canh/shared/footage';
import { Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AppForm } from '../../components/form/app-form.js';
import { FormActions } from '../../components/form/form-actions.js';
import { FormDialog } from '../../components/form/form-dialog.js';
import { useAppForm } from '../../components/form/use-app-form.js';
import { useCaseActions } from '../../lib/cases.js';
import { notifyDone } from '../../lib/notify.js';
import { CameraPicker } from './camera-picker.js';
import { IncidentNeededDialog } from './incident-needed-dialog.js';
import { KeysDialog } from './keys-dialog.js';
import { markedRange, type Marks } from './marks.js';
import { RangeForm } from './range-form.js';
import type { CameraHints } from './rank-cameras.js';

export type ReviewDialog = { kind: 'tag' | 'extract' | 'keys' | 'cameras' } | undefined;

export interface ReviewDialogsProps {
  dialog: ReviewDialog;
  onDialog(dialog: ReviewDialog): void;
  incidentId: string | undefined;
  onIncident(incidentId: string): void;
  cameras: { camera: CameraResponse | undefined; coverage: CameraCoverage }[];
  /** The enlarged camera. */
  focusedId: string | undefined;
  marks: Marks;
  atMs(): number;
  fromMs: number;
  toMs: number;
  cameraIds: readonly string[];
  onCameras(cameraIds: string[]): void;
  hints: CameraHints;
  /** An extraction has begun: its result will be among the clips. */
  onExtracting(): void;
}

/** Where nothing was marked: this much before and after the clock. */
const guessMs = 10_000;

function rangeFor({ marks, atMs, fromMs, toMs }: ReviewDialogsProps) {
  const marked = markedRange(marks);
  if (marked) return { ...marked, guessed: false };
  const from = marks.inMs ?? (marks.outMs !== undefined ? marks.outMs - 2 * guessMs : atMs() - guessMs);
  const to = marks.outMs ?? (marks.inMs !== undefined ? Math.max(atMs(), marks.inMs + 1000) : atMs() + guessMs);
  return { fromMs: Math.max(fromMs, Math.round(from)), toMs: Math.min(toMs, Math.round(to)), guessed: true };
}

/** The review's dialogs, one at a time. Tag and extract ask for an incident first where there is none. */
export function ReviewDialogs(props: ReviewDialogsProps) {
  const { dialog, onDialog, incidentId } = props;
  const { t } = useTranslation('review');
  const close = () => onDialog(undefined);
  const kind = dialog?.kind === 'tag' || dialog?.kind === 'extract' ? dialog.kind : undefined;
  const first = (props.cameras.find(({ coverage }) => coverage.cameraId === props.focusedId) ?? props.cameras[0])
    ?.camera;
  return (
    <>
      <KeysDialog opened={dialog?.kind === 'keys'} onClose={close} />
      <FormDialog opened={dialog?.kind === 'cameras'} onClose={close} title={t('side.chooseCameras')} size="lg">
        <ChooseCameras {...props} onClose={close} />
      </FormDialog>
      <IncidentNeededDialog
        opened={kind !== undefined && incidentId === undefined}
        onClose={close}
        occurredAtMs={kind === undefined ? 0 : Math.round(props.marks.inMs ?? props.atMs())}
        place={first?.place ?? ''}
        areaId={first?.areaId}
        onChosen={props.onIncident}
      />
      <FormDialog
        opened={kind !== undefined && incidentId !== undefined}
        onClose={close}
        title={kind && t(`range.title.${kind}`)}
        size="lg"
      >
        {kind !== undefined && incidentId !== undefined && (
          <RangeDialog {...props} kind={kind} incidentId={incidentId} onClose={close} />
        )}
      </FormDialog>
    </>
  );
}

function RangeDialog(props: ReviewDialogsProps & { kind: 'tag' | 'extract'; incidentId: string; onClose(): void }) {
  const { kind, incidentId, onClose } = props;
  const { t } = useTranslation('review');
  const actions = useCaseActions();
  const [range] = useState(() => rangeFor(props));
  return (
    <RangeForm
      kind={kind}
      cameras={props.cameras}
      focusedId={props.focusedId}
      openedWindow={{ fromMs: props.fromMs, toMs: props.toMs }}
      {...range}
      onSubmit={({ decisive, ...body }) =>
        kind === 'tag' ? actions.createTag(incidentId, { ...body, decisive }) : actions.createClip(incidentId, body)
      }
      onDone={() => {
        notifyDone(t(`range.done.${kind}`));
        if (kind === 'extract') props.onExtracting();
        onClose();
      }}
    />
  );
}

function ChooseCameras({ cameraIds, onCameras, hints, onClose }: ReviewDialogsProps & { onClose(): void }) {
  const { t } = useTranslation('review');
  const form = useAppForm({
    initial: { cameraIds: [...cameraIds] },
    validate: { cameraIds: (ids) => (ids.length === 0 ? t('setup.needCamera') : undefined) },
  });
  const { error } = form.field('cameraIds');
  return (
    <AppForm
      form={form}
      onSubmit={async (draft) => {
        onCameras(draft.cameraIds);
        onClose();
      }}
      actions={<FormActions submitLabel={t('picker.apply')} />}
    >
      <div data-path="cameraIds">
        <CameraPicker chosen={form.values.cameraIds} onChange={(ids) => form.set({ cameraIds: ids })} hints={hints} />
        {error !== undefined && (
          <Text c="var(--mantine-color-error)" role="alert" mt={6}>
            {error}
          </Text>
        )}
      </div>
    </AppForm>
  );
}
