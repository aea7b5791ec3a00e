import { use } from 'react';
import { useTranslation } from 'react-i18next';
import { errorText } from './error-text.js';
import { UndoContext } from './undo-context.js';

/** The page's history, with commands that say what was undone. */
export function useUndo(say: (sentence: string) => void) {
  const { t } = useTranslation();
  const history = use(UndoContext);
  if (history === undefined) throw new Error('useUndo needs an UndoContext');
  const move = async (direction: 'undo' | 'redo') => {
    const next = history.snapshot();
    if (next.isBusy) return;
    if ((direction === 'undo' ? next.undoes : next.redoes) === undefined) {
      say(t(`undo.nothing.${direction}`));
      return;
    }
    try {
      const what = await history[direction]();
      if (what !== undefined) say(t(`undo.done.${direction}`, { what }));
    } catch (error) {
      say(t('undo.failed', { reason: errorText(error) }));
    }
  };
  return { history, undo: () => void move('undo'), redo: () => void move('redo') };
}
