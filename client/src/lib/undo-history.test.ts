import { describe, expect, it, vi } from 'vitest';
import { UndoHistory } from './undo-history.js';

function counter() {
  const history = new UndoHistory();
  let value = 0;
  const add = (by: number) => {
    value += by;
    history.record({ what: `add ${by}`, undo: () => void (value -= by), redo: () => void (value += by) });
  };
  return { history, add, value: () => value };
}

describe('undo history', () => {
  it('takes steps back in reverse order and does them again', async () => {
    const { history, add, value } = counter();
    add(1);
    add(10);
    expect(await history.undo()).toBe('add 10');
    expect(await history.undo()).toBe('add 1');
    expect(value()).toBe(0);
    expect(await history.undo()).toBeUndefined();
    expect(await history.redo()).toBe('add 1');
    expect(await history.redo()).toBe('add 10');
    expect(value()).toBe(11);
    expect(history.snapshot()).toEqual({ undoes: 'add 10', redoes: undefined, isBusy: false });
  });

  it('forgets what was undone once something else is done', async () => {
    const { history, add, value } = counter();
    add(1);
    await history.undo();
    add(5);
    expect(history.snapshot().redoes).toBeUndefined();
    expect(await history.redo()).toBeUndefined();
    expect(value()).toBe(5);
  });

  it('keeps a step that could not be taken back', async () => {
    const history = new UndoHistory();
    const undo = vi.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValueOnce(undefined);
    history.record({ what: 'tag', undo, redo: () => undefined });
    await expect(history.undo()).rejects.toThrow('away');
    expect(history.snapshot()).toEqual({ undoes: 'tag', redoes: undefined, isBusy: false });
    expect(await history.undo()).toBe('tag');
  });

  it('takes one step at a time', async () => {
    const history = new UndoHistory();
    let finish = () => undefined as void;
    const undo = () => new Promise<void>((resolve) => (finish = resolve));
    history.record({ what: 'first', undo: () => undefined, redo: () => undefined });
    history.record({ what: 'slow', undo, redo: () => undefined });
    const slow = history.undo();
    expect(history.snapshot().isBusy).toBe(true);
    expect(await history.undo()).toBeUndefined();
    finish();
    expect(await slow).toBe('slow');
    expect(history.snapshot().undoes).toBe('first');
  });
});
