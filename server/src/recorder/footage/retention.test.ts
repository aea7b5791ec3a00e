import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../lib/logger.js';
import { openCatalogueDatabase, type CatalogueDatabase, type CatalogueRow } from './catalogue-database.js';
import { coverageOf } from './coverage.js';
import { fileIdOf, footagePath } from './footage-paths.js';
import { createFootageWalk } from './footage-walk.js';
import { Holds } from './holds.js';
import { collectRetentionFacts } from './retention-facts.js';
import { createRetention } from './retention.js';
import { replaceHolds } from './testing/replace-holds.js';
import { steppedClock } from './testing/stepped-clock.js';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 2, 4, 12);
const fileBytes = 1000;
let folder: string;
let db: CatalogueDatabase;
let holds: Holds;
let added: CatalogueRow[];
beforeEach(async () => {
  added = [];
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-retention-'));
  db = openCatalogueDatabase(join(folder, 'catalogue.sqlite'));
  holds = new Holds({ directory: folder, logger: silentLogger });
  await holds.load(() => Promise.resolve(true));
  await holds.confirm();
});
afterEach(async () => {
  db.close();
  await rm(folder, { recursive: true, force: true });
});

/** A file of ten minutes in catalogue and folder. */
async function add(cameraId: string, startAtMs: number, epoch = 0, byteLength = fileBytes): Promise<CatalogueRow> {
  const path = footagePath(cameraId, startAtMs, 1);
  const row: CatalogueRow = {
    ...{ id: fileIdOf(path), cameraId, path, startAtMs, endAtMs: startAtMs + 600_000, byteLength, epoch },
    ...{ initId: 'i', initByteLength: 1, codec: 'avc1', width: 1, height: 1, timescale: 1000, trackId: 1, run: 1 },
    spans: [{ fromMs: startAtMs, toMs: startAtMs + 600_000, timeSource: 'rtcp' }],
  };
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), 'footage');
  db.insert(row);
  added.push(row);
  return row;
}

function start(options: { shift?: Map<number, number>; suspended?: boolean } = {}) {
  const clock = steppedClock(nowMs);
  /** `lateBy`: so many looks pass before what was freed is seen. */
  const disk = { freeBytes: 1e9, lateBy: 0 };
  const seen: number[] = [];
  const catalogue = { runs: true, remove: (id: string) => db.remove(id) };
  const asked = { oldest: 0 };
  const tombstones: string[] = [];
  const shiftMs = (epoch: number) => options.shift?.get(epoch) ?? 0;
  const retention = createRetention({
    directory: folder,
    clock,
    logger: silentLogger,
    catalogue: {
      cameras: () => Promise.resolve(db.cameras()),
      expired: (...args) => Promise.resolve(db.expired(...args)),
      oldest: (...args) => {
        asked.oldest += 1;
        return Promise.resolve(db.oldest(...args));
      },
      remove: async (id) => catalogue.remove(id),
    },
    holds,
    guard: {
      condition: () => ({
        epoch: 9,
        ageDeletionSuspended: options.suspended ?? false,
        stepMs: null,
        steppedAtMs: null,
      }),
      shiftMs,
      shiftedEpochs: () => [...(options.shift?.keys() ?? [])],
    },
    chain: { tombstone: ({ path }, why) => Promise.resolve(void tombstones.push(`${why} ${path}`)) },
    space: () => {
      const used = left(added).reduce((sum, row) => sum + row.byteLength, 0);
      seen.push(disk.freeBytes - used);
      return Promise.resolve({ freeBytes: seen.at(-1 - disk.lateBy) ?? seen[0]!, totalBytes: 1e12 });
    },
    walk: createFootageWalk({ directory: folder, isBusy: () => false }),
    catalogueReady: () => true,
    isRunning: () => catalogue.runs,
  });
  return { retention, disk, catalogue, clock, tombstones, asked };
}
const left = (rows: readonly CatalogueRow[]) => rows.filter((row) => existsSync(join(folder, row.path)));

describe('deletion by age', () => {
  it('asks each camera for its own days, and keeps an unknown camera as long as the longest', async () => {
    const rows = [
      await add('short', nowMs - 8 * dayMs),
      await add('short', nowMs - 6 * dayMs),
      await add('long', nowMs - 29 * dayMs),
      await add('long', nowMs - 31 * dayMs),
      await add('gone', nowMs - 29 * dayMs),
      await add('gone', nowMs - 31 * dayMs),
    ];
    const { retention, tombstones } = start();
    retention.setPolicy({
      minFreeBytes: 0,
      daysOfCamera: new Map([
        ['short', 7],
        ['long', 30],
      ]),
    });
    await retention.run();
    expect(left(rows)).toEqual([rows[1], rows[2], rows[4]]);
    expect(db.totals().files).toBe(3);
    expect(tombstones.sort()).toEqual([rows[0], rows[3], rows[5]].map((row) => `age ${row!.path}`).sort());
  });

  it("removes a day's folder with its last file", async () => {
    const rows = [
      await add('cam', nowMs - 9 * dayMs),
      await add('cam', nowMs - 8 * dayMs),
      await add('cam', nowMs - 8 * dayMs + 700_000),
      await add('cam', nowMs - 6 * dayMs),
    ];
    for (const row of rows) await writeFile(join(folder, row.path.replace('.mp4', '.idx')), 'index');
    await replaceHolds(holds, [{ id: 'h', cameraId: 'cam', fromMs: rows[2]!.startAtMs + 1, toMs: rows[2]!.endAtMs }]);
    const { retention } = start();
    retention.setPolicy({ minFreeBytes: 0, daysOfCamera: new Map([['cam', 7]]) });
    await retention.run();
    expect(left(rows)).toEqual(rows.slice(2));
    expect(readdirSync(join(folder, 'cam'))).toEqual(['2026-02-24', '2026-02-26']);
  });

  it('is suspended after a step of the clock, headroom is not', async () => {
    const rows = [await add('cam', nowMs - 90 * dayMs), await add('cam', nowMs - 80 * dayMs)];
    const { retention, disk } = start({ suspended: true });
    retention.setPolicy({ minFreeBytes: 500, daysOfCamera: new Map([['cam', 7]]) });
    await retention.run();
    expect(left(rows)).toEqual(rows);
    disk.freeBytes = 2000;
    await retention.run();
    expect(left(rows)).toEqual([rows[1]]);
  });

  it('counts the age of epochs whose clock was wrong from their true times', async () => {
    const years = 10 * 365 * dayMs;
    const rows = [
      await add('cam', nowMs - 56 * 365 * dayMs, 0), // 1970, but recorded yesterday
      await add('cam', nowMs + years - 40 * dayMs, 1), // 2036, but recorded 40 days ago
      await add('cam', nowMs + years - 5 * dayMs, 1),
      await add('cam', nowMs - 40 * dayMs, 2),
    ];
    const shift = new Map([
      [0, 56 * 365 * dayMs - dayMs],
      [1, -years],
    ]);
    const { retention } = start({ shift });
    retention.setPolicy({ minFreeBytes: 0, daysOfCamera: new Map([['cam', 30]]) });
    await retention.run();
    expect(left(rows)).toEqual([rows[0], rows[2]]);
  });
});

describe('headroom', () => {
  it('deletes in the order of recording, whatever the clock said', async () => {
    const rows = [
      await add('a', nowMs + 3650 * dayMs, 0),
      await add('b', nowMs - 5 * dayMs, 1),
      await add('a', nowMs - 4 * dayMs, 1),
      await add('a', nowMs - 20_000 * dayMs, 2),
    ];
    const { retention, disk } = start();
    retention.setPolicy({ minFreeBytes: 500, daysOfCamera: new Map() });
    for (let keep = 3; keep >= 0; keep--) {
      disk.freeBytes = 500 + keep * fileBytes;
      await retention.run();
      expect(left(rows)).toEqual(rows.slice(4 - keep));
    }
  });

  it('pauses when all that is left is held, does not flap, and looks through the held files only once', async () => {
    const rows = [];
    for (let at = 0; at < 450; at++) rows.push(await add('cam', nowMs - dayMs + at * 700_000));
    await replaceHolds(holds, [{ id: 'h', cameraId: 'cam', fromMs: 0, toMs: 1e15 }]);
    const { retention, disk, asked } = start();
    retention.setPolicy({ minFreeBytes: 100_000, daysOfCamera: new Map() });
    disk.freeBytes = 500_000;
    await retention.run();
    expect(retention.isFull()).toBe(true);
    expect(retention.isFullOfHeld()).toBe(true);
    const first = asked.oldest;
    expect(first).toBeGreaterThan(2);
    await retention.run();
    expect(asked.oldest - first).toBe(1);
    disk.freeBytes = 550_500; // just above the headroom: recording would pause again at once
    await retention.run();
    expect(retention.isFull()).toBe(true);
    expect(retention.isFullOfHeld()).toBe(true);
    disk.freeBytes = 570_000;
    await retention.run();
    expect(retention.isFull()).toBe(false);
    expect(retention.isFullOfHeld()).toBe(false);
    expect(left(rows)).toHaveLength(450);
    disk.freeBytes = 500_000;
    await replaceHolds(holds, []);
    await retention.run();
    expect(left(rows)[0]).toEqual(rows[50]);
  }, 30_000);

  it('deletes what is wanted and no more while the catalogue takes no writes, and tells it afterwards', async () => {
    const rows = [];
    for (let at = 0; at < 30; at++) rows.push(await add('cam', nowMs - dayMs + at * 700_000));
    const { retention, disk, catalogue, tombstones } = start();
    retention.setPolicy({ minFreeBytes: 500, daysOfCamera: new Map() });
    catalogue.remove = () => {
      throw new Error('database is locked');
    };
    for (const gone of [1, 2, 5]) {
      disk.freeBytes = 500 + (30 - gone) * fileBytes;
      await retention.run();
      expect(left(rows)).toEqual(rows.slice(gone));
      expect(retention.isFull()).toBe(false);
    }
    expect(db.totals().files).toBe(30);
    catalogue.remove = (id) => db.remove(id);
    await retention.run();
    expect(db.totals().files).toBe(25);
    expect(tombstones).toHaveLength(5);
  });

  it('deletes nothing more once it may not, in the midst of a page', async () => {
    const rows = [];
    for (let at = 0; at < 10; at++) rows.push(await add('cam', nowMs - dayMs + at * 700_000));
    const { retention, disk, catalogue } = start();
    retention.setPolicy({ minFreeBytes: 500, daysOfCamera: new Map() });
    disk.freeBytes = 500;
    catalogue.remove = () => {
      catalogue.runs = false; // its thread ends
      throw new Error('the footage catalogue ended');
    };
    await retention.run();
    expect(left(rows)).toEqual(rows.slice(1));
  });

  it('does not blame held footage where something else takes the room', async () => {
    const { retention, disk } = start();
    retention.setPolicy({ minFreeBytes: 5000, daysOfCamera: new Map() });
    disk.freeBytes = 4000;
    await retention.run();
    expect([retention.isFull(), retention.isFullOfHeld()]).toEqual([true, false]);
    // Half of what is missing is held: without it there would be no room either.
    for (let at = 0; at < 2; at++) await add('cam', nowMs - dayMs + at * 700_000);
    await replaceHolds(holds, [{ id: 'h', cameraId: 'cam', fromMs: 0, toMs: 1e15 }]);
    disk.freeBytes = 3000;
    await retention.run();
    expect([retention.isFull(), retention.isFullOfHeld()]).toEqual([true, false]);
    for (let at = 2; at < 4; at++) await add('cam', nowMs - dayMs + at * 700_000);
    disk.freeBytes = 7000;
    await retention.run();
    expect([retention.isFull(), retention.isFullOfHeld()]).toEqual([true, true]);
    await replaceHolds(holds, []);
    await retention.run();
    expect([retention.isFull(), retention.isFullOfHeld()]).toEqual([false, false]);
    disk.freeBytes = 4000;
    await retention.run();
    expect([retention.isFull(), retention.isFullOfHeld()]).toEqual([true, false]);
  });

  it('goes on when one file cannot be deleted', async () => {
    const rows = [await add('cam', nowMs - 3 * dayMs), await add('cam', nowMs - 2 * dayMs)];
    await rm(join(folder, rows[0]!.path));
    await mkdir(join(folder, rows[0]!.path, 'in-the-way'), { recursive: true });
    const { retention, disk } = start();
    retention.setPolicy({ minFreeBytes: 500, daysOfCamera: new Map() });
    disk.freeBytes = 2000;
    await retention.run();
    expect(existsSync(join(folder, rows[1]!.path))).toBe(false);
  });

  it('makes room on a disk that refuses although it reports much', async () => {
    const rows = [];
    for (let at = 0; at < 5; at++) rows.push(await add('cam', nowMs - dayMs + at * 700_000, 0, 40e6));
    const { retention, disk } = start();
    retention.setPolicy({ minFreeBytes: 5e9, daysOfCamera: new Map() });
    disk.freeBytes = 500e9;
    for (const gone of [2, 4]) {
      retention.reportFull();
      await retention.run();
      expect(left(rows)).toEqual(rows.slice(gone));
      expect(retention.isFull()).toBe(false);
    }
    await replaceHolds(holds, [{ id: 'h', cameraId: 'cam', fromMs: 0, toMs: 1e15 }]);
    retention.reportFull();
    await retention.run();
    expect(retention.isFull()).toBe(true);
  });

  it('takes refusals of before there was room for one', async () => {
    const rows = [];
    for (let at = 0; at < 5; at++) rows.push(await add('cam', nowMs - dayMs + at * 700_000, 0, 40e6));
    const { retention, disk, catalogue } = start();
    disk.freeBytes = 500e9;
    catalogue.remove = (id) => {
      retention.reportFull(); // of another camera, while the first file goes
      db.remove(id);
    };
    retention.reportFull();
    await retention.run();
    await retention.run();
    expect(left(rows)).toEqual(rows.slice(2));
    expect(retention.isFull()).toBe(false);
  });

  it('counts what it freed where the disk tells of it late', async () => {
    const rows = [];
    for (let at = 0; at < 30; at++) rows.push(await add('cam', nowMs - dayMs + at * 700_000));
    const { retention, disk } = start();
    retention.setPolicy({ minFreeBytes: 500, daysOfCamera: new Map() });
    disk.freeBytes = 500 + 28 * fileBytes;
    disk.lateBy = 10;
    await retention.run();
    expect(left(rows)).toEqual(rows.slice(2));
    expect(retention.isFull()).toBe(false);
  });

  it('tries again now and then on a disk that refuses without saying why', async () => {
    const { retention, disk, clock } = start();
    retention.setPolicy({ minFreeBytes: 0, daysOfCamera: new Map() });
    disk.freeBytes = 50_000_000;
    retention.reportFull();
    await retention.run();
    expect(retention.isFull()).toBe(true);
    for (const retryMs of [2000, 4000, 8000, 16_000, 32_000, 32_000]) {
      await clock.advance(retryMs - 1);
      await retention.run();
      expect(retention.isFull()).toBe(true);
      await clock.advance(1);
      await retention.run();
      expect(retention.isFull()).toBe(false);
      retention.reportFull();
      await retention.run();
    }
    await clock.advance(32_000);
    await retention.run();
    await clock.advance(120_000); // it works again: the next refusal is a new one
    retention.reportFull();
    await retention.run();
    await clock.advance(2000);
    await retention.run();
    expect(retention.isFull()).toBe(false);
    retention.reportFull();
    await retention.run();
    disk.freeBytes += 2_000_000;
    await retention.run();
    expect(retention.isFull()).toBe(false);
  });
});

describe('facts for a forecast', () => {
  it('tells bytes a day of the last 24 hours or of what there is, and what is held, each file once', async () => {
    for (let at = 0; at < 300; at++) await add('full', nowMs - 600_000 * (at + 1)); // more than two days
    for (let at = 0; at < 6; at++) await add('new', nowMs - 600_000 * (at + 1)); // one hour
    for (let at = 0; at < 6; at++) await add('off', nowMs - 9 * dayMs + 600_000 * at); // one hour, nine days ago
    await replaceHolds(holds, [
      { id: '1', cameraId: 'full', fromMs: nowMs - 1_500_000, toMs: nowMs - 700_000 },
      { id: '2', cameraId: 'full', fromMs: nowMs - 1_400_000, toMs: nowMs - 650_000 },
      { id: '3', cameraId: 'open', fromMs: nowMs - 1000, toMs: nowMs },
    ]);
    const { retention } = start();
    retention.setPolicy({
      minFreeBytes: 5,
      daysOfCamera: new Map([
        ['full', 30],
        ['new', 7],
      ]),
    });
    const facts = await collectRetentionFacts({
      catalogue: {
        facts: (at) => Promise.resolve(db.facts(at)),
        bytesTouched: (...args) => Promise.resolve(db.bytesTouched(...args)),
      },
      clock: steppedClock(nowMs),
      holds,
      retention,
      space: () => Promise.resolve({ freeBytes: 1, totalBytes: 2 }),
      openCameras: () => ['open'],
      openFiles: (cameraId) =>
        cameraId === 'open' ? [{ startAtMs: nowMs - 60_000, endAtMs: nowMs, byteLength: 10_000 }] : [],
    });
    expect(facts).toMatchObject({ freeBytes: 1, totalBytes: 2, minFreeBytes: 5, footageBytes: 312_000 + 10_000 });
    const of = (cameraId: string) => facts.cameras.find((camera) => camera.cameraId === cameraId)!;
    expect(of('full')).toMatchObject({ retentionDays: 30, footageBytes: 300_000, heldBytes: 2000 });
    expect(of('full').bytesPerDay).toBeCloseTo(144_000, -3);
    expect(of('new')).toMatchObject({ retentionDays: 7, heldBytes: 0, bytesPerDay: 144_000 });
    expect(of('off')).toMatchObject({ retentionDays: 30, bytesPerDay: 144_000 });
    expect(of('open')).toMatchObject({ footageBytes: 10_000, heldBytes: 10_000, bytesPerDay: 14_400_000 });
    expect(of('off').oldestAt).toBe(new Date(nowMs - 9 * dayMs).toISOString());
  });

  it('are answered, like every question to the catalogue, from an index', async () => {
    await add('cam', nowMs);
    const plain = new Database(join(folder, 'catalogue.sqlite'));
    for (const sql of [
      'SELECT row FROM file WHERE camera_id = ? AND start_ms >= ? AND start_ms < ? AND end_ms > ? ORDER BY epoch, start_ms',
      'SELECT row FROM file WHERE camera_id = ? AND start_ms < ? ORDER BY start_ms DESC LIMIT ?',
      'SELECT row FROM file WHERE (epoch, start_ms, id) > (?, ?, ?) ORDER BY epoch, start_ms, id LIMIT ?',
      'SELECT coalesce(sum(bytes), 0) FROM file WHERE camera_id = ? AND start_ms >= ? AND start_ms <= ?',
      'SELECT min(start_ms) FROM file WHERE camera_id = ?',
      'SELECT max(epoch) FROM file',
      'SELECT start_ms FROM file ORDER BY epoch, start_ms, id LIMIT 1',
    ]) {
      const plan = plain.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...Array.from(sql.matchAll(/\?/g), () => 1)) as {
        detail: string;
      }[];
      expect(plan[0]!.detail, sql).toMatch(/USING (COVERING )?INDEX/);
    }
    plain.close();
  });

  it('sums stay right when files are entered again and removed', async () => {
    const row = await add('cam', nowMs);
    db.insert({ ...row, byteLength: 5000 });
    expect(db.totals()).toMatchObject({ files: 1, bytes: 5000 });
    db.remove(row.id);
    db.remove(row.id);
    expect(db.totals()).toEqual({ files: 0, bytes: 0, oldestAtMs: undefined });
    expect(db.cameras()).toEqual([]);
  });
});

describe('coverage over a clock that was set back', () => {
  const span = (fromMs: number, toMs: number, epoch: number, timeSource: 'rtcp' | 'arrival' = 'rtcp') => ({
    ...{ fromMs, toMs, epoch, timeSource },
  });
  it.each([
    ['one epoch', [span(0, 10, 0), span(10, 20, 0)], [{ fromMs: 0, toMs: 20, timeSource: 'rtcp' }]],
    [
      'two that overlap',
      [span(0, 1000, 0), span(600, 2000, 1)],
      [
        { fromMs: 0, toMs: 600, timeSource: 'rtcp' },
        { fromMs: 600, toMs: 1000, timeSource: 'rtcp', overlap: true },
        { fromMs: 1000, toMs: 2000, timeSource: 'rtcp' },
      ],
    ],
    [
      'one inside of the other, timed another way',
      [span(0, 9000, 1), span(3000, 4000, 0, 'arrival')],
      [
        { fromMs: 0, toMs: 3000, timeSource: 'rtcp' },
        { fromMs: 3000, toMs: 4000, timeSource: 'arrival', overlap: true },
        { fromMs: 4000, toMs: 9000, timeSource: 'rtcp' },
      ],
    ],
    [
      'two that do not touch',
      [span(5000, 6000, 0), span(0, 1000, 1)],
      [
        { fromMs: 0, toMs: 1000, timeSource: 'rtcp' },
        { fromMs: 5000, toMs: 6000, timeSource: 'rtcp' },
      ],
    ],
  ])('%s', (_, spans, wanted) => {
    expect(coverageOf(spans)).toEqual(wanted);
  });
});
