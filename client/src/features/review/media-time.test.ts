import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fragmentAt, isConverted, wallToMedia } from './media-time.js';
import type { FragmentTimes } from './media-time.js';

const t0 = Date.UTC(2026, 10, 22, 7, 0, 0);
/** Two runs of footage with 35 minutes between them; media time has no hole. */
const fragments: FragmentTimes[] = [
  { start: 0, duration: 2, programDateTime: t0 },
  { start: 2, duration: 2, programDateTime: t0 + 2_000 },
  { start: 4, duration: 1.5, programDateTime: t0 + 4_000 },
  { start: 5.5, duration: 2, programDateTime: t0 + 2_100_000 },
  { start: 7.5, duration: 2, programDateTime: t0 + 2_102_000 },
];

describe('wall time to media time', () => {
  it.each([
    ['the first instant', 0, 0],
    ['inside a fragment', 3_250, 3.25],
    ['the last before the gap', 5_400, 5.4],
    ['after the gap', 2_101_000, 6.5],
  ])('%s', (_, wallMs, media) => {
    expect(wallToMedia(fragments, t0 + wallMs)).toBeCloseTo(media, 6);
  });

  it.each([
    ['in the gap', 60_000],
    ['a little before all', -200],
    ['a little before the gap ends', 2_099_900],
    ['after all', 2_104_100],
    ['a little after the gap begins', 5_600],
  ])('has no picture %s', (_, wallMs) => {
    expect(wallToMedia(fragments, t0 + wallMs)).toBeUndefined();
  });

  it('takes a listed gap as no picture', () => {
    const withGap: FragmentTimes[] = [
      { start: 0, duration: 2, programDateTime: t0 },
      { start: 2, duration: 2, programDateTime: t0 + 2_000, gap: true },
      { start: 4, duration: 2, programDateTime: t0 + 4_000 },
    ];
    expect(wallToMedia(withGap, t0 + 3_000)).toBeUndefined();
    expect(wallToMedia(withGap, t0 + 4_500)).toBe(4.5);
  });

  it('bridges jitter between fragments but no gap', () => {
    const jitter: FragmentTimes[] = [
      { start: 0, duration: 2, programDateTime: t0 },
      { start: 2, duration: 2, programDateTime: t0 + 2_150 },
    ];
    expect(wallToMedia(jitter, t0 + 2_100)).toBeCloseTo(1.999);
  });

  it('goes by what was loaded where hls.js does not say it in the start', () => {
    const reordered = [{ start: 0, startPTS: 0.08, duration: 2.08, programDateTime: t0 }];
    expect(wallToMedia(reordered, t0 + 1_000)).toBeCloseTo(1.08, 6);
  });

  it('has no answer for an empty playlist', () => {
    expect(wallToMedia([], t0)).toBeUndefined();
  });
});

it('finds the media time of every instant wherever there is footage', () => {
  const times = fc.array(
    fc.record({ duration: fc.integer({ min: 40, max: 4_000 }), hole: fc.integer({ min: 0, max: 60_000 }) }),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(times, fc.double({ min: 0, max: 0.98, noNaN: true }), fc.nat(39), (parts, share, pick) => {
      const list: FragmentTimes[] = [];
      let start = 0;
      let wallMs = t0;
      for (const part of parts) {
        list.push({ start, duration: part.duration / 1000, programDateTime: wallMs });
        start += part.duration / 1000;
        wallMs += part.duration + part.hole;
      }
      const fragment = list[pick % list.length]!;
      const wall = fragment.programDateTime! + share * fragment.duration * 1000;
      expect(wallToMedia(list, wall)).toBeCloseTo(fragment.start + share * fragment.duration, 5);
    }),
  );
});

describe('what was converted', () => {
  it.each([
    ['converted/f-1-0-900.m4s', true],
    ['converted-keyframes/f-1-0-900.m4s', true],
    ['files/f-1.mp4', false],
    ['keyframes/f-1-0.m4s', false],
    ['files/converted/f-1.mp4', false],
    [undefined, false],
  ])('%s: %s', (relurl, expected) => {
    expect(isConverted({ relurl })).toBe(expected);
  });

  it('is said of the fragment that is shown, from its first picture on', () => {
    const mixed = fragments.map((fragment, index) => ({
      ...fragment,
      relurl: index === 1 ? 'converted/f-1-0-900.m4s' : 'files/f-1.mp4',
    }));
    const shown = [0, 1.99, 2, 3.99, 4, 9].map((mediaSeconds) => isConverted(fragmentAt(mixed, mediaSeconds)));
    expect(shown).toEqual([false, false, true, true, false, false]);
    expect(isConverted(fragmentAt([], 1))).toBe(false);
  });
});
