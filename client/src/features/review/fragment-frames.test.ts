import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framesOf, videoTrackOf } from './fragment-frames.js';

type Bytes = number[];
const u32 = (value: number): Bytes => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) & 255);
const box = (type: string, ...parts: Bytes[]): Bytes => {
  const payload = parts.flat();
  return [...u32(payload.length + 8), ...[...type].map((letter) => letter.charCodeAt(0)), ...payload];
};
const trak = (id: number, handler: string, timescale: number) =>
  box(
    'trak',
    box('tkhd', u32(0), u32(0), u32(0), u32(id)),
    box(
      'mdia',
      box('mdhd', u32(0), u32(0), u32(0), u32(timescale), u32(0)),
      box(
        'hdlr',
        u32(0),
        u32(0),
        [...handler].map((letter) => letter.charCodeAt(0)),
      ),
    ),
  );
const init = new Uint8Array(
  box(
    'moov',
    trak(1, 'soun', 48_000),
    trak(2, 'vide', 90_000),
    box('mvex', box('trex', u32(0), u32(1), u32(1), u32(1024)), box('trex', u32(0), u32(2), u32(1), u32(3600))),
  ),
);
const track = { id: 2, timescale: 90_000, defaultDuration: 3600 };

interface Sample {
  duration?: number;
  offset?: number;
}
/** A track fragment whose run states what the samples have. */
const traf = (id: number, decodeTime: number, samples: Sample[], tfdtVersion = 1) => {
  const flags = (samples[0]?.duration === undefined ? 0 : 0x100) | (samples[0]?.offset === undefined ? 0 : 0x800);
  const entries = samples.flatMap(({ duration, offset }) => [
    ...(duration === undefined ? [] : u32(duration)),
    ...(offset === undefined ? [] : u32(offset < 0 ? 2 ** 32 + offset : offset)),
  ]);
  const time = tfdtVersion === 1 ? [...u32(Math.floor(decodeTime / 2 ** 32)), ...u32(decodeTime)] : u32(decodeTime);
  return box(
    'traf',
    box('tfhd', u32(0x20000), u32(id)),
    box('tfdt', [tfdtVersion, 0, 0, 0], time),
    box('trun', [1, 0, ...u32(flags).slice(2)], u32(samples.length), entries),
  );
};
const media = (...trafs: Bytes[]) =>
  new Uint8Array([...box('prft', u32(0)), ...box('moof', box('mfhd', u32(0), u32(1)), ...trafs), ...box('mdat', [1])]);

describe('frames of a fragment', () => {
  it('finds the video track and what its samples last', () => {
    expect(videoTrackOf(init)).toEqual(track);
  });

  it.each([
    ['default durations', [{}, {}, {}], [0, 0.04, 0.08], 0.12],
    ['durations of their own', [{ duration: 9000 }, { duration: 4500 }], [0, 0.1], 0.15],
    [
      'B-frames, in order of presentation',
      [{ offset: 3600 }, { offset: 7200 }, { offset: 0 }, { offset: -3600 }],
      [0.04, 0.08, 0.08, 0.12],
      0.16,
    ],
  ])('%s', (_, samples, starts, end) => {
    const frames = framesOf(media(traf(2, 900_000, samples)), track);
    expect(frames?.starts.map((start) => Number((start - 10).toFixed(6)))).toEqual(starts);
    expect(frames?.end).toBeCloseTo(10 + end, 6);
  });

  it('passes over other tracks, and reads decode times beyond 32 bits', () => {
    const late = 2 ** 40;
    const frames = framesOf(media(traf(1, 5, [{ duration: 1024 }]), traf(2, late, [{}])), track);
    expect(frames?.starts).toEqual([late / 90_000]);
    expect(framesOf(media(traf(2, 90_000, [{}], 0)), track)?.starts).toEqual([1]);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['no fragment', new Uint8Array(box('mdat', [1, 2, 3]))],
    ['another track only', media(traf(1, 0, [{ duration: 1 }]))],
  ])('%s has no frames', (_, bytes) => {
    expect(framesOf(bytes, track)).toBeUndefined();
  });

  it('takes a count that the bytes do not hold for damage', () => {
    const bytes = media(traf(2, 0, [{ duration: 1 }, { duration: 2 }]));
    const view = new DataView(bytes.buffer);
    const at = [...bytes].findIndex((_, index) => String.fromCharCode(...bytes.slice(index, index + 4)) === 'trun');
    view.setUint32(at + 8, 0xffffffff);
    expect(framesOf(bytes, track)).toBeUndefined();
  });

  it('ends, whatever the bytes are', () => {
    const whole = media(traf(2, 900_000, [{ duration: 3600, offset: 0 }]));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 12 }), (changes) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        framesOf(bytes, track);
        videoTrackOf(bytes);
      }),
    );
  });
});
