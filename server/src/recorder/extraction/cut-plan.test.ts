import { describe, expect, it } from 'vitest';
import type { SourceFragment } from './footage-source.js';
import { longestPreRollMs, planCuts } from './cut-plan.js';
import type { SampleIndex } from './sample-index.js';

const everyMs = 100;

/** Ten pictures a second, shown as decoded, from 0 ms on; at those named decoding can begin. */
function footage(count: number, keyframes: ReadonlyMap<number, number>): SampleIndex {
  const columns = Array.from({ length: count }, (_, sample) => sample);
  const fragment = { timeSource: 'rtcp' } as SourceFragment;
  return {
    init: Buffer.alloc(0),
    timescale: 1000,
    fragments: [fragment],
    firstSampleOf: [0, count],
    pieceOf: [0],
    count,
    decodeTicks: Float64Array.from(columns, (sample) => sample * everyMs),
    durations: new Uint32Array(count).fill(everyMs),
    sizes: new Uint32Array(count).fill(10),
    compositionOffsets: new Int32Array(count),
    sync: Uint8Array.from(columns, (sample) => (keyframes.has(sample) ? 1 : 0)),
    recovery: Uint16Array.from(columns, (sample) => keyframes.get(sample) ?? 0),
    offsets: new Uint32Array(count),
    shownAtMs: Float64Array.from(columns, (sample) => sample * everyMs),
  };
}

describe('where decoding begins', () => {
  it.each([
    ['at the keyframe before', 2500, 20, 5],
    ['at the one before that, while the picture is being refreshed', 2300, 10, 13],
    ['… until it is right', 2400, 20, 4],
  ])('%s', (_, fromMs, firstSample, hidden) => {
    const index = footage(60, new Map([[0, 4], [10, 4], [20, 4], [30, 4]])); // prettier-ignore
    const [cut] = planCuts(index, fromMs, 4000);
    expect(cut).toMatchObject({ firstSample, fromMs, startsDamaged: false, hiddenPreRollMs: hidden * everyMs });
    expect(cut!.frames).toBe((4000 - fromMs) / everyMs);
  });

  it('leaves out what is shown before the first refresh is over', () => {
    const [cut] = planCuts(footage(30, new Map([[0, 4]])), 0, 2000);
    expect(cut).toMatchObject({ fromMs: 400, frames: 16, hiddenPreRollMs: 400 });
  });

  it.each([
    ['none for an hour', new Map([[0, 0]]), true],
    ['one that is right only later', new Map([[0, 0], [29_990, 20]]), true], // prettier-ignore
    ['one within what a file may carry', new Map([[0, 0], [28_600, 0]]), false], // prettier-ignore
  ])('with %s: the hidden part has a bound, and the cut says what that means', (_, keyframes, startsDamaged) => {
    const [cut] = planCuts(footage(36_000, keyframes), 3_000_000, 3_010_000);
    expect(cut).toMatchObject({ startsDamaged, fromMs: 3_000_000, frames: 100 });
    expect(cut!.hiddenPreRollMs).toBe(startsDamaged ? longestPreRollMs : 140_000);
  });
});
