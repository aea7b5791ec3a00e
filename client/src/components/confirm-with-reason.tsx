import { Text, Textarea } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { AppForm } from './form/app-form.js';
import { FormActions } from './form/form-actions.js';
import { FormDialog } from './form/form-dialog.js';
import { useAppForm } from './form/use-app-form.js';

export interface ConfirmWithReasonProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** Names what will be lost. */
  children: ReactNode;
  /** The word of the button, e.g. "Xóa camera". */
  confirmLabel: string;
  /** Absent or true: a reason of at least 3 characters is required. */
  askReason?: boolean;
  /** Nothing is destroyed: the button is not red. */
  harmless?: boolean;
  /** A rejection is shown in the dialog, which then stays open with what was typed. */
  onConfirm: (reason: string) => Promise<unknown>;
}

/** Before something that cannot be taken back: what will be lost, and why it is done (for the audit trail). */
export function ConfirmWithReason(props: ConfirmWithReasonProps) {
  return (
    <FormDialog opened={props.opened} onClose={props.onClose} title={props.title} size="md">
      <ConfirmForm {...props} />
    </FormDialog>
  );
}

function ConfirmForm({
  onClose,
  title,
  children,
  confirmLabel,
  askReason = true,
  harmless = false,
  onConfirm,
}: ConfirmWithReasonProps) {
  const { t } = useTranslation();
  const form = useAppForm({
    initial: { reason: '' },
    most: { reason: 500 },
    draft: { name: `reason ${title}`, fields: ['reason'] },
    validate: {
      reason: (text) => (askReason && text.trim().length < 3 ? t('common:reason.tooShort') : undefined),
    },
  });
  return (
    <AppForm
      form={form}
      onSubmit={async ({ reason }) => {
        await onConfirm(reason.trim());
        onClose();
      }}
      actions={<FormActions submitLabel={confirmLabel} {...(harmless ? {} : { color: 'red' })} />}
    >
      <Text component="div">{children}</Text>
      {askReason && (
        <Textarea
          {...form.text('reason')}
          label={t('common:reason.label')}
          description={t('common:reason.hint')}
          autosize
          minRows={2}
          maxRows={8}
          data-autofocus
          required
        />
      )}
    </AppForm>
  );
}
