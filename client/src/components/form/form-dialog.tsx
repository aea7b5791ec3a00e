import { Button, Group, Modal, Text, type MantineSize } from '@mantine/core';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { FormDialogContext } from './form-context.js';
import classes from './form.module.css';
import { openerToReturnTo } from './opener.js';

export interface FormDialogProps {
  opened: boolean;
  onClose: () => void;
  title: string | undefined;
  size?: MantineSize;
  /** False where neither Esc nor a click beside must close it, e.g. with a password that is shown once. */
  closesByAccident?: boolean;
  children: ReactNode;
}

/**
 * The one dialog of the product. What is in it scrolls, its buttons (`FormActions`) stay visible. With unsaved text in
 * its form, Esc, the cross, "Cancel" and a click beside ask in place; without, they close at once.
 */
export function FormDialog({
  opened,
  onClose,
  title,
  size = 'md',
  closesByAccident = true,
  children,
}: FormDialogProps) {
  const { t } = useTranslation();
  const [dirty, setDirty] = useState(false);
  const [asking, setAsking] = useState(false);
  const opener = useRef<HTMLElement | undefined>(undefined);

  useEffect(() => {
    if (opened) opener.current = openerToReturnTo();
  }, [opened]);

  /** The library gives the focus back to what had it; an entry of a menu is gone by then, and its button takes it. */
  const returnFocus = () => {
    setTimeout(() => {
      const lost = document.activeElement === null || document.activeElement === document.body;
      if (lost && opener.current?.isConnected === true) opener.current.focus();
    }, 50);
  };

  const ask = opened && asking && dirty;
  const close = () => {
    setAsking(false);
    onClose();
  };
  const requestClose = () => {
    if (dirty) setAsking(true);
    else close();
  };
  const context = useLatest({ requestClose, setDirty });

  return (
    <Modal
      opened={opened}
      onClose={requestClose}
      onExitTransitionEnd={returnFocus}
      title={title}
      size={size}
      closeOnClickOutside={closesByAccident}
      closeOnEscape={closesByAccident}
      classNames={{ body: classes.dialog ?? '' }}
      closeButtonProps={{ 'aria-label': t('actions.close') }}
    >
      <div inert={ask} className={classes.content}>
        <FormDialogContext value={context}>{children}</FormDialogContext>
      </div>
      {ask && <DiscardQuestion onKeep={() => setAsking(false)} onDiscard={close} />}
    </Modal>
  );
}

/** One object for the whole life of the dialog, so that the forms in it do not run their effects again. */
function useLatest(now: { requestClose(): void; setDirty(dirty: boolean): void }) {
  const latest = useRef(now);
  useEffect(() => {
    latest.current = now;
  });
  return useMemo(
    () => ({
      requestClose: () => latest.current.requestClose(),
      setDirty: (dirty: boolean) => latest.current.setDirty(dirty),
    }),
    [],
  );
}

function DiscardQuestion({ onKeep, onDiscard }: { onKeep: () => void; onDiscard: () => void }) {
  const { t } = useTranslation();
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    keep.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <div
      className={classes.question}
      role="alertdialog"
      aria-labelledby="discard-title"
      onKeyDown={(event) => {
        if (event.key === 'Escape') onKeep();
      }}
    >
      <Text fw={600} id="discard-title">
        {t('form.discard.title')}
      </Text>
      <Group gap="sm" justify="flex-end">
        <Button variant="default" onClick={onDiscard} data-mantine-stop-propagation="true" data-testid="discard">
          {t('form.discard.discard')}
        </Button>
        <Button ref={keep} onClick={onKeep} data-mantine-stop-propagation="true" data-testid="discard-keep">
          {t('form.discard.keep')}
        </Button>
      </Group>
    </div>
  );
}
