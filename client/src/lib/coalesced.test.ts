import { describe, expect, it } from 'vitest';
import { createCoalesced, mostWaitMs, settleMs } from './coalesced.js';

function setUp() {
  let nowMs = 0;
  let timers: { atMs: number; callback: () => void }[] = [];
  const busy = new Set<string>();
  const runs: [string, number][] = [];
  const refresh = createCoalesced({
    isBusy: (key) => busy.has(key),
    run: (key) => void runs.push([key, nowMs]),
    nowMs: () => nowMs,
    after: (ms, callback) => {
      const timer = { atMs: nowMs + ms, callback };
      timers.push(timer);
      return () => (timers = timers.filter((one) => one !== timer));
    },
  });
  const pass = (ms: number) => {
    const untilMs = nowMs + ms;
    for (;;) {
      const next = timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      timers = timers.filter((timer) => timer !== next);
      nowMs = next.atMs;
      next.callback();
    }
    nowMs = untilMs;
  };
  return { refresh, pass, busy, runs };
}

describe('coalesced refreshes', () => {
  it('are one for many pieces of news, and another for what comes later', () => {
    const { refresh, pass, runs } = setUp();
    for (let news = 0; news < 10; news++) {
      refresh('a');
      pass(5);
    }
    refresh('b');
    pass(1000);
    expect(runs).toEqual([
      ['a', settleMs],
      ['b', 50 + settleMs],
    ]);
    refresh('a');
    pass(1000);
    expect(runs).toHaveLength(3);
  });

  it('wait for the one before, and come after the last news', () => {
    const { refresh, pass, busy, runs } = setUp();
    busy.add('a');
    refresh('a');
    pass(settleMs * 3);
    refresh('a');
    expect(runs).toEqual([]);
    busy.delete('a');
    pass(settleMs);
    expect(runs).toHaveLength(1);
  });

  it('do not wait for ever', () => {
    const { refresh, pass, busy, runs } = setUp();
    busy.add('a');
    refresh('a');
    pass(mostWaitMs + settleMs);
    expect(runs).toHaveLength(1);
  });
});
