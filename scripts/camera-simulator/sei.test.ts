import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitNals } from './h264/annex-b.js';
import { buildSeiNal, escapeRbsp, findFrameStamp, unescapeRbsp } from './sei.js';

const stamp = fc.record({
  cameraNumber: fc.integer({ min: 0, max: 0xffffffff }),
  frameCounter: fc.oneof(
    fc.bigInt(0n, 5n),
    fc.bigInt(0n, (1n << 64n) - 1n),
    fc.constantFrom(0x300n, 0x30000n, 0x3000003n),
  ),
  utcMs: fc.oneof(
    fc.integer({ min: 0, max: 5 }),
    fc.integer({ min: 0, max: 2 ** 45 }),
    fc.constantFrom(0x1000003, 0x30000),
  ),
});
const zerosAndSmall = fc.uint8Array({ max: 3, maxLength: 60 });
const startCode = Buffer.from([0, 0, 0, 1]);

describe('frame stamp', () => {
  it('survives the way through a NAL unit, whatever the numbers', () => {
    fc.assert(
      fc.property(stamp, ({ cameraNumber, frameCounter, utcMs }) => {
        const nal = buildSeiNal(cameraNumber, frameCounter, utcMs);
        expect(findFrameStamp(nal)).toEqual({ cameraNumber, frameCounter, utcMs });
      }),
    );
  });

  it('never holds a start code, nor three zeros', () => {
    fc.assert(
      fc.property(stamp, ({ cameraNumber, frameCounter, utcMs }) => {
        const nal = buildSeiNal(cameraNumber, frameCounter, utcMs);
        for (let at = 0; at + 2 < nal.length; at += 1) {
          expect(nal[at] === 0 && nal[at + 1] === 0 && (nal[at + 2] ?? 9) < 3).toBe(false);
        }
      }),
    );
  });

  it('is found in an access unit with start codes and in one with lengths', () => {
    fc.assert(
      fc.property(stamp, fc.uint8Array({ min: 1, maxLength: 200 }), ({ cameraNumber, frameCounter, utcMs }, noise) => {
        const nals = [
          Buffer.of(0x67, 1, 2, 3),
          buildSeiNal(cameraNumber, frameCounter, utcMs),
          Buffer.of(0x65, ...noise),
        ];
        const annexB = Buffer.concat(nals.flatMap((nal) => [startCode, nal]));
        const lengths = nals.map((nal) => {
          const length = Buffer.alloc(4);
          length.writeUInt32BE(nal.length);
          return Buffer.concat([length, nal]);
        });
        const expected = { cameraNumber, frameCounter, utcMs };
        expect(findFrameStamp(annexB)).toEqual(expected);
        expect(findFrameStamp(Buffer.concat(lengths))).toEqual(expected);
      }),
    );
  });

  it('is not found where it is not, is cut short, or stands in another message', () => {
    const nal = buildSeiNal(7, 300n, 1_800_000_000_000);
    const otherType = Buffer.from(nal);
    otherType[1] = 4;
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(100, 0x55), nal.subarray(0, 30), nal.subarray(3), otherType]) {
      expect(findFrameStamp(bytes)).toBeUndefined();
    }
  });

  it('is one user_data_unregistered message of 36 bytes', () => {
    const nal = buildSeiNal(1, 2n, 3);
    expect([...nal.subarray(0, 3)]).toEqual([6, 5, 36]);
    expect(unescapeRbsp(nal.subarray(1)).length).toBe(39);
    expect(splitNals(Buffer.concat([startCode, nal, startCode, Buffer.of(0x41, 0xff)]))).toEqual([
      nal,
      Buffer.of(0x41, 0xff),
    ]);
  });
});

describe('emulation prevention', () => {
  it('is undone by its reverse', () => {
    fc.assert(
      fc.property(fc.oneof(zerosAndSmall, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        const escaped = escapeRbsp(bytes);
        expect(Buffer.compare(unescapeRbsp(escaped), Buffer.from(bytes))).toBe(0);
        expect(escaped.indexOf('000000', 0, 'hex')).toBe(-1);
        expect(escaped.indexOf('000001', 0, 'hex')).toBe(-1);
        expect(escaped.indexOf('000002', 0, 'hex')).toBe(-1);
      }),
    );
  });

  it.each([
    ['00 00 00', '00 00 03 00'],
    ['00 00 01', '00 00 03 01'],
    ['00 00 03', '00 00 03 03'],
    ['00 00 04', '00 00 04'],
    ['00 00 00 00 00', '00 00 03 00 00 03 00'],
  ])('turns %s into %s', (rbsp, escaped) => {
    const bytes = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
    expect(escapeRbsp(bytes(rbsp))).toEqual(bytes(escaped));
  });
});
