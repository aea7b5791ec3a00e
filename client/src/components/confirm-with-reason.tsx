import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from './error-panel.js';

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
  /** A rejection is shown in the dialog, which then stays open with what was typed. */
  onConfirm: (reason: string) => Promise<unknown>;
}

/** Before something is destroyed: what will be lost, and why it is done (for the audit trail). */
export function ConfirmWithReason(props: ConfirmWithReasonProps) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title} size="md">
      <ConfirmForm {...props} />
    </Modal>
  );
}

function ConfirmForm({ onClose, children, confirmLabel, askReason = true, onConfirm }: ConfirmWithReasonProps) {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  const [tooShort, setTooShort] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  const confirm = async () => {
    if (askReason && reason.trim().length < 3) {
      setTooShort(true);
      return;
    }
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm(reason.trim());
      onClose();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void confirm();
      }}
    >
      <Stack>
        <Text component="div">{children}</Text>
        {askReason && (
          <Textarea
            label={t('common:reason.label')}
            description={t('common:reason.hint')}
            error={tooShort ? t('common:reason.tooShort') : undefined}
            value={reason}
            onChange={(event) => {
              setReason(event.currentTarget.value);
              setTooShort(false);
            }}
            maxLength={500}
            autosize
            minRows={2}
            data-autofocus
            required
          />
        )}
        {error !== undefined && <ErrorPanel error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common:actions.cancel')}
          </Button>
          <Button color="red" type="submit" loading={busy}>
            {confirmLabel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
