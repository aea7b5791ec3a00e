import type { MultiplexedSegment } from '@choi-canh/shared/live-multiplex';
import { describe, expect, it } from 'vitest';
import { LiveStore } from './live-store.js';

const startAtMs = Date.UTC(2026, 10, 22, 7, 30);
const segment = (number: number, change: Partial<MultiplexedSegment> = {}): MultiplexedSegment => ({
  ...{ kind: 'segment', name: 'x.sub', number, durationMs: 500, sentAtMs: 0, initId: 'aa' },
  ...{ shownFromMs: startAtMs + number * 500, independent: number % 4 === 0, discontinuity: false },
  ...change,
});
const bytes = (number: number) => Uint8Array.of(number);
function filled(from: number, to: number, store = new LiveStore()): LiveStore {
  for (let number = from; number < to; number += 1) store.push(segment(number), bytes(number), number * 500);
  return store;
}
const uris = (text = '') => text.split('\n').filter((line) => line.endsWith('.m4s'));

describe('what a page holds of a live stream', () => {
  it('is this playlist, from the newest keyframe on for a player that has nothing', () => {
    const store = filled(100, 106);
    store.init('aa', bytes(1));
    expect(store.playlist(true)).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:9',
        '#EXT-X-TARGETDURATION:1',
        '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES',
        '#EXT-X-MEDIA-SEQUENCE:4',
        '#EXT-X-DISCONTINUITY-SEQUENCE:0',
        '#EXT-X-START:TIME-OFFSET=0',
        '#EXT-X-MAP:URI="init-aa.mp4"',
        '#EXT-X-PROGRAM-DATE-TIME:2026-11-22T07:30:52.000Z',
        '#EXTINF:0.50000,',
        '4.m4s',
        '#EXT-X-PROGRAM-DATE-TIME:2026-11-22T07:30:52.500Z',
        '#EXTINF:0.50000,',
        '5.m4s',
        '',
      ].join('\n'),
    );
    expect(uris(store.playlist(false))).toHaveLength(6);
    expect(store.file('5.m4s')).toEqual(bytes(105));
    expect(store.file('init-aa.mp4')).toEqual(bytes(1));
    expect(store.file('6.m4s')).toBeUndefined();
    expect(new LiveStore().playlist(true)).toBeUndefined();
  });

  it('goes on in another answer, and says where something is missing or a server began again', () => {
    const store = filled(100, 104);
    expect(store.push(segment(103), bytes(0), 0)).toBe(false);
    store.beginAnswer();
    filled(104, 106, store);
    expect(store.playlist(false)).not.toContain('DISCONTINUITY\n');
    store.push(segment(108), bytes(8), 0);
    expect(store.playlist(false)).toContain('#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-11-22T07:30:54.000Z');
    store.beginAnswer();
    expect(store.push(segment(8), bytes(8), 0)).toBe(true);
    expect(store.playlist(false)?.split('#EXT-X-DISCONTINUITY\n')).toHaveLength(3);
  });

  it('counts the discontinuities that went', () => {
    const store = filled(100, 102);
    store.push(segment(104, { discontinuity: true }), bytes(4), 0);
    filled(105, 160, store);
    expect(store.playlist(false)).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:1\n');
  });

  it('is bounded: ten seconds, and with keyframes far apart back to the last but one', () => {
    expect(uris(filled(100, 400).playlist(false)).length).toBeLessThanOrEqual(24);
    const far = new LiveStore();
    for (let number = 0; number < 300; number += 1)
      far.push(segment(number, { independent: number % 120 === 0 }), bytes(1), 0);
    expect(uris(far.playlist(false))).toHaveLength(180);
    expect(uris(far.playlist(true))).toHaveLength(60);
    expect([far.hasFarKeyframes, filled(0, 100).hasFarKeyframes]).toEqual([true, false]);
  });

  it('forgets what is old', () => {
    const store = filled(100, 104);
    store.clear();
    expect(store.playlist(true)).toBeUndefined();
    expect(store.newestNumber).toBeUndefined();
    store.push(segment(200), bytes(0), 0);
    expect(uris(store.playlist(true))).toEqual(['4.m4s']);
  });

  it('wakes who waits for a segment, and lets go who left', async () => {
    const store = filled(100, 102);
    const leaving = new AbortController();
    const left = store.until(2, leaving.signal);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    const waiting = store.until(2, new AbortController().signal);
    filled(102, 103, store);
    await waiting;
    await store.until(undefined, new AbortController().signal);
  });
});
