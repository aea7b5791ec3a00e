// Memory that is used again: nobody may find another picture in it.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BlockPool } from './block-pool.js';
import { Depacketizer } from './depacketizer.js';
import { NalArena } from './nal-arena.js';
import { TimestampUnwrapper } from './rtp-packet.js';
import { RtpReceiver } from './rtp-receiver.js';
import { RtspParser } from './rtsp-message.js';
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

it('a pool keeps what is used again and again, and drops what lies free for long', () => {
  const pool = new BlockPool();
  const takeThree = () => Array.from({ length: 3 }, () => pool.take(16_000));
  const many = Array.from({ length: 100 }, () => pool.take(16_000));
  for (const block of many) pool.give(block);
  for (let round = 0; round < 10_000; round++) for (const block of takeThree()) pool.give(block);
  const again = Array.from({ length: 100 }, () => pool.take(16_000));
  expect(again.filter((block) => many.includes(block))).toHaveLength(3);
});

it('a pool keeps no more than it should, and nothing that it did not make', () => {
  const pool = new BlockPool();
  const blocks = Array.from({ length: 530 }, () => pool.take(1024 * 1024));
  for (const block of blocks) pool.give(block);
  const again = new Set(Array.from({ length: 530 }, () => pool.take(1024 * 1024)));
  expect(blocks.filter((block) => again.has(block))).toHaveLength(512);
  const strange = Buffer.alloc(20_000);
  pool.give(strange);
  expect(pool.take(16_000)).not.toBe(strange);
});

it('units stay what they are when what was lent is used again, also one that outgrows its block and one that is dropped', () => {
  const arena = new NalArena(new BlockPool());
  const lent = Buffer.alloc(4096);
  const sizes = [3, 16_000, 700, 90_000, 5, 40_000];
  for (const [seed, byteLength] of sizes.entries()) {
    for (let left = byteLength; left > 0; left -= 1400) {
      lent.fill(seed + 1);
      // Two pieces with something between them.
      const [first, second] = [Math.min(left, 700), Math.min(Math.max(left - 700, 0), 700)];
      arena.add(lent.fill(99, first, first + 20), 0, first);
      arena.add(lent, first + 20, first + 20 + second);
      if (left > 1400) arena.settle();
    }
    arena.finish();
    arena.add(unit(99, 10), 0, 10); // the beginning of one that never ends
    arena.drop();
    arena.settle();
  }
  lent.fill(98);
  expect(arena.count).toBe(sizes.length);
  arena.take().forEach((taken, seed) => expect(taken.equals(unit(seed + 1, sizes[seed]!))).toBe(true));
  arena.clear();
  arena.add(unit(7, 10), 2, 8);
  arena.finish();
  expect(arena.take()).toEqual([unit(7, 6)]);
});

/** NAL units of H.264 as packets of a camera, between channel and length (RFC 2326 10.12). */
function packetsOf(frames: readonly (readonly Buffer[])[], largest: number): Buffer[] {
  const packets: Buffer[] = [];
  const put = (frame: number, payload: Buffer, marker: boolean) => {
    const head = Buffer.alloc(16);
    head.set([0x24, 0, 0, 0, 0x80, marker ? 0xe0 : 0x60]);
    head.writeUInt16BE(12 + payload.length, 2);
    head.writeUInt16BE(packets.length & 0xffff, 6);
    head.writeUInt32BE(frame * 3600, 8);
    packets.push(Buffer.concat([head, payload]));
  };
  frames.forEach((nals, frame) =>
    nals.forEach((nal, index) => {
      const isLast = index === nals.length - 1;
      if (nal.length <= largest) return put(frame, nal, isLast);
      for (let at = 1; at < nal.length; at += largest) {
        const end = Math.min(nal.length, at + largest);
        const fu = (nal[0]! & 31) | (at === 1 ? 0x80 : 0) | (end === nal.length ? 0x40 : 0);
        const header = Buffer.from([(nal[0]! & 0xe0) | 28, fu]);
        put(frame, Buffer.concat([header, nal.subarray(at, end)]), isLast && end === nal.length);
      }
    }),
  );
  return packets;
}

it('pictures are the same wherever reading cuts them and whatever is read into the same memory next', () => {
  const nalOf = fc.record({ type: fc.constantFrom(1, 5, 6, 7, 8), length: fc.integer({ min: 2, max: 6000 }) });
  fc.assert(
    fc.property(
      fc.array(fc.array(nalOf, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(20), { maxLength: 3 }),
      (shapes, cuts, swaps) => {
        let seed = 0;
        const frames = shapes.map((nals) =>
          nals.map(({ type, length }) =>
            Buffer.concat([Buffer.from([0x60 | type]), unit((seed = (seed + 1) & 255), length - 1)]),
          ),
        );
        const packets = packetsOf(frames, 1200);
        for (const at of swaps)
          if (at + 1 < packets.length && at > 0) [packets[at], packets[at + 1]] = [packets[at + 1]!, packets[at]!];
        const seen: Buffer[][] = [];
        const pool = new BlockPool();
        const depacketizer = new Depacketizer({
          codec: 'h264',
          timestamps: new TimestampUnwrapper(),
          onUnit: ({ nals }) => seen.push(nals.map((nal) => Buffer.from(nal))),
          pool,
        });
        const receiver = new RtpReceiver({
          ...{ payloadType: 96, clockRate: 90_000, onPacket: (packet) => depacketizer.push(packet) },
          ...{ onLoss: () => depacketizer.lose(), onSourceChange: () => undefined },
        });
        const parser = new RtspParser({
          ...{ onResponse: () => undefined, onRequest: () => undefined },
          onInterleaved: (_channel, bytes, from, to) => receiver.push(bytes, 0, from, to),
          onReadEnd: () => depacketizer.settle(),
        });
        parser.expectChannels([0]);
        const stream = Buffer.concat(packets);
        const readBuffer = Buffer.alloc(8192);
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const length = Math.min(cuts[turn % cuts.length]!, stream.length - at);
          stream.copy(readBuffer, 0, at, at + length);
          parser.push(readBuffer.subarray(0, length));
          readBuffer.fill(0xee);
          at += length;
        }
        depacketizer.finish();
        expect(seen.map((nals) => nals.map((nal) => nal.toString('hex')))).toEqual(
          frames.map((nals) => nals.map((nal) => nal.toString('hex'))),
        );
      },
    ),
    { numRuns: 300 },
  );
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
