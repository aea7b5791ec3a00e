import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { BoxStream, findBox, iterateBoxes } from './boxes.js';
import { decoderConfiguration, hasVideo, parseInitSegment } from './init-segment.js';
import { presentedSpan, readMoof } from './moof-reader.js';
import { parseMoof, parseTrackDefaults } from './moof.js';

/** A short real movie in fragments: what bytes are damaged from. */
let movie: Buffer;
let init: Buffer;
let fragment: Buffer;
beforeAll(() => {
  movie = execFileSync('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=10', '-t', '1', '-c:v', 'libx264'],
    ...['-preset', 'ultrafast', '-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof', 'pipe:1'],
  ]);
  const boxes = new BoxStream().push(movie);
  const bytesOf = (type: string) => boxes.find((box) => box.type === type)!.bytes;
  init = Buffer.concat([bytesOf('ftyp'), bytesOf('moov')]);
  fragment = Buffer.concat([bytesOf('moof'), bytesOf('mdat')]);
});

const damage = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    value: fc.constantFrom(0, 1, 7, 8, 0x7fffffff, 0x80000000, 0xffffffff, 0x6d6f6f66),
    wide: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);
function spoil(bytes: Buffer, damages: { at: number; value: number; wide: boolean }[]): Buffer {
  const spoiled = Buffer.from(bytes);
  for (const { at, value, wide } of damages) {
    const start = Math.floor(at * (spoiled.length - 4));
    if (wide) spoiled.writeUInt32BE(value >>> 0, start);
    else spoiled[start] = value & 0xff;
  }
  return spoiled;
}
/** Any bytes, and real ones that were damaged. */
const bytesLike = (real: () => Buffer) =>
  fc.oneof(
    fc.uint8Array({ maxLength: 2000 }).map((junk) => Buffer.from(junk)),
    damage.map((damages) => spoil(real(), damages)),
  );

/** Ends, and if it fails then by saying that the MP4 is damaged. */
async function survives(work: () => unknown): Promise<void> {
  const startedAt = performance.now();
  try {
    await work();
  } catch (error) {
    expect(error).toMatchObject({ kind: 'invalid', code: 'bad_mp4' });
  }
  expect(performance.now() - startedAt).toBeLessThan(5000);
}

describe('whatever bytes come', () => {
  it.each<[string, (bytes: Buffer) => unknown]>([
    ['iterateBoxes', (bytes) => expect([...iterateBoxes(bytes)].length).toBeLessThanOrEqual(bytes.length / 8)],
    ['findBox', (bytes) => findBox(bytes, 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd')],
    ['parseInitSegment', (bytes) => parseInitSegment(bytes)],
    ['decoderConfiguration', (bytes) => decoderConfiguration(bytes)],
    ['hasVideo', (bytes) => hasVideo(bytes)],
    ['parseTrackDefaults', (bytes) => parseTrackDefaults(bytes, 1)],
  ])('%s of an init segment says that it is damaged, or what is in it', async (_, parse) => {
    await fc.assert(
      fc.asyncProperty(
        bytesLike(() => init),
        (bytes) => survives(() => parse(bytes)),
      ),
      { numRuns: 300 },
    );
  });

  it('samples of a fragment lie inside of it, and are not more than it can hold', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytesLike(() => fragment),
        (bytes) =>
          survives(() => {
            const { samples } = parseMoof(bytes);
            expect(samples.length).toBeLessThanOrEqual(20_000);
            for (const { offset, size } of samples) expect(offset + size).toBeLessThanOrEqual(bytes.length);
          }),
      ),
      { numRuns: 500 },
    );
  });

  it('the header of a stored fragment is read in at most two bounded reads', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytesLike(() => fragment),
        (bytes) =>
          survives(async () => {
            let reads = 0;
            const read = (offset: number, length: number) => {
              reads += 1;
              expect(offset + length).toBeLessThanOrEqual(Math.max(bytes.length, 8));
              return Promise.resolve(bytes.subarray(offset, offset + length));
            };
            const moof = await readMoof(read, bytes.length);
            expect(reads).toBeLessThanOrEqual(2);
            presentedSpan(moof);
          }),
      ),
      { numRuns: 300 },
    );
  });

  it('a stream of boxes keeps no more than its limit, in whatever pieces it comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytesLike(() => movie),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }),
        (bytes, sizes) =>
          survives(() => {
            const stream = new BoxStream(4096);
            const out: Buffer[] = [];
            for (let at = 0, turn = 0; at < bytes.length; turn++) {
              const size = sizes[turn % sizes.length]!;
              for (const box of stream.push(bytes.subarray(at, at + size))) out.push(box.bytes);
              at += size;
              expect(stream.pendingBytes).toBeLessThanOrEqual(4096 + 700);
            }
            expect(bytes.indexOf(Buffer.concat(out))).toBe(0);
          }),
      ),
      { numRuns: 300 },
    );
  });
});
