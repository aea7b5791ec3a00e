import type { CameraCoverage } from '@choi-canh/shared/footage';
import { describe, expect, it } from 'vitest';
import { Jumper, type JumpContext, type JumpNews } from './jumper.js';
import type { OpeningWindow } from './opening-window.js';
import { createWallClock } from './wall-clock.js';

const minute = 60_000;
const nowMs = Date.UTC(2026, 10, 22, 12, 0, 0);
const window: OpeningWindow = { fromMs: nowMs - 120 * minute, toMs: nowMs - 90 * minute };
const coverage: CameraCoverage = {
  cameraId: 'a',
  recorded: [],
  gaps: [],
  oldestAt: new Date(nowMs - 3 * 24 * 60 * minute).toISOString(),
  newestAt: null,
};

function setUp() {
  const clock = createWallClock(() => 0, { atMs: window.fromMs + minute, ...window });
  const news: JumpNews[] = [];
  const changes: unknown[] = [];
  const opened: { window: OpeningWindow; settle: (error?: Error) => void }[] = [];
  const context: JumpContext = {
    clock,
    window,
    coverages: [coverage],
    nowMs: () => nowMs,
    onOpenAhead: (wanted) =>
      new Promise<void>((resolve, reject) => {
        opened.push({ window: wanted, settle: (error) => (error ? reject(error) : resolve()) });
      }),
    onAddress: (change) => void changes.push(change),
    onNews: (one) => void news.push(one),
  };
  return { jumper: new Jumper(), context, clock, news, changes, opened };
}

describe('jumps', () => {
  it('inside of the window move the clock at once', async () => {
    const { jumper, context, clock, changes } = setUp();
    expect(await jumper.jumpTo(context, window.fromMs + 5 * minute)).toBe(true);
    expect(clock.at()).toBe(window.fromMs + 5 * minute);
    expect(changes).toEqual([]);
  });

  it.each([
    ['near the window widen it', -130],
    ['far from it move it', -2 * 24 * 60],
    ['to the last minute', -0.5],
  ])('%s, and name the very instant', async (_, minutes) => {
    const { jumper, context, clock, changes, opened, news } = setUp();
    const atMs = nowMs + minutes * minute;
    const jump = jumper.jumpTo(context, atMs);
    expect(clock.at()).toBe(window.fromMs + minute);
    expect(news.at(-1)?.code).toBe('opening');
    opened[0]?.settle();
    expect(await jump).toBe(true);
    const wanted = opened[0]?.window;
    expect(changes).toEqual([{ atMs, window: wanted }]);
    expect(atMs >= wanted!.fromMs && atMs <= wanted!.toMs && wanted!.toMs <= nowMs).toBe(true);
    expect(news.at(-1)).toBeUndefined();
  });

  it('that cannot be opened leave the clock, and say why', async () => {
    const { jumper, context, clock, changes, opened, news } = setUp();
    const jump = jumper.jumpTo(context, nowMs - 300 * minute);
    const error = new Error('forbidden');
    opened[0]?.settle(error);
    expect(await jump).toBe(false);
    expect(clock.at()).toBe(window.fromMs + minute);
    expect(changes).toEqual([]);
    expect(news.at(-1)).toEqual({ code: 'failed', error });
  });

  it.each([
    ['into the future', 1, { code: 'future' }],
    ['before all footage', -4 * 24 * 60, { code: 'beforeOldest', oldestMs: Date.parse(coverage.oldestAt!) }],
  ])('%s are refused without an opening', async (_, minutes, expected) => {
    const { jumper, context, clock, opened, news } = setUp();
    const atMs = nowMs + minutes * minute;
    expect(await jumper.jumpTo(context, atMs)).toBe(false);
    expect(opened).toEqual([]);
    expect(news).toEqual([{ ...expected, atMs }]);
    expect(clock.at()).toBe(window.fromMs + minute);
  });

  it('that come later take the place of one that is being opened', async () => {
    const { jumper, context, clock, changes, opened } = setUp();
    const first = jumper.jumpTo(context, nowMs - 300 * minute);
    expect(await jumper.jumpTo(context, window.fromMs + 2 * minute)).toBe(true);
    opened[0]?.settle();
    expect(await first).toBe(false);
    expect(changes).toEqual([]);
    expect(clock.at()).toBe(window.fromMs + 2 * minute);
  });
});
