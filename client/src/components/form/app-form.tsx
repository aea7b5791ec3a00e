import { Stack, Text, VisuallyHidden } from '@mantine/core';
import { useEffect, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorPanel } from '../error-panel.js';
import { FormBusyContext, useFormDialog } from './form-context.js';
import classes from './form.module.css';
import type { Submitted } from './typed-value.js';
import type { AppForm as Form } from './use-app-form.js';
import { useLeaveGuard } from './use-leave-guard.js';

export interface AppFormProps<Values> {
  form: Form<Values>;
  /** See `submit` of `useAppForm`. */
  onSubmit(values: Submitted<Values>): Promise<unknown>;
  children: ReactNode;
  /** The buttons: a `FormActions`. */
  actions: ReactNode;
  /** False where typed text is worth no question on leaving, e.g. before sign-in. */
  guarded?: boolean;
  gap?: string;
  autoComplete?: string;
  testId?: string;
}

/** A form on a page or in a dialog: fields, what went wrong, buttons that stay visible, and a question before typed text is lost. */
export function AppForm<Values>({
  form,
  onSubmit,
  children,
  actions,
  guarded = true,
  gap = 'md',
  autoComplete,
  testId,
}: AppFormProps<Values>) {
  const { t } = useTranslation();
  const { attach, submit, dirty, busy, error, announcement, restored } = form;
  const dialog = useFormDialog();
  const unsaved = guarded && dirty && !busy;
  useLeaveGuard(unsaved);
  const setDirty = dialog?.setDirty;
  useEffect(() => {
    setDirty?.(unsaved);
    return () => setDirty?.(false);
  }, [setDirty, unsaved]);

  return (
    <form
      ref={attach}
      className={classes.form}
      noValidate
      autoComplete={autoComplete}
      onSubmit={submit(onSubmit)}
      data-testid={testId}
    >
      <FormBusyContext value={busy}>
        <Stack gap={gap}>
          {restored && (
            <Text role="status" className={classes.restored ?? ''} data-testid="form-restored">
              {t('form.restored')}
            </Text>
          )}
          {children}
          {error !== undefined && <FormError error={error} />}
        </Stack>
        {actions}
      </FormBusyContext>
      <VisuallyHidden key={announcement.count} role="alert">
        {announcement.text}
      </VisuallyHidden>
    </form>
  );
}

function FormError({ error }: { error: unknown }) {
  const box = useRef<HTMLDivElement>(null);
  // In braces: newer browsers answer with a promise, which React would call when the box goes.
  useEffect(() => {
    box.current?.scrollIntoView({ block: 'nearest' });
  }, [error]);
  return (
    <div ref={box} className={classes.error}>
      <ErrorPanel error={error} />
    </div>
  );
}
