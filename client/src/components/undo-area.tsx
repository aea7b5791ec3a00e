import { Button, Group, Text } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { historyCommand, isKeyTaken } from '../lib/page-keys.js';
import { UndoContext } from '../lib/undo-context.js';
import { UndoHistory } from '../lib/undo-history.js';
import { useUndo } from '../lib/use-undo.js';

/** What is changed inside can be taken back, by a button below it or by Ctrl+Z. */
export function UndoArea({ children }: { children: ReactNode }) {
  const [history] = useState(() => new UndoHistory());
  return (
    <UndoContext value={history}>
      {children}
      <UndoLine />
    </UndoContext>
  );
}

function UndoLine() {
  const { t } = useTranslation();
  const [sentence, setSentence] = useState('');
  const { history, undo, redo } = useUndo(setSentence);
  const { undoes, redoes, isBusy } = useSyncExternalStore(history.subscribe, history.snapshot);
  const commands = useRef({ undo, redo });
  useEffect(() => {
    commands.current = { undo, redo };
  });
  const isUsed = undoes !== undefined || redoes !== undefined;
  useEffect(() => {
    if (!isUsed) return;
    const onKeyDown = (event: KeyboardEvent) => {
      const command = isKeyTaken(event) ? undefined : historyCommand(event);
      if (command === undefined) return;
      event.preventDefault();
      commands.current[command]();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [isUsed]);
  return (
    <Group gap="xs" mt={isUsed ? 'xs' : 0}>
      {undoes !== undefined && (
        <Button
          variant="default"
          leftSection={<IconArrowBackUp size={20} aria-hidden="true" />}
          disabled={isBusy}
          onClick={undo}
          data-testid="undo"
        >
          {t('undo.buttonOf', { what: undoes })}
        </Button>
      )}
      <Text role="status" fz={15}>
        {sentence}
      </Text>
    </Group>
  );
}
