import { describe, expect, it } from 'vitest';
import { FrameIndex, type IndexedFragment } from './frame-index.js';

const t0 = Date.UTC(2026, 10, 22, 7, 0, 0);
/** Two fragments of three pictures at 12.5 a second, a gap, and one that is not loaded. The track's time begins at 100 s. */
const fragments: IndexedFragment[] = [
  { sn: 0, start: 0, duration: 0.24, programDateTime: t0 },
  { sn: 1, start: 0.24, duration: 0.24, programDateTime: t0 + 240 },
  { sn: 2, start: 0.48, duration: 0.24, programDateTime: t0 + 60_000 },
  { sn: 3, start: 0.72, duration: 0.24, programDateTime: t0 + 60_240 },
];
const frames = (from: number) => ({ starts: [from, from + 0.08, from + 0.16], end: from + 0.24 });
function loaded() {
  const index = new FrameIndex();
  index.add(fragments[0]!, frames(100), -100);
  index.add(fragments[1]!, frames(100.24), -100);
  index.add(fragments[2]!, frames(7), -6.52);
  return index;
}

describe('frame index', () => {
  it.each([
    ['the first instant', 0, 0, 80],
    ['inside a picture', 79.9, 0, 80],
    ['where the next begins', 80, 80, 160],
    ['within rounding of it', 79.99, 80, 160],
    ['the last of a fragment', 200, 160, 240],
    ['the first of the next', 240, 240, 320],
    ['the last before the gap', 479, 400, 480],
    ['after the gap', 60_100, 60_080, 60_160],
  ])('%s', (_, wallMs, startMs, endMs) => {
    const frame = loaded().atWall(fragments, t0 + wallMs);
    expect(frame && [frame.startMs - t0, frame.endMs - t0].map((ms) => Math.round(ms * 100) / 100)).toEqual([
      startMs,
      endMs,
    ]);
  });

  it.each([
    ['in the gap', 30_000],
    ['before all', -10],
    ['where nothing is loaded', 60_300],
  ])('has no picture %s', (_, wallMs) => {
    expect(loaded().atWall(fragments, t0 + wallMs)).toBeUndefined();
  });

  it('knows a picture by its media time, however the browser rounds it', () => {
    for (const mediaSeconds of [0.48, 0.4800004, 0.5, 0.5599]) {
      const frame = loaded().atMedia(fragments, mediaSeconds);
      expect(frame?.startMs).toBeCloseTo(t0 + 60_000, 3);
    }
    // What is told as a hair before its start is the picture itself.
    expect(loaded().atMedia(fragments, 0.5599999)?.startMs).toBeCloseTo(t0 + 60_080, 3);
  });

  it('steps from picture to picture, over fragments, and not over what is not loaded', () => {
    const index = loaded();
    let frame = index.atWall(fragments, t0)!;
    const seen = [frame.startMs - t0];
    for (;;) {
      const next = index.neighbour(fragments, frame, 1);
      if (next === undefined) break;
      expect(index.neighbour(fragments, next, -1)?.startMs).toBe(frame.startMs);
      frame = next;
      seen.push(frame.startMs - t0);
    }
    expect(seen.map(Math.round)).toEqual([0, 80, 160, 240, 320, 400]);
  });

  it('lets the last picture stand over jitter', () => {
    const jitter = [fragments[0]!, { ...fragments[1]!, programDateTime: t0 + 300 }];
    const index = new FrameIndex();
    index.add(jitter[0]!, frames(100), -100);
    expect(index.atWall(jitter, t0 + 290)?.endMs).toBeCloseTo(t0 + 300, 3);
  });

  it('keeps a bounded number of fragments', () => {
    const index = new FrameIndex();
    const many = Array.from({ length: 600 }, (_, sn) => ({
      ...{ sn, start: sn, duration: 1, programDateTime: t0 + sn * 1000 },
    }));
    for (const fragment of many) index.add(fragment, { starts: [fragment.start], end: fragment.start + 1 }, 0);
    expect(index.atWall(many, t0)).toBeUndefined();
    expect(index.atWall(many, t0 + 599_000)).toBeDefined();
  });
});
