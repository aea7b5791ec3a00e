import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FootageStore } from './footage-types.js';
import { createStoreHarness, decodedFrames, expectFragments, footageFiles, until } from './testing/store-harness.js';
import { countedDisk, mountedDisk, type SmallDisk } from './testing/small-disk.js';
import { encodeMedia, fragmentAt, type TestMedia } from './testing/test-fragments.js';
import { replaceHolds } from './testing/replace-holds.js';

const startAtMs = Date.UTC(2026, 2, 4, 10);
const { newFolder, open, close, cleanUp } = createStoreHarness();
let media: TestMedia;
const mounted: SmallDisk[] = [];
beforeAll(() => {
  media = encodeMedia();
});
afterEach(async () => {
  await cleanUp(() => {
    for (const disk of mounted.splice(0)) disk.unmount();
  });
});

const append = (store: FootageStore, cameraId: string, index: number) =>
  store.append(cameraId, fragmentAt(media, index, { startAtMs }));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

/** Where the fragment of this number (from 1) ends in its file. */
function fragmentEnd(number: number): number {
  return range(0, number).reduce(
    (end, index) => end + 32 + fragmentAt(media, index, { startAtMs }).bytes.length,
    media.init.bytes.length,
  );
}

describe('a full disk', () => {
  it.each([
    ['a file system of its own', (folder: string) => mountedDisk(folder, 2_500_000)],
    ['a counted one', () => countedDisk(2_500_000)],
  ])(
    'keeps all that was stored, says so, and goes on by itself when there is room: %s',
    async (_, make) => {
      const folder = await newFolder();
      const small = make(folder);
      mounted.push(small);
      const options = { disk: small.disk, statfs: small.space, fileSeconds: 3 };
      let store = await open(folder, options);
      await replaceHolds(store.holds, [{ id: 'h', cameraId: 'cam', fromMs: 0, toMs: 1e15 }]);
      store.setRetention({ minFreeBytes: 0, daysOfCamera: new Map([['cam', 1]]) });
      await small.fill(1_200_000);
      const stored: number[] = [];
      const refusals = new Set<string>();
      for (let index = 0; index < 4000 && refusals.size === 0; index++)
        await append(store, 'cam', index).then(
          () => stored.push(index),
          (error: { code: string }) => refusals.add(error.code),
        );
      expect([...refusals]).toEqual(['storage_full']);
      expect(store.condition()).toMatchObject({ storageFull: true, slowCameraIds: [] });
      const next = stored.at(-1)! + 10;
      await expect(append(store, 'cam', next)).rejects.toMatchObject({ code: 'storage_full' });
      // Held footage is untouched, and what the full disk took in part hurts nobody.
      await expectFragments(store, 'cam', media, stored, { startAtMs });
      await small.release();
      const works = () =>
        append(store, 'cam', next + 2).then(
          () => true,
          () => false,
        );
      await until('recording goes on', works);
      expect(store.condition().storageFull).toBe(false);
      for (const index of range(next + 4, next + 20)) stored.push(await append(store, 'cam', index).then(() => index));
      await close(store);
      store = await open(folder, options);
      const count = async () => (await store.fragments('cam', 0, 1e14)).length;
      await until('all is known', async () => (await count()) > stored.length); // and the one that went on
      await expectFragments(store, 'cam', media, stored, { startAtMs });
      for (const path of (await footageFiles(folder, 'cam')).slice(-2)) expect(decodedFrames(path)).toBeGreaterThan(0);
    },
    60_000,
  );
});

describe('a catalogue that another process holds', () => {
  it('keeps nobody from recording; what was closed meanwhile is readable and enters later', async () => {
    const folder = await newFolder();
    const store = await open(folder, { fileSeconds: 1 });
    await append(store, 'cam', 0);
    const other = new Database(join(folder, 'catalogue.sqlite'));
    other.exec('BEGIN EXCLUSIVE');
    for (const index of range(1, 40)) await append(store, 'cam', index);
    await store.closeCamera('cam');
    await expectFragments(store, 'cam', media, range(0, 40), { startAtMs });
    const rows = () => other.prepare<[], { n: number }>('SELECT count(*) AS n FROM file').get()!.n;
    const before = rows();
    expect(await footageFiles(folder, 'cam')).not.toHaveLength(before);
    expect(store.condition()).toMatchObject({ slowCameraIds: [], droppedFragments: 0 });
    other.exec('COMMIT');
    const files = (await footageFiles(folder, 'cam')).length;
    await until('entered', () => rows() === files);
    await expectFragments(store, 'cam', media, range(0, 40), { startAtMs });
    other.close();
  }, 60_000);

  it('is waited for at the start while recording goes on, and is not taken for damaged', async () => {
    const folder = await newFolder();
    let store = await open(folder, { fileSeconds: 1 });
    for (const index of range(0, 6)) await append(store, 'cam', index);
    await until('the new catalogue is whole', () => !store.condition().rebuilding);
    await close(store);
    const other = new Database(join(folder, 'catalogue.sqlite'));
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN EXCLUSIVE');
    store = await open(folder, { fileSeconds: 1, catalogueWaitMs: 300 });
    for (const index of range(6, 12)) await append(store, 'cam', index);
    await store.closeCamera('cam');
    await expect(store.fragments('cam', 0, 1e14)).rejects.toMatchObject({ kind: 'unavailable' });
    other.exec('COMMIT');
    other.close();
    await until('all readable', async () => (await store.fragments('cam', 0, 1e14).catch(() => [])).length === 12);
    await expectFragments(store, 'cam', media, range(0, 12), { startAtMs });
    expect(existsSync(join(folder, 'catalogue.sqlite.damaged'))).toBe(false);
    expect(store.condition().rebuilding).toBe(false);
  }, 60_000);

  it('is made anew when it turns out to be damaged while it is in use; holds stay', async () => {
    const folder = await newFolder();
    const store = await open(folder, { fileSeconds: 1 });
    const hold = { id: 'h', cameraId: 'cam', fromMs: startAtMs, toMs: startAtMs + 1 };
    await replaceHolds(store.holds, [hold]);
    for (const index of range(0, 200)) await append(store, 'cam', index);
    await store.closeCamera('cam');
    const path = join(folder, 'catalogue.sqlite');
    const checkpoint = new Database(path);
    checkpoint.pragma('wal_checkpoint(TRUNCATE)');
    checkpoint.close();
    const bytes = await readFile(path);
    await writeFile(path, Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096, 0xa5)]));
    await until('made anew', async () => {
      for (const index of [500, 501]) await append(store, 'cam', index).catch(() => undefined);
      await store.closeCamera('cam');
      await store.usage();
      await store.fragments('cam', 0, 1e14).catch(() => undefined);
      return existsSync(`${path}.damaged`) && !store.condition().rebuilding;
    });
    await until('all found again', async () => (await store.fragments('cam', 0, 1e14).catch(() => [])).length >= 200);
    await expectFragments(store, 'cam', media, range(0, 200), { startAtMs });
    expect(store.holds.page('', 10)).toEqual([hold]);
    expect(store.condition().awaitingHolds).toBe(false);
  }, 60_000);

  it('is made anew also when the damage is met before it was whole again', async () => {
    const folder = await newFolder();
    let store = await open(folder);
    for (const index of range(0, 4)) await append(store, 'cam', index);
    await until('the new catalogue is whole', () => !store.condition().rebuilding);
    await close(store);
    const other = new Database(join(folder, 'catalogue.sqlite')).unsafeMode();
    other.exec("DELETE FROM meta WHERE key = 'rebuilt'; BEGIN IMMEDIATE");
    store = await open(folder, { catalogueWaitMs: 0 }); // which cannot write that it is being made anew
    const answers = () =>
      store.fragments('cam', 0, 1e14).then(
        ({ length }) => length,
        () => undefined,
      );
    await until('it answers', async () => (await answers()) === 4);
    other.pragma('writable_schema = ON');
    other.exec("UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'file'; PRAGMA schema_version = 999");
    other.exec('COMMIT; BEGIN IMMEDIATE');
    await until('damaged', async () => (await answers()) === undefined);
    await until('made anew', async () => (await answers()) === 4);
    expect(existsSync(join(folder, 'catalogue.sqlite.damaged'))).toBe(true);
    other.close();
  }, 60_000);
});

describe('files closed in order that the catalogue does not know', () => {
  it('keep every byte when they are damaged, and what is whole in them is found', async () => {
    const folder = await newFolder();
    let store = await open(folder);
    for (const cameraId of ['whole-index', 'no-index'])
      for (const index of range(0, 40)) await append(store, cameraId, index);
    await until('the new catalogue is whole', () => !store.condition().rebuilding);
    await close(store);
    const catalogue = new Database(join(folder, 'catalogue.sqlite'));
    catalogue.exec('DELETE FROM file');
    catalogue.close();
    const files = new Map<string, Buffer>();
    for (const cameraId of ['whole-index', 'no-index']) {
      const [path] = await footageFiles(folder, cameraId);
      const bytes = (await readFile(path!)).fill(0, fragmentEnd(2), fragmentEnd(2) + 40);
      await writeFile(path!, bytes);
      files.set(path!, bytes);
      if (cameraId === 'no-index') await rm(path!.replace('.mp4', '.idx'));
    }
    store = await open(folder);
    const count = async (cameraId: string) => (await store.fragments(cameraId, 0, 1e14)).length;
    await until('what its index says', async () => (await count('whole-index')) === 40);
    await until('what is whole', async () => (await count('no-index')) === 39);
    for (const [path, bytes] of files) expect((await readFile(path)).equals(bytes)).toBe(true);
  }, 60_000);
});

describe('a power cut', () => {
  it('that took the marker, tore it or emptied it, or took the index, loses no whole fragment', async () => {
    const folder = await newFolder();
    const store = await open(folder);
    const cameras = ['torn', 'empty', 'missing', 'zeroed', 'no-index', 'zero-index', 'index-ahead', 'zero-page'];
    for (const cameraId of cameras) for (const index of range(0, 8)) await append(store, cameraId, index);
    const copy = await newFolder();
    await cp(folder, copy, { recursive: true });
    const marker = (cameraId: string) => join(copy, cameraId, 'open.json');
    const file = async (cameraId: string) => (await footageFiles(copy, cameraId))[0]!;
    await truncate(marker('torn'), 20);
    await truncate(marker('empty'), 0);
    await rm(marker('missing'));
    await writeFile(marker('zeroed'), Buffer.alloc(100));
    await rm((await file('no-index')).replace('.mp4', '.idx'));
    const zeroIndex = (await file('zero-index')).replace('.mp4', '.idx');
    await writeFile(zeroIndex, (await readFile(zeroIndex)).fill(0, 300));
    // The index tells of five fragments that never reached the file.
    const ahead = await file('index-ahead');
    await truncate(ahead, fragmentEnd(3));
    // A page in the middle of the last but one fragment never reached the disk.
    const holed = await file('zero-page');
    const bytes = await readFile(holed);
    await writeFile(holed, bytes.fill(0, fragmentEnd(6) - 700, fragmentEnd(6) - 150));
    const next = await open(copy);
    const whole: Record<string, number> = { 'index-ahead': 3, 'zero-page': 5 };
    for (const cameraId of cameras) {
      const count = whole[cameraId] ?? 8;
      await until(`${cameraId} recovered`, async () => (await next.fragments(cameraId, 0, 1e14)).length === count);
      await expectFragments(next, cameraId, media, range(0, count), { startAtMs });
      expect(decodedFrames(await file(cameraId))).toBe(count * 5);
    }
    // All are closed now: nothing is left to be recovered at the next start.
    for (const cameraId of cameras) expect(existsSync(marker(cameraId))).toBe(false);
  }, 60_000);

  it('a sidecar that was lost later is made anew when somebody looks; chain and holds are not asked', async () => {
    const folder = await newFolder();
    const entered: string[] = [];
    const chain = {
      enter: (file: { path: string }) => Promise.resolve(void entered.push(file.path)),
      has: ({ path }: { path: string }) => Promise.resolve(entered.includes(path)),
      tombstone: () => Promise.resolve(),
    };
    const store = await open(folder, { fileSeconds: 1, chain });
    for (const index of range(0, 12)) await append(store, 'cam', index);
    await store.closeCamera('cam');
    const before = [...entered];
    const indexes = (await readdir(join(folder, 'cam'), { recursive: true })).filter((name) => name.endsWith('.idx'));
    expect(indexes.length).toBeGreaterThan(2);
    const wanted = await Promise.all(indexes.map((name) => readFile(join(folder, 'cam', name))));
    await rm(join(folder, 'cam', indexes[0]!));
    await truncate(join(folder, 'cam', indexes[1]!), 100);
    await expectFragments(store, 'cam', media, range(0, 12), { startAtMs });
    expect(await Promise.all(indexes.map((name) => readFile(join(folder, 'cam', name))))).toEqual(wanted);
    expect(entered).toEqual(before);
  }, 60_000);
});
