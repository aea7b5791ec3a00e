import { describe, expect, it } from 'vitest';
import { planRanges, unionOf } from './plan-ranges.js';

const span = (fromMs: number, toMs: number) => ({ fromMs, toMs });

describe('the ranges that a recorder is to keep', () => {
  it.each([
    { name: 'nothing kept', kept: [], needed: [span(0, 10)], put: [span(0, 10)], release: [] },
    { name: 'the same range again', kept: [span(0, 10)], needed: [span(0, 10), span(0, 10)], put: [], release: [] },
    { name: 'a range within', kept: [span(0, 10)], needed: [span(0, 10), span(3, 5)], put: [], release: [] },
    {
      name: 'an overlapping range: only what is new',
      ...{ kept: [span(0, 10)], needed: [span(0, 10), span(5, 20)], put: [span(10, 20)], release: [] },
    },
    {
      name: 'around what is kept',
      ...{ kept: [span(5, 10)], needed: [span(0, 20)], put: [span(0, 5), span(10, 20)], release: [] },
    },
    { name: 'nothing needed any more', kept: [span(0, 10)], needed: [], put: [], release: [span(0, 10)] },
    {
      name: 'a part is still needed by something else',
      ...{ kept: [span(0, 10)], needed: [span(3, 5)], put: [span(3, 5)], release: [span(0, 10)] },
    },
    {
      name: 'one of two goes, the other stays as it is',
      ...{ kept: [span(0, 10), span(10, 20)], needed: [span(0, 10)], put: [], release: [span(10, 20)] },
    },
  ])('$name', ({ kept, needed, put, release }) => {
    expect(planRanges(kept, needed)).toEqual({ put, release });
  });

  it('cover exactly what is needed, whatever came before', () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    let kept: { fromMs: number; toMs: number }[] = [];
    for (let round = 0; round < 500; round++) {
      const needed = Array.from({ length: random(5) }, () => {
        const fromMs = random(100);
        return span(fromMs, fromMs + 1 + random(30));
      });
      const { put, release } = planRanges(kept, needed);
      kept = [...kept.filter((one) => !release.includes(one)), ...put];
      expect(unionOf(kept)).toEqual(unionOf(needed));
    }
  });
});
