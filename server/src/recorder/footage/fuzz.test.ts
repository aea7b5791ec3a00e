import { mkdtemp, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../lib/logger.js';
import { fileIdOf, footagePath } from './footage-paths.js';
import {
  decodeIndex,
  encodeClosingRecord,
  encodeIndexHeader,
  encodeIndexRecord,
  indexRecordBytes,
  type IndexHeader,
  type IndexRecord,
} from './index-file.js';
import { markedPaths } from './open-marker.js';
import { recoverFile, type FileState } from './recover-file.js';
import { readInitSegment, scanFragments } from './scan-fragments.js';
import { encodeMedia, fragmentAt, type TestMedia } from './testing/test-fragments.js';
import { decodeTimeBox, encodeTimeBox } from './time-box.js';

const startAtMs = Date.UTC(2026, 2, 4, 10);
const path = footagePath('cam', startAtMs, 1);
let folder: string;
let media: TestMedia;
/** A whole footage file of six fragments. */
let whole: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-fuzz-'));
  await mkdir(dirname(join(folder, path)), { recursive: true });
  media = encodeMedia();
  const parts = [media.init.bytes];
  for (let index = 0; index < 6; index++) {
    const one = fragmentAt(media, index, { startAtMs });
    parts.push(encodeTimeBox(1, one.startAtMs, one.baseMediaDecodeTime, 'rtcp'), one.bytes);
  }
  whole = Buffer.concat(parts);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const record = fc.record({
  offset: fc.nat(1e9),
  byteLength: fc.nat(0xffffffff),
  sampleCount: fc.nat(0xffffffff),
  startAtMs: fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
  durationMs: fc.double({ noNaN: true, min: 0, max: 1e6 }),
  baseMediaDecodeTime: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  independent: fc.boolean(),
  timeSource: fc.constantFrom('rtcp' as const, 'arrival' as const),
  sha256: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
});
const header: IndexHeader = {
  ...{ fileId: fileIdOf(path), cameraId: 'cam', run: 1, epoch: 0, initId: '0123456789abcdef', initByteLength: 700 },
  ...{ codec: 'avc1.640028', width: 64, height: 48, timescale: 10_240, trackId: 1 },
};
/** What a broken disk makes of bytes: pieces that changed, went missing, came twice, or turned to zeros. */
const damage = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    how: fc.constantFrom('flip', 'cut', 'zero', 'junk', 'twice', 'length'),
    length: fc.integer({ min: 1, max: 3000 }),
    byte: fc.nat(255),
  }),
  { minLength: 1, maxLength: 4 },
);
function spoil(bytes: Buffer, damages: { at: number; how: string; length: number; byte: number }[]): Buffer {
  let spoiled = Buffer.from(bytes);
  for (const { at, how, length, byte } of damages) {
    const start = Math.floor(at * spoiled.length);
    const end = Math.min(spoiled.length, start + length);
    if (how === 'flip' && start < spoiled.length) spoiled[start] = byte;
    if (how === 'zero') spoiled.fill(0, start, end);
    if (how === 'junk') spoiled.fill(byte, start, end);
    if (how === 'cut') spoiled = Buffer.concat([spoiled.subarray(0, start), spoiled.subarray(end)]);
    if (how === 'twice')
      spoiled = Buffer.concat([spoiled.subarray(0, end), spoiled.subarray(start, end), spoiled.subarray(end)]);
    if (how === 'length' && start + 4 <= spoiled.length) spoiled.writeUInt32BE((byte * 0x1010101) >>> 0, start);
  }
  return spoiled;
}

describe('the index', () => {
  it('reads back what was written, up to the first record that is not whole', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), fc.nat(79), fc.boolean(), (records, cut, closed) => {
        const parts = [encodeIndexHeader(header), ...records.map(encodeIndexRecord)];
        if (closed) parts.push(encodeClosingRecord(12));
        const bytes = Buffer.concat(parts);
        expect(decodeIndex(bytes)).toEqual({ header, records, closed });
        const torn = bytes.subarray(0, bytes.length - cut);
        if (torn.length < encodeIndexHeader(header).length) return;
        const kept = Math.floor((torn.length - encodeIndexHeader(header).length) / indexRecordBytes);
        expect(decodeIndex(torn)?.records).toEqual(records.slice(0, kept));
      }),
    );
  });

  it('takes any bytes without failing, and never tells more records than there is room for', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 4000 }),
        fc.array(record, { maxLength: 8 }),
        damage,
        (junk, records, d) => {
          decodeIndex(Buffer.from(junk));
          const spoiled = spoil(Buffer.concat([encodeIndexHeader(header), ...records.map(encodeIndexRecord)]), d);
          const found = decodeIndex(spoiled);
          expect(found?.records.length ?? 0).toBeLessThanOrEqual(spoiled.length / indexRecordBytes);
          const known = new Set(records.map((one) => one.sha256.toString('hex')));
          for (const one of found?.records ?? []) expect(known).toContain(one.sha256.toString('hex'));
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([['null'], ['[]'], ['7'], ['{"run":"x"}'], ['{"timescale":0}'], ['{']])('refuses the header %s', (json) => {
    const real = encodeIndexHeader(header);
    const made = encodeIndexHeader(JSON.parse('{}') as IndexHeader);
    expect(decodeIndex(made)).toBeUndefined();
    const text = Buffer.from(json);
    const bytes = Buffer.concat([real.subarray(0, 8), Buffer.alloc(4), text, Buffer.alloc(8)]);
    bytes.writeUInt32LE(text.length, 8);
    expect(decodeIndex(bytes)).toBeUndefined();
  });
});

describe('boxes of time and markers', () => {
  it('come back as they were, and nothing else does any harm', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: Date.UTC(2036, 0, 1) * 4 }),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.uint8Array({ maxLength: 64 }),
        (quarter, ticks, junk) => {
          const atMs = quarter / 4;
          const decoded = decodeTimeBox(encodeTimeBox(1, atMs, ticks, 'rtcp'));
          expect(decoded?.startAtMs).toBeCloseTo(atMs, 3);
          decodeTimeBox(Buffer.from(junk));
        },
      ),
    );
    fc.assert(fc.property(fc.string(), (text) => void markedPaths(text)));
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(markedPaths(text).length).toBeLessThanOrEqual(33);
      }),
    );
  });
});

/** Scans bytes as a file; what it allocates stays in proportion to the file. */
async function scan(bytes: Buffer): Promise<IndexRecord[]> {
  const at = join(folder, 'scanned.bin');
  await writeFile(at, bytes);
  const file = await open(at, 'r');
  try {
    const init = await readInitSegment(file, bytes.length).catch((error: { code?: string }) => {
      expect(error.code).toBe('bad_mp4');
      return undefined;
    });
    if (init === undefined) return [];
    const fallback = { startAtMs, baseMediaDecodeTime: 0n };
    return await scanFragments({ file, fileBytes: bytes.length, init, fallback, mayBeTorn: true }, init.bytes.length);
  } finally {
    await file.close();
  }
}

describe('finding fragments by their boxes', () => {
  it('finds all of a whole file, and in a damaged one only what is whole', async () => {
    expect(await scan(whole)).toHaveLength(6);
    await fc.assert(
      fc.asyncProperty(damage, fc.uint8Array({ maxLength: 600 }), async (damages, junk) => {
        await scan(Buffer.from(junk));
        const spoiled = spoil(whole, damages);
        for (const one of await scan(spoiled)) expect(one.offset + one.byteLength).toBeLessThanOrEqual(spoiled.length);
      }),
      { numRuns: 150 },
    );
  });

  it('takes no memory for lengths that a file only claims', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const at = join(folder, 'sparse.bin');
    const file = await open(at, 'w+');
    try {
      // Boxes of almost 64 MB each, on a file that is nearly all hole.
      const box = (type: string, size: number) => {
        const head = Buffer.alloc(8);
        head.writeUInt32BE(size, 0);
        head.write(type, 4, 'latin1');
        return head;
      };
      await file.write(box('ftyp', 60e6), 0, 8, 0);
      await file.write(box('free', 60e6), 0, 8, 60e6);
      await file.write(box('moov', 60e6), 0, 8, 120e6);
      await file.truncate(450e6);
      await expect(readInitSegment(file, 450e6)).rejects.toMatchObject({ code: 'bad_mp4' });
      await file.write(box('moof', 60e6), 0, 8, 300e6);
      await file.write(box('mdat', 60e6), 0, 8, 360e6);
      const fallback = { startAtMs, baseMediaDecodeTime: 0n };
      const claimed = { file, fileBytes: 450e6, init: media.init, fallback, mayBeTorn: true };
      expect(await scanFragments(claimed, 300e6)).toEqual([]);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20e6);
    } finally {
      await file.close();
    }
  });
});

describe('recovery', () => {
  const options = { epoch: 0, logger: silentLogger };
  const absolute = () => join(folder, path);
  /** The day's folder goes with its last file. */
  const makeFolder = () => mkdir(dirname(absolute()), { recursive: true });
  async function recover(bytes: Buffer, index: Buffer | undefined, state: FileState) {
    await makeFolder();
    await writeFile(absolute(), bytes);
    if (index === undefined) await rm(absolute().replace('.mp4', '.idx'), { force: true });
    else await writeFile(absolute().replace('.mp4', '.idx'), index);
    return recoverFile(folder, path, { ...options, state });
  }

  it('never fails on any bytes, deletes nothing that it does not understand, and ends in a file that is in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 3000 }).map((junk) => ({ junk: Buffer.from(junk), damages: [] })),
          damage.map((damages) => ({ junk: undefined, damages })),
        ),
        fc.option(fc.uint8Array({ maxLength: 1000 }), { nil: undefined }),
        fc.constantFrom<FileState>('open', 'found', 'closed'),
        async ({ junk, damages }, indexBytes, state) => {
          const bytes = junk ?? spoil(whole, damages);
          const found = await recover(bytes, indexBytes === undefined ? undefined : Buffer.from(indexBytes), state);
          const left = await readFile(absolute()).catch(() => undefined);
          if (found === undefined) {
            // Gone only if it was ours: nothing, zeros, or the beginning of an init segment or a first fragment.
            const isOurs =
              bytes.every((byte) => byte === 0) ||
              bytes.includes('ftyp') ||
              'ftyp'.startsWith(bytes.toString('latin1', 4, 8));
            if (left === undefined) expect(state !== 'closed' && isOurs).toBe(true);
            else expect(left.equals(bytes)).toBe(true);
            return;
          }
          expect(left!.subarray(0, found.row.byteLength).equals(bytes.subarray(0, found.row.byteLength))).toBe(true);
          if (state !== 'open') expect(left!.length).toBe(bytes.length);
          const again = await recoverFile(folder, path, { ...options, state: 'open' });
          expect(again).toMatchObject({ row: found.row, mended: false });
        },
      ),
      { numRuns: 150 },
    );
    await makeFolder();
    expect((await readdir(dirname(absolute()))).every((name) => /\.(mp4|idx)$/.test(name))).toBe(true);
  });

  it('leaves a large foreign file of our name alone', async () => {
    await makeFolder();
    await writeFile(absolute(), Buffer.alloc(3_000_000, 0x41));
    expect(await recoverFile(folder, path, { ...options, state: 'open' })).toBeUndefined();
    expect((await stat(absolute())).size).toBe(3_000_000);
  });
});
