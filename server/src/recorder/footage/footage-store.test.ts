import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import { createFootageStore, type FootageStoreOptions } from './footage-store.js';
import type { FootageStore } from './footage-types.js';
import { encodeMedia, fragmentAt, type TestMedia } from './testing/test-fragments.js';
import { replaceHolds } from './testing/replace-holds.js';

const startAtMs = Date.UTC(2026, 2, 4, 23, 59, 50);
let media: TestMedia;
let other: TestMedia;
const folders: string[] = [];
const running = new Set<FootageStore>();

beforeAll(() => {
  media = encodeMedia();
  other = encodeMedia('96x64');
});
afterEach(async () => {
  for (const store of running) await store.stop();
  running.clear();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'choi-canh-footage-'));
  folders.push(folder);
  return folder;
}
async function open(directory: string, options: Partial<FootageStoreOptions> = {}): Promise<FootageStore> {
  const store = createFootageStore({
    directory,
    clock: systemClock,
    logger: silentLogger,
    fileSeconds: 600,
    syncSeconds: 5,
    retentionIntervalMs: 100,
    ...options,
  });
  running.add(store);
  await store.start();
  return store;
}
async function close(store: FootageStore): Promise<void> {
  running.delete(store);
  await store.stop();
}
async function record(store: FootageStore, cameraId: string, from: number, to: number, run = 7): Promise<void> {
  for (let index = from; index < to; index++)
    await store.append(cameraId, fragmentAt(media, index, { startAtMs, run }));
}
async function footageFiles(directory: string, cameraId: string): Promise<string[]> {
  const names = await readdir(join(directory, cameraId), { recursive: true });
  return names
    .filter((name) => name.endsWith('.mp4'))
    .sort()
    .map((name) => join(directory, cameraId, name));
}
async function until(what: string, condition: () => boolean | Promise<boolean>, deadlineMs = 15_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await systemClock.sleep(20);
  }
}
/** Every fragment that the store names must hold the bytes that were appended at that time. */
async function expectStored(store: FootageStore, cameraId: string, count: number): Promise<void> {
  const found = await store.fragments(cameraId, startAtMs - 1000, startAtMs + 3_600_000);
  expect(found.map(({ startAtMs: at }) => at)).toEqual(
    Array.from({ length: count }, (_, index) => startAtMs + index * 500 + 0.25),
  );
  for (const [index, one] of found.entries())
    expect(await store.read(one.fileId, one.offset, one.byteLength)).toEqual(
      fragmentAt(media, index, { startAtMs }).bytes,
    );
}
function decodedFrames(path: string): number {
  const out = execFileSync('ffprobe', [
    ...['-v', 'error', '-count_frames', '-show_entries', 'stream=nb_read_frames', '-of', 'csv=p=0', path],
  ]);
  return Number(out.toString().trim().replace(',', ''));
}

describe('appending and reading', () => {
  it('answers the same while the file is open, when it is closed and after a restart', async () => {
    const folder = await newFolder();
    let store = await open(folder);
    await record(store, 'cam', 0, 12);
    const check = async () => {
      await expectStored(store, 'cam', 12);
      expect(await store.coverage('cam', startAtMs - 5000, startAtMs + 60_000)).toEqual([
        { fromMs: startAtMs + 0.25, toMs: startAtMs + 6000.25, timeSource: 'rtcp' },
      ]);
      expect(await store.bounds('cam')).toEqual({ oldestAtMs: startAtMs + 0.25, newestAtMs: startAtMs + 6000.25 });
      const [one] = await store.fragments('cam', startAtMs + 600, startAtMs + 700);
      const file = (await store.file(one!.fileId))!;
      expect(file).toMatchObject({ cameraId: 'cam', codec: media.init.codec, width: 64, height: 48, run: 7 });
      const whole = await store.read(file.id, 0, file.initByteLength);
      expect(whole).toEqual(media.init.bytes);
      expect(decodedFrames(file.path)).toBe(60);
      expect((await store.usage()).oldestAtMs).toBe(startAtMs + 0.25);
      expect((await store.usage()).footageBytes).toBe(file.byteLength);
      return file;
    };
    expect((await check()).open).toBe(true);
    await store.closeCamera('cam');
    expect((await check()).open).toBe(false);
    await close(store);
    store = await open(folder);
    expect((await check()).open).toBe(false);
  });

  it('streams a range and says when footage is gone', async () => {
    const folder = await newFolder();
    const store = await open(folder);
    await record(store, 'cam', 0, 3);
    const [, second] = await store.fragments('cam', startAtMs, startAtMs + 9000);
    const streamed = await textOf(store.pieces(second!.fileId, second!.offset, second!.byteLength));
    expect(streamed).toBe(fragmentAt(media, 1, { startAtMs }).bytes.toString('utf8'));
    await expect(store.read('nothing', 0, 1)).rejects.toMatchObject({ kind: 'not_found', code: 'footage_gone' });
    await expect(textOf(store.pieces('nothing', 0, 1))).rejects.toMatchObject({ code: 'footage_gone' });
    await expect(store.read(second!.fileId, 1e9, 10)).rejects.toMatchObject({ code: 'footage_gone' });
    expect(await store.fragments('unknown', 0, 1e15)).toEqual([]);
    expect(await store.bounds('unknown')).toBeUndefined();
  });

  it('lends the same memory to one reader after the other, and each reads what is his', async () => {
    const folder = await newFolder();
    const store = await open(folder);
    const bytes = randomBytes(700_000);
    const stored = await store.append('cam-1', { ...fragmentAt(media, 0, { startAtMs }), bytes });
    const memory = new Set<ArrayBufferLike>();
    const read = async () => {
      const copies: Buffer[] = [];
      for await (const piece of store.pieces(stored.fileId, stored.offset, stored.byteLength)) {
        memory.add(piece.buffer);
        copies.push(Buffer.from(piece));
      }
      return Buffer.concat(copies);
    };
    for (let turn = 0; turn < 3; turn++) expect((await read()).equals(bytes)).toBe(true);
    expect(memory.size).toBe(1);
    const both = await Promise.all([read(), read()]);
    expect(both.every((one) => one.equals(bytes))).toBe(true);
    expect(memory.size).toBe(2);
    // Whoever stops early gives it back too.
    for await (const piece of store.pieces(stored.fileId, stored.offset, stored.byteLength)) {
      expect(piece.length).toBe(256 * 1024);
      break;
    }
    await read();
    expect(memory.size).toBe(2);
  });

  it('goes back to a keyframe for pre-roll, also into the file before', async () => {
    const folder = await newFolder();
    const store = await open(folder);
    await record(store, 'cam', 0, 5);
    await store.closeCamera('cam');
    await record(store, 'cam', 5, 8);
    const starts = async (at: number) =>
      (await store.fragments('cam', startAtMs + at, startAtMs + at + 100, { preRoll: true })).map((one) =>
        Math.round((one.startAtMs - startAtMs) / 500),
      );
    expect(await starts(1100)).toEqual([2]);
    expect(await starts(1600)).toEqual([2, 3]);
    expect(await starts(2600)).toEqual([4, 5]);
    expect((await store.tail('cam', 600)).map((one) => (one.startAtMs - startAtMs - 0.25) / 500)).toEqual([6, 7]);
    expect((await store.tail('cam', 1100)).map((one) => (one.startAtMs - startAtMs - 0.25) / 500)).toEqual([
      4, 5, 6, 7,
    ]);
  });

  it('begins a new file at a keyframe when it is time, for a new run and for new parameters', async () => {
    const folder = await newFolder();
    const store = await open(folder, { fileSeconds: 10 });
    await record(store, 'cam', 0, 60);
    const rotated = (await footageFiles(folder, 'cam')).length;
    expect(rotated).toBeGreaterThanOrEqual(3);
    expect(rotated).toBeLessThanOrEqual(4);
    for (const path of await footageFiles(folder, 'cam')) expect(decodedFrames(path)).toBeGreaterThan(40);
    await expectStored(store, 'cam', 60);
    await record(store, 'cam', 60, 62, 8);
    await store.append('cam', fragmentAt(other, 62, { startAtMs, run: 8 }));
    expect(await footageFiles(folder, 'cam')).toHaveLength(rotated + 2);
    const last = (await store.fragments('cam', startAtMs + 31_100, startAtMs + 60_000))[0]!;
    expect(last.initId).toBe(other.init.id);
    expect((await store.file(last.fileId))!.width).toBe(96);
    expect(await store.coverage('cam', startAtMs, startAtMs + 60_000)).toHaveLength(1);
  });

  it('keeps arrival time and gaps apart in the coverage', async () => {
    const store = await open(await newFolder());
    for (const index of [0, 1, 2, 3, 10, 11])
      await store.append(
        'cam',
        fragmentAt(media, index, { startAtMs, timeSource: index < 2 ? 'arrival' : 'rtcp', run: index < 5 ? 1 : 2 }),
      );
    expect(await store.coverage('cam', startAtMs + 100, startAtMs + 5250)).toEqual([
      { fromMs: startAtMs + 100, toMs: startAtMs + 1000.25, timeSource: 'arrival' },
      { fromMs: startAtMs + 1000.25, toMs: startAtMs + 2000.25, timeSource: 'rtcp' },
      { fromMs: startAtMs + 5000.25, toMs: startAtMs + 5250, timeSource: 'rtcp' },
    ]);
  });

  it('bounds what waits for the disk', async () => {
    const store = await open(await newFolder());
    const large = { ...fragmentAt(media, 0, { startAtMs }), bytes: Buffer.alloc(6 * 1024 * 1024) };
    const results = await Promise.allSettled([1, 2, 3].map(() => store.append('cam', large)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect((results[2] as PromiseRejectedResult).reason).toMatchObject({ kind: 'unavailable', code: 'storage_slow' });
    expect(store.condition()).toMatchObject({ slowCameraIds: ['cam'], droppedFragments: 1 });
    await expect(store.append('../cam', fragmentAt(media, 0, { startAtMs }))).rejects.toThrow();
  });
});

describe('after a crash', () => {
  /** The folder as a crash after `count` fragments leaves it. */
  async function crashed(count: number): Promise<string> {
    const folder = await newFolder();
    const store = await open(folder);
    await record(store, 'cam', 0, count);
    const copy = await newFolder();
    await cp(folder, copy, { recursive: true });
    return copy;
  }
  const only = async (folder: string) => (await footageFiles(folder, 'cam'))[0]!;
  const indexOf = (path: string) => path.replace('.mp4', '.idx');
  /** Where each fragment ends in the file. */
  async function ends(folder: string, count: number): Promise<number[]> {
    const path = await only(folder);
    const size = (await readFile(path)).length;
    let at = media.init.bytes.length;
    const found = Array.from(
      { length: count },
      (_, index) => (at += 32 + fragmentAt(media, index, { startAtMs }).bytes.length),
    );
    expect(found.at(-1)).toBe(size);
    return found;
  }

  it('loses nothing that was appended and goes on', async () => {
    const folder = await crashed(8);
    const store = await open(folder);
    await expectStored(store, 'cam', 8);
    await record(store, 'cam', 8, 10, 8);
    await expectStored(store, 'cam', 10);
    expect(existsSync(join(folder, 'cam', 'open.json'))).toBe(true);
    await close(store);
    expect(existsSync(join(folder, 'cam', 'open.json'))).toBe(false);
  });

  it('cuts a torn tail at any byte, with and without its index', async () => {
    const base = await crashed(6);
    const limits = await ends(base, 6);
    const size = limits.at(-1)!;
    const spoil = async (how: string) => {
      const folder = await newFolder();
      await cp(base, folder, { recursive: true });
      const path = await only(folder);
      const cut = Math.floor(Math.random() * (size - media.init.bytes.length)) + media.init.bytes.length;
      const whole = limits.filter((end) => end <= cut).length;
      if (how.includes('zeros')) await writeFile(path, (await readFile(path)).fill(0, cut));
      else await truncate(path, cut);
      if (how.includes('no index')) await rm(indexOf(path));
      if (how.includes('junk index')) await writeFile(indexOf(path), Buffer.alloc(500, 0xa5));
      const store = await open(folder);
      try {
        await expectStored(store, 'cam', whole);
        if (whole > 0) expect(decodedFrames(path)).toBe(whole * 5);
        else await expect.poll(() => existsSync(path)).toBe(false); // mended beside the start
      } catch (error) {
        throw new Error(`${how}, cut at ${cut} of ${limits.join()}: ${(error as Error).message}`, { cause: error });
      }
    };
    for (let round = 0; round < 2; round++)
      await Promise.all(['torn', 'zeros', 'torn, no index', 'zeros, no index', 'torn, junk index'].map(spoil));
  }, 90_000);

  it('takes fragments that the index does not know yet, and cuts an index that is torn', async () => {
    const folder = await crashed(6);
    const index = indexOf(await only(folder));
    await truncate(index, (await readFile(index)).length - 2 * 80 - 13);
    const store = await open(folder);
    await expectStored(store, 'cam', 6);
  });

  it('finds exact times again from the file alone', async () => {
    const folder = await crashed(4);
    await rm(indexOf(await only(folder)));
    const store = await open(folder);
    const found = await store.fragments('cam', startAtMs, startAtMs + 5000);
    expect(found.map((one) => Math.abs(one.startAtMs - Math.round(one.startAtMs / 500) * 500 - 0.25))).toEqual(
      found.map(() => expect.closeTo(0, 3)),
    );
    expect(found.map(({ timeSource, independent }) => [timeSource, independent])).toEqual([
      ['rtcp', true],
      ['rtcp', false],
      ['rtcp', true],
      ['rtcp', false],
    ]);
  });

  it('makes a lost or damaged catalogue anew and leaves foreign files alone', async () => {
    const folder = await newFolder();
    let store = await open(folder, { fileSeconds: 10 });
    await record(store, 'cam', 0, 50);
    await close(store);
    await writeFile(join(folder, 'cam', 'notes.txt'), 'mine');
    await writeFile(join(folder, 'cam', '2026-03-04', '1-1.mp4'), 'no film');
    for (const damage of ['missing', 'junk']) {
      for (const suffix of ['', '-wal', '-shm']) await rm(join(folder, `catalogue.sqlite${suffix}`), { force: true });
      if (damage === 'junk') await writeFile(join(folder, 'catalogue.sqlite'), Buffer.alloc(5000, 0x5a));
      store = await open(folder);
      await until('rebuilt', () => !store.condition().rebuilding);
      await expectStored(store, 'cam', 50);
      await close(store);
    }
    expect(await readFile(join(folder, 'cam', 'notes.txt'), 'utf8')).toBe('mine');
    expect(await readFile(join(folder, 'cam', '2026-03-04', '1-1.mp4'), 'utf8')).toBe('no film');
  });
});

describe('retention', () => {
  const dayMs = 86_400_000;
  const clockAt = (nowMs: () => number): Clock => ({ ...systemClock, nowMs });
  const hold = { id: 'h', cameraId: 'cam', fromMs: startAtMs + 11_000, toMs: startAtMs + 12_000 };
  /** Four files of five seconds. */
  async function recordFour(store: FootageStore): Promise<void> {
    for (let file = 0; file < 4; file++) {
      await record(store, 'cam', file * 10, file * 10 + 10);
      await store.closeCamera('cam');
    }
  }
  const left = async (store: FootageStore) =>
    (await store.fragments('cam', 0, startAtMs * 2))
      .map((one) => Math.floor((one.startAtMs - startAtMs) / 5000))
      .filter((file, index, all) => all.indexOf(file) === index);

  it('deletes by age, file by file, and nothing that is held', async () => {
    const nowMs = startAtMs + 30 * dayMs + 15_001;
    const store = await open(await newFolder(), { clock: clockAt(() => nowMs) });
    await recordFour(store);
    await replaceHolds(store.holds, [{ ...hold, fromMs: startAtMs + 1000, toMs: startAtMs + 1001 }]);
    store.setRetention({ minFreeBytes: 0, daysOfCamera: new Map([['cam', 30]]) });
    await until('old files deleted', async () => (await left(store)).length === 2);
    expect(await left(store)).toEqual([0, 3]);
    await replaceHolds(store.holds, []);
    store.setRetention({ minFreeBytes: 0, daysOfCamera: new Map([['cam', 30]]) });
    await until('released file deleted', async () => (await left(store)).length === 1);
    expect(await left(store)).toEqual([3]);
  });

  it('keeps headroom by deleting the oldest, pauses when only held footage is left, and goes on', async () => {
    const folder = await newFolder();
    let freeBytes = 1e9;
    const store = await open(folder, {
      statfs: () => Promise.resolve({ freeBytes: freeBytes + freed(), totalBytes: 1e9 }),
    });
    const sizes = new Map<string, number>();
    const freed = () => [...sizes].reduce((sum, [path, size]) => sum + (existsSync(path) ? 0 : size), 0);
    await recordFour(store);
    for (const path of await footageFiles(folder, 'cam')) sizes.set(path, (await readFile(path)).length);
    await replaceHolds(store.holds, [hold]);
    store.setRetention({ minFreeBytes: 1e6, daysOfCamera: new Map() });
    freeBytes = 1e6 - 10;
    await until('one file deleted', async () => (await left(store)).length === 3);
    expect(await left(store)).toEqual([1, 2, 3]);
    expect(store.condition().storageFull).toBe(false);
    freeBytes = 0;
    await until('full', () => store.condition().storageFull);
    expect(await left(store)).toEqual([2]);
    await expect(store.append('cam', fragmentAt(media, 50, { startAtMs }))).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'storage_full',
    });
    freeBytes = 2e6;
    await until('room again', () => !store.condition().storageFull);
    await store.append('cam', fragmentAt(media, 50, { startAtMs, run: 8 }));
    expect(await left(store)).toEqual([2, 5]);
  });

  const full = { statfs: () => Promise.resolve({ freeBytes: 0, totalBytes: 1e9 }) };

  it('keeps a hold over the loss of the catalogue, and deletes what is not held without it', async () => {
    const folder = await newFolder();
    let store = await open(folder);
    await recordFour(store);
    await replaceHolds(store.holds, [hold]);
    await close(store);
    for (const suffix of ['', '-wal', '-shm']) await rm(join(folder, `catalogue.sqlite${suffix}`), { force: true });
    const other = new Database(join(folder, 'catalogue.sqlite'));
    other.exec('CREATE TABLE t (x); BEGIN EXCLUSIVE'); // so that there is no catalogue for now
    store = await open(folder, { ...full, catalogueWaitMs: 100 });
    store.setRetention({ minFreeBytes: 1e6, daysOfCamera: new Map([['cam', 1]]) });
    await until('all but the held file deleted', async () => (await footageFiles(folder, 'cam')).length === 1);
    expect(store.condition().awaitingHolds).toBe(false);
    other.close();
    await until('the catalogue is there', async () => (await left(store).catch(() => [])).length > 0);
    expect(await left(store)).toEqual([2]);
  });

  it.each(['catalogue whole', 'catalogue lost'])(
    'deletes nothing while the list of holds is lost, and records into the headroom: %s',
    async (catalogue) => {
      const folder = await newFolder();
      let store = await open(folder);
      await recordFour(store);
      await replaceHolds(store.holds, [hold]);
      await close(store);
      await rm(join(folder, 'holds.log'));
      if (catalogue === 'catalogue lost')
        for (const suffix of ['', '-wal', '-shm']) await rm(join(folder, `catalogue.sqlite${suffix}`), { force: true });
      let freeBytes = 300e6;
      store = await open(folder, { statfs: () => Promise.resolve({ freeBytes, totalBytes: 1e9 }) });
      store.setRetention({ minFreeBytes: 400e6, daysOfCamera: new Map([['cam', 1]]) });
      await systemClock.sleep(400); // several rounds
      expect(store.condition()).toMatchObject({ storageFull: false, awaitingHolds: true });
      await store.append('cam', fragmentAt(media, 50, { startAtMs, run: 8 }));
      freeBytes = 60e6;
      await until('refusing', () => store.condition().storageFull);
      expect(await footageFiles(folder, 'cam')).toHaveLength(5);
      await store.holds.put([hold]);
      expect(store.condition().awaitingHolds).toBe(true);
      await store.holds.confirm();
      await until('all but held and open files deleted', async () => (await left(store)).length === 2);
      expect(await left(store)).toEqual([2, 5]);
    },
  );

  it('deletes nothing while the list of holds is damaged', async () => {
    const folder = await newFolder();
    let store = await open(folder);
    await recordFour(store);
    await replaceHolds(store.holds, [hold]);
    await close(store);
    await writeFile(join(folder, 'holds.log'), '12345678 {"format"');
    store = await open(folder, full);
    store.setRetention({ minFreeBytes: 1e6, daysOfCamera: new Map([['cam', 1]]) });
    await until('refusing', () => store.condition().storageFull);
    expect(await left(store)).toEqual([0, 1, 2, 3]);
  });

  it('does not delete by age after the clock of the machine stepped', async () => {
    let offsetMs = startAtMs - Date.now() + 60_000;
    const store = await open(await newFolder(), { clock: clockAt(() => Date.now() + offsetMs) });
    await recordFour(store);
    await replaceHolds(store.holds, []);
    offsetMs += 400 * dayMs;
    await systemClock.sleep(600);
    store.setRetention({ minFreeBytes: 0, daysOfCamera: new Map([['cam', 30]]) });
    await systemClock.sleep(600);
    expect(await left(store)).toEqual([0, 1, 2, 3]);
  });
});
