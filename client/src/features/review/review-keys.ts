import { useEffect, useRef } from 'react';

export interface ReviewCommands {
  togglePlay(): void;
  stepFrame(direction: 1 | -1): void;
  skip(byMs: number): void;
  markIn(): void;
  markOut(): void;
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
  { name: 'help', keys: ['?'], run: (c) => c.help() },
];

const namedKeys = { ArrowLeft: '←', ArrowRight: '→', PageUp: 'Page Up', PageDown: 'Page Down' } as const;

/** How a key is written on the help card: as on the keyboard; `space` is the name of the widest one. */
export function keyWord(key: string, space: string): string {
  if (key === ' ') return space;
  return namedKeys[key as keyof typeof namedKeys] ?? key.toUpperCase();
}

/** Keys belong to a field that is typed in, and to an open dialog, before they belong to the review. */
function isTaken(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest('input, textarea, select, [contenteditable="true"], [role="dialog"], [role="listbox"]'))
    return true;
  if (document.querySelector('[role="dialog"]') !== null) return true;
  const ownsKey = target?.closest('button, a, [role="radio"]') !== null && target !== null;
  return ownsKey && (event.key === ' ' || event.key === 'Enter');
}

/** Runs commands by key while mounted. */
export function useReviewKeys(commands: ReviewCommands): void {
  const newest = useRef(commands);
  useEffect(() => {
    newest.current = commands;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (isTaken(event)) return;
      const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const entry = reviewKeys.find(({ keys }) => keys.includes(pressed));
      if (entry === undefined) return;
      event.preventDefault();
      entry.run(newest.current);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}
