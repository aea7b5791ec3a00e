import { useEffect, useRef } from 'react';
import { historyCommand, isKeyTaken } from '../../lib/page-keys.js';

export interface ReviewCommands {
  togglePlay(): void;
  stepFrame(direction: 1 | -1): void;
  skip(byMs: number): void;
  markIn(): void;
  markOut(): void;
  undo(): void;
  redo(): void;
  tag(): void;
  extract(): void;
  help(): void;
}

/** Keys and what they do; `?` shows this list. Words are `keys.<name>`. */
export const reviewKeys: readonly { name: string; keys: readonly string[]; run(commands: ReviewCommands): void }[] = [
  { name: 'play', keys: [' '], run: (c) => c.togglePlay() },
  { name: 'frameBack', keys: [','], run: (c) => c.stepFrame(-1) },
  { name: 'frameForward', keys: ['.'], run: (c) => c.stepFrame(1) },
  { name: 'back5', keys: ['ArrowLeft'], run: (c) => c.skip(-5000) },
  { name: 'forward5', keys: ['ArrowRight'], run: (c) => c.skip(5000) },
  { name: 'back60', keys: ['j', 'PageUp'], run: (c) => c.skip(-60_000) },
  { name: 'forward60', keys: ['l', 'PageDown'], run: (c) => c.skip(60_000) },
  { name: 'markIn', keys: ['i', '['], run: (c) => c.markIn() },
  { name: 'markOut', keys: ['o', ']'], run: (c) => c.markOut() },
  { name: 'tag', keys: ['t'], run: (c) => c.tag() },
  { name: 'extract', keys: ['e'], run: (c) => c.extract() },
  // Recognised by `historyCommand`.
  { name: 'undo', keys: ['Ctrl+Z'], run: (c) => c.undo() },
  { name: 'redo', keys: ['Ctrl+Y'], run: (c) => c.redo() },
  { name: 'help', keys: ['?'], run: (c) => c.help() },
];

/** Marks the box for a time: a digit that is typed anywhere in the review begins a new one in it. */
export const jumpBoxMark = 'data-jump-box';

/** Puts the keyboard into the box, so that the digit lands there and what was in it gives way. */
function beginTime(): boolean {
  const box = document.querySelector<HTMLInputElement>(`[${jumpBoxMark}]`);
  box?.focus();
  box?.select();
  return box !== null;
}

const namedKeys = { ArrowLeft: '←', ArrowRight: '→', PageUp: 'Page Up', PageDown: 'Page Down' } as const;

/** How a key is written on the help card: as on the keyboard; `space` is the name of the widest one. */
export function keyWord(key: string, space: string): string {
  if (key === ' ') return space;
  return namedKeys[key as keyof typeof namedKeys] ?? key.toUpperCase();
}

/** Runs commands by key while mounted, whatever has the focus, unless one is typing. */
export function useReviewKeys(commands: ReviewCommands): void {
  const newest = useRef(commands);
  useEffect(() => {
    newest.current = commands;
  });
  useEffect(() => {
    // Space presses the button that was reached by Tab, but not one that was left focused by a click.
    let focusedByKey: EventTarget | null = null;
    let wasTab = false;
    const onPointer = () => {
      wasTab = false;
      focusedByKey = null;
    };
    const onFocus = (event: FocusEvent) => {
      focusedByKey = wasTab ? event.target : null;
    };
    const onKeyDown = (event: KeyboardEvent) => {
      wasTab = event.key === 'Tab';
      if (isKeyTaken(event)) return;
      const move = historyCommand(event);
      if (move !== undefined) {
        event.preventDefault();
        newest.current[move]();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (/^\d$/.test(event.key) && beginTime()) return;
      const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const entry = reviewKeys.find(({ keys }) => keys.includes(pressed));
      if (entry === undefined) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      const control = target?.closest<HTMLElement>('button, a, input, [role="radio"], summary');
      if (event.key === ' ' && control) {
        if (control === focusedByKey) return;
        // Else its release would press the button all the same.
        control.blur();
      }
      event.preventDefault();
      entry.run(newest.current);
    };
    window.addEventListener('pointerdown', onPointer, true);
    window.addEventListener('focusin', onFocus);
    window.addEventListener('keydown', onKeyDown);
    return () => {
      window.removeEventListener('pointerdown', onPointer, true);
      window.removeEventListener('focusin', onFocus);
      window.removeEventListener('keydown', onKeyDown);
    };
  }, []);
}
