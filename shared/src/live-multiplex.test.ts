import { describe, expect, it } from 'vitest';
import { askText, FrameReader, frameLengths, mostMultiplexed, multiplexAsks } from './live-multiplex.js';

const a = '00000000-0000-4000-8000-000000000001';
const b = '00000000-0000-4000-8000-000000000002';

describe('multiplexAsks', () => {
  it('reads what askText writes, each stream once', () => {
    const asks = [
      { cameraId: a, stream: 'sub', after: undefined },
      { cameraId: b, stream: 'main', after: 17_000_000_123 },
    ] as const;
    const text = asks.map(askText).join(',');
    expect(multiplexAsks.parse(text)).toEqual(asks);
    expect(multiplexAsks.parse(`${text},${a}.sub`)).toHaveLength(2);
  });

  it.each(['', a, `${a}.sound`, `${a}.sub.x`, `${a}.sub,`, `../${a}.sub`, `${'-'.repeat(36)}.sub`])(
    'refuses %j',
    (text) => {
      expect(multiplexAsks.safeParse(text).success).toBe(false);
    },
  );

  it('refuses more than a wall has', () => {
    const many = Array.from({ length: mostMultiplexed + 1 }, (_, index) => `${a.slice(0, -2)}${index + 10}.sub`);
    expect(multiplexAsks.safeParse(many.join(',')).success).toBe(false);
    expect(multiplexAsks.safeParse(many.slice(1).join(',')).success).toBe(true);
  });
});

describe('FrameReader', () => {
  const frame = (head: number[], body: number[]) => [...frameLengths(head.length, body.length), ...head, ...body];
  const all = [...frame([1, 2], [3]), ...frame([4], []), ...frame([5], [6, 7, 8])];

  it.each([1, 2, 3, 7, 11, 100])('gives whole frames from chunks of %i bytes', (size) => {
    const reader = new FrameReader();
    const frames = [];
    for (let at = 0; at < all.length; at += size)
      frames.push(...reader.push(Uint8Array.from(all.slice(at, at + size))));
    expect(frames.map(({ head, body }) => [[...head], [...body]])).toEqual([
      [[1, 2], [3]],
      [[4], []],
      [[5], [6, 7, 8]],
    ]);
    expect(frames.flatMap(({ bytes }) => [...bytes])).toEqual(all);
  });

  it('refuses absurd lengths before it collects them', () => {
    expect(() => new FrameReader().push(frameLengths(10, 0xffffffff))).toThrow(RangeError);
    expect(() => new FrameReader().push(frameLengths(0xffffffff, 1))).toThrow(RangeError);
  });
});
