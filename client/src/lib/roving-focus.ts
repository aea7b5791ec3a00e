import { useState, type FocusEvent, type KeyboardEvent } from 'react';

/** Index that a key moves to in a list of `count`; undefined where the key is another's. */
export function movedIndex(key: string, index: number, count: number): number | undefined {
  const to = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    Home: 0,
    End: count - 1,
    PageDown: index + 8,
    PageUp: index - 8,
  }[key];
  return to === undefined || count === 0 ? undefined : Math.min(Math.max(to, 0), count - 1);
}

/**
 * One tab stop for a list of ticks, whatever its length: arrows move within, Tab leaves. Spread `list` onto the
 * container, and give each tick `data-rove={id}` and `tabIndex={tabIndexOf(id)}`. A row with further fields has
 * `data-rove-row={id}` and gives them the same `tabIndex`.
 * @param ids of the ticks that can be used now, in order
 */
export function useRovingFocus(ids: readonly string[]) {
  const [current, setCurrent] = useState<string>();
  const stop = current !== undefined && ids.includes(current) ? current : ids[0];
  return {
    tabIndexOf: (id: string) => (id === stop ? 0 : -1),
    list: {
      onFocus(event: FocusEvent<HTMLElement>) {
        const row = event.target.closest<HTMLElement>('[data-rove-row]');
        const id = event.target.dataset['rove'] ?? row?.dataset['roveRow'];
        if (id !== undefined) setCurrent(id);
      },
      onKeyDown(event: KeyboardEvent<HTMLElement>) {
        const ticks = [...event.currentTarget.querySelectorAll<HTMLInputElement>('[data-rove]:not(:disabled)')];
        const index = ticks.findIndex((tick) => tick === event.target);
        const to = index === -1 ? undefined : movedIndex(event.key, index, ticks.length);
        if (to === undefined) return;
        event.preventDefault();
        ticks[to]?.focus();
      },
    },
  };
}
