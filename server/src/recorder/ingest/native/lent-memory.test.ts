// Memory that is used again: nobody may find another picture in it.
import { expect, it } from 'vitest';
import { BlockPool } from './block-pool.js';
import { NalArena } from './nal-arena.js';
import { SampleBody } from './sample-body.js';

/** Bytes that tell which unit they are of. */
const unit = (seed: number, byteLength: number): Buffer => Buffer.alloc(byteLength, seed);
const prefixed = (nal: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(nal.length);
  return Buffer.concat([length, nal]);
};

it('a pool hands out blocks that are large enough, and each again only after it was given back', () => {
  const pool = new BlockPool();
  const [one, other] = [pool.take(20_000), pool.take(20_000)];
  expect(one.length).toBe(32_768);
  expect(one.buffer).not.toBe(other.buffer);
  pool.give(one);
  expect(pool.take(17_000)).toBe(one);
  expect(pool.take(17_000)).not.toBe(one);
  expect(pool.take(9_000_000).length).toBe(9_000_000);
});

it('a pool keeps no more than it should, and nothing that it did not make', () => {
  const pool = new BlockPool();
  const blocks = Array.from({ length: 100 }, () => pool.take(1024 * 1024));
  for (const block of blocks) pool.give(block);
  const again = new Set(Array.from({ length: 100 }, () => pool.take(1024 * 1024)));
  expect(blocks.filter((block) => again.has(block))).toHaveLength(24);
  const strange = Buffer.alloc(20_000);
  pool.give(strange);
  expect(pool.take(16_000)).not.toBe(strange);
});

it('units stay what they are while others arrive, also one that outgrows its block and one that is dropped', () => {
  const arena = new NalArena(new BlockPool());
  const sizes = [3, 16_000, 700, 90_000, 5, 40_000];
  const units = sizes.map((byteLength, seed) => {
    const bytes = unit(seed + 1, byteLength);
    for (let at = 0; at < byteLength; at += 1400) arena.add(bytes, at, Math.min(byteLength, at + 1400));
    const taken = arena.take();
    arena.addByte(99); // the beginning of one that never ends
    arena.drop();
    return taken;
  });
  units.forEach((taken, seed) => expect(taken.equals(unit(seed + 1, sizes[seed]!))).toBe(true));
  arena.clear();
  arena.add(unit(7, 10), 2, 8);
  expect(arena.take()).toEqual(unit(7, 6));
});

it.each([
  ['small', 16, 5],
  ['larger than the first block', 2048, 60],
  ['more samples than there is room in front for', 4000, 300],
])('a body holds its pictures behind the head: %s', (_, headBytes, pictures) => {
  const body = new SampleBody();
  for (let round = 0; round < 3; round++) {
    const nals = Array.from({ length: pictures }, (_, index) => [unit(index, 900), unit(index + round, 7)]);
    const lengths = nals.map((one) => body.add(one));
    const expected = Buffer.concat(nals.flat().map(prefixed));
    expect(lengths).toEqual(nals.map(() => 915));
    expect(body.part(915, 1830)).toEqual(Buffer.concat(nals[1]!.map(prefixed)));
    const { bytes, release } = body.take(headBytes);
    expect(bytes.length).toBe(headBytes + expected.length);
    expect(bytes.subarray(headBytes).equals(expected)).toBe(true);
    expect(body.byteLength).toBe(0);
    release();
    release(); // the second time is nothing
  }
});

it('a fragment that was not given back is left alone', () => {
  const pool = new BlockPool();
  const body = new SampleBody(pool);
  body.add([unit(1, 500)]);
  const kept = body.take(100);
  kept.bytes.fill(0, 0, 100);
  for (let round = 0; round < 5; round++) {
    body.add([unit(2, 500)]);
    body.take(100).release();
  }
  expect(kept.bytes.subarray(104)).toEqual(unit(1, 500));
});
