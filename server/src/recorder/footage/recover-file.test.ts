import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../lib/logger.js';
import { fileIdOf, footagePath } from './footage-paths.js';
import { encodeIndexHeader, encodeIndexRecord, indexRecordBytes } from './index-file.js';
import { recoverFile, type FileState, type RecoveredFile } from './recover-file.js';
import { encodeMedia, fragmentAt, type TestMedia } from './testing/test-fragments.js';
import { encodeTimeBox, timeBoxBytes } from './time-box.js';

const startAtMs = Date.UTC(2026, 2, 4, 10);
const path = footagePath('cam', startAtMs, 7);
const states: readonly FileState[] = ['open', 'found', 'closed'];
/** Of half a second each. */
const count = 60;
const media = new Map<string, TestMedia>();
let folder: string;
let file: string;
let index: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-recover-'));
  file = join(folder, path);
  index = file.replace('.mp4', '.idx');
  await mkdir(dirname(file), { recursive: true });
  for (const codec of ['h264', 'mjpeg', 'mpeg4'] as const) media.set(codec, encodeMedia('64x48', codec));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  await rm(file, { force: true });
  await rm(index, { force: true });
});

/** A footage file, and where the fragments end in it; at 0 the init segment. */
function made(codec = 'h264'): { bytes: Buffer; ends: number[] } {
  const { init } = media.get(codec)!;
  const parts = [init.bytes];
  const ends = [init.bytes.length];
  for (let at = 0; at < count; at++) {
    const one = fragmentAt(media.get(codec)!, at, { startAtMs });
    parts.push(encodeTimeBox(init.trackId, one.startAtMs, one.baseMediaDecodeTime, 'rtcp'), one.bytes);
    ends.push(ends.at(-1)! + timeBoxBytes + one.bytes.length);
  }
  return { bytes: Buffer.concat(parts), ends };
}
const recover = (state: FileState) => recoverFile(folder, path, { state, epoch: 3, logger: silentLogger });
/** Numbers of the fragments, from 0. */
const numbers = (found: RecoveredFile | undefined) =>
  found?.records.map((record) => Math.round((record.startAtMs - startAtMs) / 500));
const all = Array.from({ length: count }, (_, at) => at);
const without = (...missing: number[]) => all.filter((at) => !missing.includes(at));
const size = async () => (await readFile(file)).length;

/** A file with the index that recording leaves, of which the last `behind` records never reached the disk. */
async function writeOpen(bytes: Buffer, whole: RecoveredFile, behind: number): Promise<void> {
  const { init } = media.get('h264')!;
  const { row, records } = whole;
  const header = { ...row, fileId: fileIdOf(path), initByteLength: init.bytes.length };
  await writeFile(file, bytes);
  await writeFile(
    index,
    Buffer.concat([encodeIndexHeader(header), ...records.slice(0, count - behind).map(encodeIndexRecord)]),
  );
}

describe.each(['h264', 'mjpeg', 'mpeg4'])('a file of %s that was being written', (codec) => {
  it.each([
    ['without its index', count],
    ['of whose index ten records are missing', 10],
  ])('loses nothing %s', async (_, behind) => {
    const { bytes } = made(codec);
    await writeFile(file, bytes);
    await recover('closed');
    if (behind === count) await rm(index);
    else await truncate(index, (await readFile(index)).length - (behind + 1) * indexRecordBytes);
    expect(numbers(await recover('open'))).toEqual(all);
    expect((await readFile(file)).equals(bytes)).toBe(true);
  });

  it.each(['torn', 'zero-filled'])('is cut behind the last whole fragment where it is %s', async (how) => {
    const { bytes, ends } = made(codec);
    for (const before of [ends[count]! - 3, ends[count]! - 600, ends[count - 1]! + 10, ends[count - 4]! + 300]) {
      await writeFile(file, how === 'torn' ? bytes.subarray(0, before) : Buffer.from(bytes).fill(0, before));
      await rm(index, { force: true });
      const whole = ends.findIndex((end) => end > before) - 1;
      expect(numbers(await recover('open'))).toEqual(all.slice(0, whole));
      expect(await size()).toBe(ends[whole]);
    }
  });
});

describe('a file that was being written', () => {
  it('keeps NAL units that end with zeros, as some cameras send them', async () => {
    const { bytes, ends } = made();
    for (const fragment of [1, 7, count - 1]) bytes.fill(0, ends[fragment]! - 2, ends[fragment]);
    await writeFile(file, bytes);
    expect(numbers(await recover('open'))).toEqual(all);
    expect(await size()).toBe(bytes.length);
  });

  it('is cut where a page of the newest never reached the disk, not for damage that is older', async () => {
    const { bytes, ends } = made();
    bytes.fill(0, ends[4], ends[4]! + 40);
    await writeFile(file, bytes);
    expect(numbers(await recover('open'))).toEqual(without(4));
    expect(await size()).toBe(bytes.length);
    await rm(index);
    await writeFile(file, Buffer.from(bytes).fill(0, ends[50], ends[50]! + 40));
    expect(numbers(await recover('open'))).toEqual(without(4).filter((at) => at < 50));
    expect(await size()).toBe(ends[50]);
  });

  it('keeps what lies behind a first fragment that never reached the disk', async () => {
    const { bytes, ends } = made();
    await writeFile(file, bytes.fill(0, ends[0], ends[0]! + 40));
    expect(numbers(await recover('open'))).toEqual(without(0));
    expect(await size()).toBe(bytes.length);
  });
});

describe.each(['found', 'closed'] as const)('a damaged file that is %s', (state) => {
  it.each([
    ['in the first fragment', [0]],
    ['in the fourth', [3]],
    ['in two', [3, 58]],
    ['in the last', [59]],
  ])('gets an index of what is whole, and keeps every byte: %s', async (_, damaged) => {
    const { bytes, ends } = made();
    for (const at of damaged) bytes.fill(0xa5, ends[at]! + timeBoxBytes, ends[at]! + timeBoxBytes + 8);
    await writeFile(file, bytes);
    expect(numbers(await recover(state))).toEqual(without(...damaged));
    expect((await readFile(file)).equals(bytes)).toBe(true);
  });

  it('is what its index says where that is whole, also when the file is cut short', async () => {
    const { bytes, ends } = made();
    await writeFile(file, bytes);
    await recover(state);
    const said = await readFile(index);
    bytes.fill(0, ends[3]! + timeBoxBytes, ends[3]! + timeBoxBytes + 8);
    await writeFile(file, bytes);
    expect(await recover(state)).toMatchObject({ mended: false, records: { length: count } });
    await truncate(file, ends[40]! + 10);
    expect(numbers(await recover(state))).toEqual(all.slice(0, 40));
    expect(await size()).toBe(ends[40]! + 10);
    expect((await readFile(index)).equals(said)).toBe(true);
  });

  it('is not healed by what its index does not say', async () => {
    const { bytes, ends } = made();
    await writeFile(file, bytes);
    const whole = (await recover(state))!;
    bytes[ends[50]! - 20]! ^= 1; // in a picture: its boxes are whole
    await writeOpen(bytes, whole, 5);
    expect(numbers(await recover(state))).toEqual(without(49));
    expect((await readFile(file)).equals(bytes)).toBe(true);
  });
});

it('closed in order, though marked as open, it is neither cut nor is its index made anew', async () => {
  const { bytes, ends } = made();
  await writeFile(file, bytes);
  await recover('open');
  const said = await readFile(index);
  await writeFile(file, bytes.fill(0, ends[50], ends[50]! + 40));
  expect(await recover('open')).toMatchObject({ mended: false, records: { length: count } });
  expect(await size()).toBe(bytes.length);
  expect((await readFile(index)).equals(said)).toBe(true);
});

describe('a file in which nothing is whole', () => {
  it.each<[what: string, removed: readonly FileState[], make: (bytes: Buffer, ends: number[]) => Buffer]>([
    ['an empty one', ['open', 'found'], () => Buffer.alloc(0)],
    ['zeros', ['open', 'found'], () => Buffer.alloc(3_000_000)],
    ['an init segment', ['open', 'found'], (bytes, [init]) => bytes.subarray(0, init)],
    ['and zeros behind it', ['open', 'found'], (bytes, [init]) => Buffer.from(bytes).fill(0, init)],
    ['and half a time box', ['open', 'found'], (bytes, [init]) => bytes.subarray(0, init! + 20)],
    ['a torn init segment', ['open'], (bytes, [init]) => bytes.subarray(0, init! - 20)],
    ['a torn first fragment', ['open'], (bytes, [, first]) => bytes.subarray(0, first! - 20)],
    ['a first fragment of zeros', ['open'], (bytes, [init]) => Buffer.from(bytes).fill(0, init! + timeBoxBytes + 4)],
    ['one that begins with nothing of ours', [], (bytes) => Buffer.from(bytes).fill('not ours')],
    [
      'fragments that are not understood',
      [],
      (bytes, ends) => {
        for (const end of ends.slice(0, -1)) bytes.write('moox', end + timeBoxBytes + 4, 'latin1');
        return bytes;
      },
    ],
  ])('%s: removed only if %j', async (_, removed, make) => {
    const { bytes, ends } = made();
    const content = make(bytes, ends);
    for (const state of states) {
      await mkdir(dirname(file), { recursive: true }); // it goes with its last file
      await writeFile(file, content);
      expect(await recover(state)).toBeUndefined();
      expect([state, existsSync(file)]).toEqual([state, !removed.includes(state)]);
      if (existsSync(file)) expect((await readFile(file)).equals(content)).toBe(true);
    }
  });
});
