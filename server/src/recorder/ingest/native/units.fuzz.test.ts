// NAL units, their messages and parameter sets, and heads of RTSP as no specification has them.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ParameterSets, type SetRole } from './parameter-sets.js';
import { bodyLengthOf, endOfHead, isHeadText, parseHead } from './rtsp-head.js';
import { readSei } from './sei.js';
import { splitAtStartCodes, startCodeBytes } from './start-codes.js';
import type { VideoCodec } from './video-codec.js';

const codec = fc.constantFrom<VideoCodec>('h264', 'h265');
/** Bytes of which many are those that mean something in NAL units. */
const unit = (minLength: number) =>
  fc
    .array(fc.oneof(fc.constantFrom(0, 0, 0, 1, 3, 5, 6, 255), fc.nat(255)), { minLength, maxLength: 400 })
    .map((array) => Buffer.from(array));
const isWithin = (inner: Buffer, outer: Buffer) =>
  inner.buffer === outer.buffer &&
  inner.byteOffset >= outer.byteOffset &&
  inner.byteOffset + inner.length <= outer.byteOffset + outer.length;

it('messages of any kind are read or passed over, and nothing of one is left for the next', () => {
  fc.assert(
    fc.property(codec, unit(0), unit(0), (which, nal, before) => {
      const alone = readSei(which, nal);
      if (alone.recoveryPictures !== undefined) expect(alone.recoveryPictures).toBeLessThanOrEqual(1000);
      readSei(which, before);
      expect(readSei(which, nal)).toEqual(alone);
    }),
    { numRuns: 400 },
  );
});

it('units with start codes anywhere are cut there, in order, and lose nothing else', () => {
  fc.assert(
    fc.property(codec, fc.array(unit(1), { maxLength: 6 }), fc.boolean(), (which, units, allOf) => {
      const split = splitAtStartCodes(which, units, allOf);
      let at = 0;
      for (const one of split) {
        while (at < units.length && !isWithin(one, units[at]!)) at += 1;
        expect(at).toBeLessThan(units.length);
        if (allOf) expect(one.includes(Buffer.from([0, 0, 1]))).toBe(false);
      }
      expect(splitAtStartCodes(which, split, allOf)).toBe(split);
      for (const one of units) {
        const skipped = startCodeBytes(one, 0, one.length);
        expect(skipped === 0 || (skipped >= 3 && one[skipped - 1] === 1)).toBe(true);
      }
    }),
    { numRuns: 400 },
  );
});

it('parameter sets of any kind are kept within bounds, and never more than fit together', () => {
  const set = fc.tuple(fc.constantFrom<SetRole>('vps', 'sps', 'pps'), unit(1), fc.boolean());
  fc.assert(
    fc.property(codec, fc.array(set, { maxLength: 60 }), (which, all) => {
      const sets = new ParameterSets(which);
      for (const [role, nal, isUsed] of all) {
        const before = sets.changes;
        if (sets.keep(role, nal)) {
          expect(sets.changes).toBe(before + 1);
          expect(sets.keep(role, nal)).toBe(false);
        }
        if (isUsed) sets.use(nal);
        const used = sets.inUse();
        if (used === undefined) continue;
        expect(used.sps).toHaveLength(1);
        expect(used.vps).toHaveLength(which === 'h264' ? 0 : 1);
        expect(used.pps.length).toBeGreaterThan(0);
        expect(used.pps.length).toBeLessThanOrEqual(16);
      }
    }),
    { numRuns: 300 },
  );
});

it('heads of any kind are read or refused', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'RTSP/1.0 200 OK',
      'RTSP/1.0 ',
      'OPTIONS * RTSP/1.0',
      '\r',
      '\n',
      '\r\n',
      '\0',
      ':',
      ' ',
      '\t',
      ',',
    ),
    fc.constantFrom('Content-Length: ', 'content-length:0x', 'CSeq:', '__proto__: x', '99999999999', '-1', '7'),
    fc.string({ maxLength: 30 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 80 }), (pieces) => {
      const bytes = Buffer.from(pieces.join(''), 'latin1');
      const end = endOfHead(bytes);
      if (end !== undefined) expect(end).toBeLessThanOrEqual(bytes.length);
      isHeadText(bytes, end ?? bytes.length);
      const head = parseHead(bytes.toString('latin1', 0, end));
      if (head === undefined) return;
      expect(head.headers.size).toBeLessThanOrEqual(64);
      const length = bodyLengthOf(head);
      expect(length === undefined || length >= 0).toBe(true);
    }),
    { numRuns: 400 },
  );
});
