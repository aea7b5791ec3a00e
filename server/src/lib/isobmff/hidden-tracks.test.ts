import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hiddenPieces, withHidden } from './hidden-tracks.js';

describe('hiddenPieces', () => {
  it('hides the same as withHidden, whatever part flows by and however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 40, maxLength: 80 }),
        fc.uniqueArray(fc.nat(8), { maxLength: 5 }),
        fc.nat(30),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 }),
        async (content, slots, from, lengths) => {
          const bytes = Buffer.from(content);
          const places = slots.sort((a, b) => a - b).map((slot) => slot * 4);
          const chunks: Buffer[] = [];
          for (let at = from, turn = 0; at < bytes.length; turn++) {
            const length = lengths[turn % lengths.length] as number;
            chunks.push(bytes.subarray(at, at + length));
            at += length;
          }
          const hidden = await buffer(hiddenPieces(Readable.from(chunks), from, places));
          expect(hidden.equals(withHidden(bytes, places).subarray(from))).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });
});
