import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createTurnPacer, hurried } from './turn-pacer.js';

/** A pacer whose pauses take no time and are told, on a clock that they move. */
function paced(options: { mayPause?: () => boolean } = {}) {
  let nowMs = 0;
  const happened: string[] = [];
  const pacer = createTurnPacer({
    turnMs: () => 100,
    mayPause: options.mayPause ?? (() => true),
    clock: { monotonicMs: () => nowMs },
    pause(ms) {
      happened.push(`pause ${ms}`);
      nowMs += ms;
    },
  });
  pacer.start();
  onTestFinished(() => pacer.stop());
  return { pacer, happened, pass: (ms: number) => (nowMs += ms) };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

describe('turns of the loop', () => {
  it('last as long as they should, with what was done in them', async () => {
    const { happened, pass } = paced();
    await vi.waitFor(() => expect(happened.length).toBeGreaterThan(1));
    expect(new Set(happened.slice(1))).toEqual(new Set(['pause 100']));
    pass(30);
    happened.length = 0;
    await vi.waitFor(() => expect(happened[0]).toBe('pause 70'));
    pass(500);
    happened.length = 0;
    await vi.waitFor(() => expect(happened[0]).toBe('pause 100')); // the one of 500 ms had none
  });

  it('end with what was put off, in one go and before the pause', async () => {
    const { pacer, happened } = paced();
    await turn();
    happened.length = 0;
    pacer.atTurnEnd(() => happened.push('one'));
    pacer.atTurnEnd(() => happened.push('two'));
    await vi.waitFor(() => expect(happened.length).toBeGreaterThan(2));
    expect(happened.slice(0, 3)).toEqual(['one', 'two', 'pause 100']);
  });

  it('end with what was put off where there are no pauses too', async () => {
    const { pacer, happened } = paced({ mayPause: () => false });
    pacer.atTurnEnd(() => happened.push('one'));
    pacer.atTurnEnd(() => happened.push('two'));
    await turn();
    expect(happened).toEqual(['one', 'two']);
  });

  it('follow one another at once while somebody waits, and are paced again afterwards', async () => {
    const { pacer, happened } = paced();
    let finish: () => void = () => undefined;
    const answer = pacer.hurry(() => new Promise<string>((resolve) => (finish = () => resolve('answer'))));
    const failure = pacer.hurry(() => Promise.reject(new Error('no such camera')));
    await expect(failure).rejects.toThrow('no such camera');
    await turn();
    happened.length = 0;
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(happened).toEqual([]);
    finish();
    expect(await answer).toBe('answer');
    await vi.waitFor(() => expect(happened).toContain('pause 100'), { timeout: 5000 });
  });

  it('are paced while what was made in a hurry is taken slowly', async () => {
    const { pacer, happened } = paced();
    let ended = false;
    async function* pieces() {
      try {
        for (let piece = 0; ; piece++) yield await Promise.resolve(piece);
      } finally {
        ended = true;
      }
    }
    const taken: number[] = [];
    for await (const piece of hurried(pieces(), pacer.hurry)) {
      taken.push(piece);
      happened.length = 0;
      await vi.waitFor(() => expect(happened).toContain('pause 100'), { timeout: 5000 });
      if (taken.length === 2) break;
    }
    expect(taken).toEqual([0, 1]);
    expect(ended).toBe(true);
  });

  it('are not paced after the end', async () => {
    const { pacer, happened } = paced();
    await turn();
    pacer.stop();
    happened.length = 0;
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(happened).toEqual([]);
  });
});
