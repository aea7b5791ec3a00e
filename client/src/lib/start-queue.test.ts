import { describe, expect, it } from 'vitest';
import { createStartQueue } from './start-queue.js';

describe('createStartQueue', () => {
  it('starts at most so many at once, in the order they came', () => {
    const queue = createStartQueue(2);
    const started: string[] = [];
    const leave = ['a', 'b', 'c', 'd'].map((name) => queue.enter(() => started.push(name)));
    expect(started).toEqual(['a', 'b']);
    leave[1]?.();
    expect(started).toEqual(['a', 'b', 'c']);
    leave[0]?.();
    expect(started).toEqual(['a', 'b', 'c', 'd']);
  });
  it('forgets who leaves while waiting, and gives a turn back only once', () => {
    const queue = createStartQueue(1);
    const started: string[] = [];
    const leave = ['a', 'b', 'c', 'd'].map((name) => queue.enter(() => started.push(name)));
    leave[1]?.();
    leave[0]?.();
    leave[0]?.();
    leave[1]?.();
    expect(started).toEqual(['a', 'c']);
    leave[2]?.();
    expect(started).toEqual(['a', 'c', 'd']);
  });
});
