import { Button, Group } from '@mantine/core';
import { useContext, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { FormBusyContext, useFormDialog } from './form-context.js';
import classes from './form.module.css';

export interface FormActionsProps {
  /** Verb and object: "Tạo vụ việc". */
  submitLabel: string;
  disabled?: boolean;
  /** `red` where something is destroyed. */
  color?: string;
  variant?: string;
  icon?: ReactNode;
  testId?: string;
  /** In a dialog there is one that closes it; on a page only where this is given. */
  onCancel?: (() => void) | undefined;
  /** Further buttons, at the other end. */
  children?: ReactNode;
}

/** On a phone the words of a button go on in a second line instead of being cut off. */
const asLongAsItsWords = { h: 'auto', mih: 40, classNames: { root: classes.button ?? '', label: classes.label ?? '' } };

/** The buttons of a form. They stay at the lower edge of the dialog or the window while the fields are scrolled. */
export function FormActions(props: FormActionsProps) {
  const { t } = useTranslation();
  const dialog = useFormDialog();
  const busy = useContext(FormBusyContext);
  const cancel = props.onCancel ?? dialog?.requestClose;
  return (
    <div className={classes.actions} data-in={dialog === undefined ? 'page' : 'dialog'}>
      {props.children}
      <Group gap="sm" className={classes.main ?? ''}>
        {cancel !== undefined && (
          <Button variant="default" onClick={cancel} {...asLongAsItsWords}>
            {t('actions.cancel')}
          </Button>
        )}
        <Button
          type="submit"
          loading={busy}
          disabled={props.disabled ?? false}
          leftSection={props.icon}
          {...asLongAsItsWords}
          data-testid={props.testId}
          {...(props.color === undefined ? {} : { color: props.color })}
          {...(props.variant === undefined ? {} : { variant: props.variant })}
        >
          {props.submitLabel}
        </Button>
      </Group>
    </div>
  );
}
