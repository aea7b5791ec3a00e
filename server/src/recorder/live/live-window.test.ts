import { describe, expect, it } from 'vitest';
import { LiveWindow, type LiveFragment, type SegmentPiece } from './live-window.js';
import type { LiveChunk } from './part-assembler.js';

const startAtMs = Date.UTC(2026, 10, 22, 7, 30);

function fragment(index: number, change: Partial<LiveFragment> = {}): LiveFragment {
  return {
    key: `k${index}`,
    independent: false,
    shownFromMs: startAtMs + index * 1000,
    durationMs: 1000,
    mediaMs: index * 1000,
    run: 1,
    initId: 'a',
    byteLength: 1000,
    sampleCount: 10,
    recoveryPictures: 0,
    load: () => Promise.resolve(Buffer.from(`k${index}`)),
    ...change,
  };
}

/** One-second fragments, a keyframe every `gop`. */
function fill(window: LiveWindow, from: number, to: number, gop: number): void {
  for (let index = from; index < to; index++) {
    window.push(fragment(index, { independent: index % gop === 0 }));
    window.showBeginning();
  }
}

const keyOf = (piece: SegmentPiece) => ('key' in piece ? String(piece.key) : '');
const sequencesOf = (window: LiveWindow) =>
  [...(window.playlist() ?? '').matchAll(/^(\d+)\.m4s$/gm)].map((match) => Number(match[1]));
const keysOf = (window: LiveWindow) =>
  sequencesOf(window).map((sequence) => window.segment(sequence)?.map(keyOf).join(' '));

/** Of a picture each. */
const chunksOf = (totalMs: number, independent: boolean, durationMs = 20): LiveChunk[] =>
  Array.from({ length: Math.round(totalMs / durationMs) }, (_, index) => ({
    ...{ bytes: Buffer.alloc(1), durationMs, sampleCount: 1 },
    independent: independent && index === 0,
  }));

describe('the window of a live stream', () => {
  it('writes this playlist', () => {
    const window = new LiveWindow(7000, 2);
    fill(window, 0, 4, 2);
    window.push(fragment(4, { independent: true, run: 2, initId: 'b', shownFromMs: startAtMs + 9000.4, mediaMs: 0 }));
    window.push(
      fragment(5, { independent: true, run: 2, initId: 'b', shownFromMs: startAtMs + 10_000, mediaMs: 1000 }),
    );
    expect(window.playlist()).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:7',
        '#EXT-X-TARGETDURATION:2',
        '#EXT-X-MEDIA-SEQUENCE:7000',
        '#EXT-X-DISCONTINUITY-SEQUENCE:0',
        '#EXT-X-START:TIME-OFFSET=-0.900',
        '#EXT-X-MAP:URI="init-a.mp4"',
        '#EXT-X-PROGRAM-DATE-TIME:2026-11-22T07:30:00.000Z',
        '#EXTINF:1.00000,',
        '7000.m4s',
        '#EXT-X-PROGRAM-DATE-TIME:2026-11-22T07:30:01.000Z',
        '#EXTINF:1.00000,',
        '7001.m4s',
        '#EXT-X-PROGRAM-DATE-TIME:2026-11-22T07:30:02.000Z',
        '#EXTINF:2.00000,',
        '7002.m4s',
        '#EXT-X-DISCONTINUITY',
        '#EXT-X-MAP:URI="init-b.mp4"',
        '#EXT-X-PROGRAM-DATE-TIME:2026-11-22T07:30:09.000Z',
        '#EXTINF:1.00000,',
        '7003.m4s',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['a keyframe every second', 1, ['k23', 'k24', 'k25', 'k26', 'k27', 'k28']],
    ['a keyframe every two seconds', 2, ['k16 k17', 'k18 k19', 'k20 k21', 'k22 k23', 'k24 k25', 'k26 k27']],
    [
      'a keyframe every four seconds',
      4,
      ['k4 k5 k6 k7', 'k8 k9 k10 k11', 'k12 k13 k14 k15', 'k16 k17 k18 k19', 'k20 k21 k22 k23', 'k24 k25 k26 k27'],
    ],
  ])('begins every segment with a keyframe when there is %s', (_name, gop, keys) => {
    const window = new LiveWindow(1, LiveWindow.targetDurationFor([gop * 1000]));
    fill(window, 0, gop === 1 ? 30 : 29, gop);
    expect(keysOf(window)).toEqual(keys);
  });

  it('reaches back to the last but one keyframe when they are far apart, in short segments', () => {
    const window = new LiveWindow(1, LiveWindow.targetDurationFor([60_000]));
    fill(window, 0, 100, 60);
    const keys = keysOf(window);
    expect(keys[0]).toBe('k0');
    expect(keys.at(-1)).toBe('k98 k99');
    const text = window.playlist() ?? '';
    // From k60, the newest keyframe, to the end, less a little.
    expect(text).toContain('#EXT-X-START:TIME-OFFSET=-39.900\n');
    fill(window, 100, 200, 60);
    expect(keysOf(window)[0]).toBe('k120 k121');
    fill(window, 200, 500, 1000);
    expect(keysOf(window)).toHaveLength(6);
    expect(Math.max(...[...text.matchAll(/EXTINF:([\d.]+)/g)].map((match) => Number(match[1])))).toBeLessThan(2.5);
  });

  it('tells a player of low latency to begin at the newest keyframe with enough behind it, else at the oldest', () => {
    const startOf = (window: LiveWindow) => /TIME-OFFSET=(\S+)/.exec(window.playlist({ lowLatency: true }) ?? '')?.[1];
    const inParts = (index: number, durationMs: number, independent: boolean): Partial<LiveFragment> => ({
      shownFromMs: startAtMs + index,
      mediaMs: index,
      durationMs,
      independent,
      chunks: () => chunksOf(durationMs, independent),
    });
    const window = new LiveWindow(1, 2);
    window.push(fragment(0, inParts(0, 360, true)));
    window.showBeginning();
    expect(startOf(window)).toBe('-0.320');
    window.push(fragment(1, inParts(360, 300, false)));
    // Of these 300 ms no part is complete: they may yet become one of 320.
    expect(startOf(window)).toBe('-0.320');
    window.push(fragment(2, inParts(660, 340, false)));
    window.push(fragment(3, inParts(1000, 300, true)));
    expect(startOf(window)).toBe('-0.960');
    window.push(fragment(4, inParts(1300, 700, false)));
    expect(startOf(window)).toBe('-0.920');
  });

  it('numbers segments without a gap, and counts discontinuities that left', () => {
    const window = new LiveWindow(500, 2);
    let previous: number[] = [];
    for (let index = 0; index < 60; index++) {
      window.push(fragment(index, { independent: index % 2 === 0, run: index < 20 ? 1 : 2 }));
      window.showBeginning();
      const sequences = sequencesOf(window);
      sequences.forEach((sequence, at) => at > 0 && expect(sequence).toBe((sequences[at - 1] ?? 0) + 1));
      const first = previous[0];
      if (first !== undefined) expect(sequences[0]).toBeGreaterThanOrEqual(first);
      // What was listed a moment ago can still be fetched.
      for (const sequence of previous) expect(window.segment(sequence)).toBeDefined();
      previous = sequences;
    }
    expect(window.playlist()).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:1\n');
    expect(window.playlist()).not.toContain('#EXT-X-DISCONTINUITY\n');
    expect(window.segment(500)).toBeUndefined();
  });

  it.each([40, 200, 400, 520, 800])(
    'lists three target durations also with groups of %i ms, and each segment begins with a keyframe',
    (groupMs) => {
      const window = new LiveWindow(1, 2);
      for (let index = 0; index * groupMs < 30_000; index++) {
        const times = { shownFromMs: startAtMs + index * groupMs, mediaMs: index * groupMs, durationMs: groupMs };
        window.push(fragment(index, { ...times, independent: index % 2 === 0 || groupMs > 40 }));
      }
      const lengths = [...(window.playlist() ?? '').matchAll(/EXTINF:([\d.]+)/g)].map((match) => Number(match[1]));
      expect(lengths.reduce((sum, seconds) => sum + seconds, 0)).toBeGreaterThanOrEqual(6);
      expect(lengths.length).toBeLessThanOrEqual(9);
      expect(Math.max(...lengths)).toBeLessThan(2.5);
      for (const sequence of sequencesOf(window)) expect(window.segment(sequence)?.[0]?.independent).toBe(true);
    },
  );

  it('begins a segment with a keyframe that follows soon on the end of a long group', () => {
    const window = new LiveWindow(1, 2);
    fill(window, 0, 7, 30);
    window.push(fragment(7, { durationMs: 400 }));
    window.push(fragment(8, { independent: true, shownFromMs: startAtMs + 7400, mediaMs: 7400 }));
    for (let index = 9; index < 14; index++)
      window.push(fragment(index, { shownFromMs: startAtMs + index * 1000 - 600, mediaMs: index * 1000 - 600 }));
    expect(keysOf(window).some((keys) => keys?.startsWith('k8'))).toBe(true);
  });

  it('waits for a keyframe after a break, ignores what it has, never exceeds the target duration', () => {
    const window = new LiveWindow(1, 2);
    expect(window.push(fragment(0))).toBe(true);
    expect(window.playlist()).toBeUndefined();
    expect(window.push(fragment(1, { independent: true }))).toBe(true);
    expect(window.push(fragment(1, { independent: true }))).toBe(false);
    fill(window, 2, 30, 4);
    for (const match of (window.playlist() ?? '').matchAll(/EXTINF:([\d.]+)/g))
      expect(Math.round(Number(match[1]))).toBeLessThanOrEqual(2);
    window.push(fragment(40));
    window.push(fragment(41));
    expect(keysOf(window).at(-1)).not.toContain('k4');
    expect(window.newestPicture?.map(({ key }) => key)).toEqual(['k28']);
  });
});
