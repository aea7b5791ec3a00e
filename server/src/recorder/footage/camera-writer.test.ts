import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.js';
import type { Fragment } from '../../lib/fragment.js';
import { silentLogger } from '../../lib/logger.js';
import { createCameraWriter } from './camera-writer.js';
import { createDiskLanes } from './disk-lanes.js';
import { systemDisk, type FootageDisk } from './footage-disk.js';
import { footagePath } from './footage-paths.js';
import { decodeIndex } from './index-file.js';
import { markedPaths } from './open-marker.js';
import type { ClosedFile } from './recover-file.js';
import { FakeDisk, noSpace, type DiskCall } from './testing/fake-disk.js';
import { madeFragment } from './testing/made-fragments.js';
import { createWriteBudget, type WriteBudget } from './write-budget.js';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

function open(disk: FootageDisk, options: { directory?: string; budget?: WriteBudget; fileSeconds?: number } = {}) {
  const closed: ClosedFile[] = [];
  const unfinished: string[] = [];
  let full = 0;
  const writer = createCameraWriter({
    cameraId: 'cam',
    directory: options.directory ?? '/footage',
    clock: systemClock,
    logger: silentLogger,
    disk,
    lanes: createDiskLanes(4),
    budget: options.budget ?? createWriteBudget(),
    fileSeconds: options.fileSeconds ?? 4,
    epoch: () => 0,
    unrecovered: () => [],
    onClosed: (file) => Promise.resolve(void closed.push(file)),
    onUnfinished: (path) => void unfinished.push(path),
    onDiskFull: () => void (full += 1),
    random: () => 0.5,
  });
  return { writer, closed, unfinished, timesFull: () => full };
}

/** Everything that was reported stored must be in media and index of the fake disk, byte for byte. */
function expectStored(disk: FakeDisk, stored: { index: number; offset: number; start: number }[]): void {
  const media = [...disk.files].filter(([path]) => path.endsWith('.mp4'));
  for (const { index, offset, start } of stored) {
    const wanted = madeFragment(index).bytes;
    const found = media.some(([path, file]) => {
      const records = decodeIndex(disk.files.get(path.replace('.mp4', '.idx'))!.bytes)?.records ?? [];
      return (
        records.some((record) => record.offset === offset && record.startAtMs === start) &&
        file.bytes.subarray(offset, offset + wanted.length).equals(wanted)
      );
    });
    expect(found, `fragment ${index}`).toBe(true);
  }
}

describe('a disk that fails', () => {
  const calls: DiskCall[] = [
    'create media',
    'create index',
    'write media',
    'write index',
    'flush media',
    'flush index',
    'truncate',
    'close',
    'folder',
    'marker',
  ];
  it.each(calls.flatMap((call) => [[call, 'ENOSPC'] as const, [call, 'EIO'] as const]))(
    'at %s with %s costs only what was refused, and recording goes on by itself',
    async (call, code) => {
      const disk = new FakeDisk();
      let broken = false;
      const failAt = (wanted: DiskCall) => {
        // A truncate is asked for only after a write that failed.
        if (broken && (wanted === call || (call === 'truncate' && wanted === 'write index')))
          throw Object.assign(new Error('the disk fails'), { code });
      };
      disk.before = failAt;
      const { writer, closed, unfinished, timesFull } = open(disk);
      const stored: { index: number; offset: number; start: number }[] = [];
      const refused: number[] = [];
      for (let index = 0; index < 30; index++) {
        broken = index >= 8 && index < 16;
        if (index % 3 === 2) await writer.flush();
        await writer.append(madeFragment(index)).then(
          ({ offset, startAtMs: start }) => stored.push({ index, offset, start }),
          (error: { code: string }) => {
            expect(error.code).toBe(code === 'ENOSPC' ? 'storage_full' : 'storage_failed');
            refused.push(index);
          },
        );
      }
      broken = false;
      await writer.close();
      expectStored(disk, stored);
      expect(stored.length + refused.length).toBe(30);
      expect(refused.every((index) => index >= 8 && index < 16)).toBe(true);
      expect(stored.slice(-14).map(({ index }) => index)).toEqual(Array.from({ length: 14 }, (_, at) => at + 16));
      expect(timesFull()).toBe(code === 'ENOSPC' ? refused.length : 0);
      // Each file is either closed in order or handed over to be recovered, and none is open any more.
      const media = [...disk.files.keys()].filter((path) => path.endsWith('.mp4'));
      const accounted = [...closed.map(({ row }) => row.path), ...unfinished].map((path) => `/footage/${path}`);
      expect(accounted.sort()).toEqual(media.sort());
      expect(disk.openHandles).toBe(0);
      expect(writer.openPaths()).toEqual([]);
      // What could not be closed in order stays readable until it is recovered.
      const inMemory = new Set(writer.openFiles().map((file) => file.path));
      expect([...inMemory].sort()).toEqual(unfinished.map((path) => `/footage/${path}`).sort());
      for (const path of unfinished) writer.recovered(path);
      expect(await writer.openFragments()).toEqual([]);
      if (['write media', 'write index', 'truncate'].includes(call)) expect(refused.length).toBe(8);
    },
  );

  it('cuts off what a full disk took in part', async () => {
    const disk = new FakeDisk();
    const { writer } = open(disk, { fileSeconds: 600 });
    await writer.append(madeFragment(0));
    disk.freeBytes = 700; // not even one more
    await expect(writer.append(madeFragment(1))).rejects.toMatchObject({ code: 'storage_full' });
    const [media] = disk.files.values();
    expect(media!.bytes.length).toBe(28 + 32 + 1000);
    disk.freeBytes = 1e6;
    const second = await writer.append(madeFragment(2));
    expect(second.offset).toBe(28 + 32 + 1000 + 32);
    await writer.close();
  });

  it('makes the folder again that retention removed with its last file, and loses nothing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'choi-canh-writer-'));
    folders.push(directory);
    let removals = 0;
    const disk: FootageDisk = {
      ...systemDisk,
      async create(path) {
        if (path.endsWith('.mp4') && removals++ < 2) await rm(dirname(path), { recursive: true });
        return systemDisk.create(path);
      },
    };
    const { writer, closed } = open(disk, { directory });
    await writer.append(madeFragment(0));
    await writer.close();
    await rm(dirname(join(directory, closed[0]!.row.path)), { recursive: true });
    await writer.append(madeFragment(1));
    await writer.close();
    expect(closed.map(({ records }) => records.length)).toEqual([1, 1]);
    expect(closed.map(({ row }) => row.path)).toEqual(
      [0, 1].map((at) => footagePath('cam', madeFragment(at).startAtMs, madeFragment(at).run)),
    );
    expect(await readdir(dirname(join(directory, closed[1]!.row.path)))).toHaveLength(2);
  });

  it('begins a new file after a failed flush', async () => {
    const disk = new FakeDisk();
    const { writer, unfinished } = open(disk, { fileSeconds: 600 });
    const first = await writer.append(madeFragment(0));
    disk.before = (call) => {
      if (call === 'flush media') throw Object.assign(new Error('lost'), { code: 'EIO' });
    };
    await writer.flush();
    expect(writer.sinceTroubleMs()).toBeLessThan(60_000);
    disk.before = () => undefined;
    const second = await writer.append(madeFragment(1));
    expect(second.fileId).not.toBe(first.fileId);
    await writer.close();
    expect(unfinished).toHaveLength(1);
  });
});

describe('rotation', () => {
  it('keeps no append waiting for the file before, which stays readable and marked until it is entered', async () => {
    const disk = new FakeDisk();
    let release: () => void = () => undefined;
    const flushing = new Promise<void>((resolve) => (release = resolve));
    disk.before = (call) => (call === 'flush media' ? flushing : undefined);
    const { writer, closed } = open(disk);
    for (let index = 0; index < 6; index++) await writer.append(madeFragment(index));
    expect(closed).toEqual([]);
    expect((await writer.openFragments()).map(({ startAtMs }) => startAtMs)).toEqual(
      Array.from({ length: 6 }, (_, index) => madeFragment(index).startAtMs),
    );
    const paths = markedPaths([...disk.texts.values()][0]!);
    expect(paths).toHaveLength(2);
    expect(writer.openPaths().sort()).toEqual(paths.sort());
    expect([...writer.newestFirst()].map(({ startAtMs }) => (startAtMs - madeFragment(0).startAtMs) / 1000)).toEqual([
      5, 4, 3, 2, 1, 0,
    ]);
    release();
    await writer.close();
    expect(closed.map(({ records }) => records.length)).toEqual([4, 2]);
    expect(disk.texts.size).toBe(0);
  });

  it('waits where files end faster than the disk finishes them, and none of them is lost to readers', async () => {
    const disk = new FakeDisk();
    let fail: () => void = () => undefined;
    const hanging = new Promise<void>((_, reject) => (fail = () => reject(noSpace())));
    hanging.catch(() => undefined);
    disk.before = (call) => (call === 'flush media' ? hanging : undefined);
    const { writer, unfinished } = open(disk);
    for (let index = 0; index < 20; index++) await writer.append(madeFragment(index));
    let stored = false;
    const next = writer.append(madeFragment(20)).then(() => (stored = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(stored).toBe(false);
    expect(writer.waitingMs()).toBeGreaterThan(0);
    expect(await writer.openFragments()).toHaveLength(20);
    fail();
    await next;
    expect(unfinished).toHaveLength(5);
    const fragments = await writer.openFragments();
    expect(fragments).toHaveLength(21);
    for (const { fileId } of fragments) expect(writer.openFile(fileId)).toBeDefined();
  });

  it('takes no more file handles over 200 cycles of opening, closing and failing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'choi-canh-writer-'));
    folders.push(directory);
    let cycle = 0;
    const failing: FootageDisk = {
      ...systemDisk,
      async create(path) {
        if (cycle % 10 === 3 && path.endsWith('.idx')) throw noSpace();
        const file = await systemDisk.create(path);
        return {
          writev: async (buffers, position) => {
            if (cycle % 10 === 5 && position > 1000) throw noSpace();
            return file.writev(buffers, position);
          },
          datasync: async () => {
            if (cycle % 10 === 7) throw Object.assign(new Error('lost'), { code: 'EIO' });
            await file.datasync();
          },
          truncate: async (byteLength) => {
            if (cycle % 20 === 5) throw new Error('stuck');
            await file.truncate(byteLength);
          },
          close: () => file.close(),
        };
      },
    };
    const handles = async () => (await readdir('/proc/self/fd')).length;
    const { writer } = open(failing, { directory });
    let before = 0;
    for (; cycle < 200; cycle++) {
      if (cycle === 20) before = await handles();
      for (let index = 0; index < 3; index++)
        await writer.append(madeFragment(cycle * 10 + index)).catch(() => undefined);
      await writer.flush();
      await writer.close();
    }
    expect(await handles()).toBeLessThanOrEqual(before + 2);
  });
});

describe('a slow disk', () => {
  it('bounds what waits, of one camera and of all, tells so, and recovers by itself', async () => {
    const disk = new FakeDisk();
    let release: () => void = () => undefined;
    const hanging = new Promise<void>((resolve) => (release = resolve));
    disk.before = (call) => (call === 'write media' ? hanging : undefined);
    const budget = createWriteBudget(10_000, 4000);
    const cameras = Array.from({ length: 5 }, () => open(new Proxy(disk, {}), { budget }).writer);
    const results: Promise<string>[] = [];
    for (let index = 0; index < 6; index++)
      for (const writer of cameras)
        results.push(
          writer.append(madeFragment(index)).then(
            () => 'stored',
            (error: { code: string }) => error.code,
          ),
        );
    expect(budget.usedBytes).toBeLessThanOrEqual(10_000);
    // Each has its even share; the first ones may not take the room of the last.
    const dropped = cameras.map((writer) => writer.droppedFragments());
    expect(dropped).toEqual([4, 4, 4, 4, 4]);
    expect(cameras.every((writer) => writer.sinceTroubleMs() < 60_000)).toBe(true);
    release();
    const outcome = await Promise.all(results);
    expect(outcome.filter((one) => one === 'storage_slow')).toHaveLength(20);
    expect(outcome.filter((one) => one === 'stored')).toHaveLength(10);
    expect(budget.usedBytes).toBe(0);
    for (const writer of cameras) await writer.append(madeFragment(10));
    await Promise.all(cameras.map((writer) => writer.close()));
  });

  it('drops what is left of a group of pictures whose part was dropped', async () => {
    const disk = new FakeDisk();
    let release: () => void = () => undefined;
    const hanging = new Promise<void>((resolve) => (release = resolve));
    disk.before = (call) => (call === 'write media' ? hanging : undefined);
    const { writer } = open(disk, { budget: createWriteBudget(1e6, 2500) });
    const outcome = (fragment: Fragment) =>
      writer.append(fragment).then(
        () => 'stored',
        (error: { code: string }) => error.code,
      );
    const of = (index: number, independent: boolean) => ({ ...madeFragment(index), independent });
    const waiting = [of(0, true), of(1, false), of(2, false), of(3, false)].map(outcome);
    release();
    const first = await Promise.all(waiting);
    expect(first).toContain('stored');
    expect(first.at(-1)).toBe('storage_slow');
    // There is room again, but nothing that these could be decoded with.
    expect(await outcome(of(4, false))).toBe('storage_slow');
    expect(await outcome(of(5, true))).toBe('stored');
    expect(await outcome(of(6, false))).toBe('stored');
    await writer.close();
  });
});
