import { describe, expect, it } from 'vitest';
import { CaptureTimes } from './capture-times.js';

const durationMs = 500;

/** What is believed of fragments that come when they are whole, with these instants of their beginnings. */
function believed(statedMs: (beginMs: number, nowMs: number, index: number) => number, count = 12): boolean[] {
  const times = new CaptureTimes();
  return Array.from({ length: count }, (_, index) => {
    const beginMs = index * durationMs;
    const nowMs = 1e12 + beginMs + durationMs + ((index * 7) % 11);
    return times.believe(statedMs(1e12 + beginMs, nowMs, index), beginMs, durationMs, nowMs);
  });
}

describe('instants that ffmpeg gives', () => {
  it.each([
    ['of a camera whose clock is right', (beginMs: number) => beginMs - 40],
    ['… is 3 s ahead', (beginMs: number) => beginMs + 3000],
    ['… an hour behind', (beginMs: number) => beginMs - 3_600_000],
    ['… and is rounded', (beginMs: number, _: number, index: number) => beginMs - 40 + (index % 2)],
  ])('%s are believed from the second fragment on', (_, stated) => {
    expect(believed(stated)).toEqual([false, ...Array<boolean>(11).fill(true)]);
  });

  it('of a camera that is ahead by as long as a fragment are believed once they are seen to go with its media', () => {
    expect(believed((beginMs) => beginMs + durationMs - 20).slice(5)).toEqual(Array<boolean>(7).fill(true));
  });

  it('of the moment of writing are never believed, nor where one is read late', () => {
    expect(believed((_, nowMs, index) => nowMs - (index === 4 ? 400 : index % 3))).toEqual(
      Array<boolean>(12).fill(false),
    );
  });
});
