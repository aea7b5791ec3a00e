import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExtractionStatus } from '@choi-canh/shared/recorder-api';
import { extractionStatus } from '@choi-canh/shared/recorder-api';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeFootage, fragmentsOf, makeFragmentedMp4 } from '../../../../test/harness/fake-footage.js';
import { systemClock, type Clock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import { steppedClock } from '../footage/testing/stepped-clock.js';
import { createExtraction, type Extraction } from './extraction.js';
import type { FootageSource } from './footage-source.js';

const startAtMs = Date.UTC(2026, 10, 22, 7, 30);
const camera = randomUUID();
const range = { cameraId: camera, fromMs: startAtMs + 1500, toMs: startAtMs + 4500 };
const media = makeFragmentedMp4({ seconds: 6, gop: 50, bFrames: 2 }).then(
  (mp4) => fragmentsOf(mp4, startAtMs).fragments,
);

let dir: string;
let footage: FakeFootage;
let open: Extraction[];
const isProtected = new Set<string>();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'extraction-'));
  footage = new FakeFootage('f');
  footage.appendAll(camera, await media);
  open = [];
  isProtected.clear();
});
afterEach(async () => {
  for (const extraction of open) await extraction.stop();
  await rm(dir, { recursive: true, force: true });
});

function create(source: FootageSource = footage, clock: Clock = systemClock): Extraction {
  const extraction = createExtraction({
    footage: source,
    protection: {
      protect: (id) => void isProtected.add(id),
      unprotect: (id) => void isProtected.delete(id),
      protectOnly: (ids) => isProtected.forEach((id) => !ids.includes(id) && isProtected.delete(id)),
    },
    dir,
    clock,
    logger: silentLogger,
  });
  open.push(extraction);
  return extraction;
}

/** Resolves when the job is done or failed. */
function finished(extraction: Extraction, id: string): Promise<ExtractionStatus> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('not finished in time')), 10_000);
    const check = (status: ExtractionStatus) => {
      if (status.id !== id || status.state === 'queued' || status.state === 'running') return;
      clearTimeout(timer);
      unlisten();
      resolve(status);
    };
    const unlisten = extraction.onChange(check);
    check(extraction.status(id));
  });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(20);
}

/** Footage whose media stops coming at a gate, so that a job can be caught while it runs. */
function gated(): FootageSource & { reached: Promise<void>; letGo: () => void } {
  let arrive: () => void = () => undefined;
  let letGo: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  return {
    fragments: (...args) => footage.fragments(...args),
    file: (id) => footage.file(id),
    bounds: (id) => footage.bounds(id),
    async read(fileId, offset, byteLength) {
      if (byteLength > 2048) {
        arrive();
        await gate;
      }
      return footage.read(fileId, offset, byteLength);
    },
    reached,
    letGo,
  };
}

describe('extraction jobs', () => {
  it('go from queued to done, protect their footage meanwhile, and keep their files until they are removed', async () => {
    const extraction = create();
    const seen: ExtractionStatus[] = [];
    extraction.onChange((status) => seen.push(status));
    await extraction.start();
    const id = randomUUID();
    const requested = await extraction.request(id, range);
    expect(extractionStatus.parse(requested)).toMatchObject({ id, cameraId: camera, files: [], errorCode: null });
    expect(isProtected.has(id)).toBe(true);
    const done = await finished(extraction, id);
    expect(done).toMatchObject({ state: 'done', progress: 1, errorCode: null });
    expect(done.files).toHaveLength(1);
    expect(done.files[0]).toMatchObject({ index: 0, frames: 75, timeSource: 'rtcp' });
    expect(done.files[0]?.fileName).toMatch(/^20261122T0730\d\d\.\d{3}Z-1\.mp4$/);
    const file = extraction.file(id, 0);
    expect((await stat(file.path)).size).toBe(file.bytes);
    expect(() => extraction.file(id, 1)).toThrow('no extraction');
    await expect.poll(() => isProtected.has(id)).toBe(false);
    expect(seen.map((status) => status.state)).toContain('running');
    const progress = seen.map((status) => status.progress);
    expect([...progress].sort((a, b) => a - b)).toEqual(progress);
    // Asking again changes nothing.
    expect(await extraction.request(id, range)).toEqual(done);
    await expect(extraction.request(id, { ...range, toMs: range.toMs + 1 })).rejects.toMatchObject({
      kind: 'conflict',
    });
    await extraction.remove(id);
    expect(existsSync(file.path)).toBe(false);
    expect(() => extraction.status(id)).toThrow('no extraction');
    await extraction.remove(id);
  });

  it('outlive a restart: what ran runs again, what was done stays', async () => {
    const source = gated();
    const first = create(source);
    await first.start();
    const [running, queued] = [randomUUID(), randomUUID()];
    await first.request(running, range);
    await first.request(queued, { ...range, fromMs: range.fromMs + 500 });
    await source.reached;
    expect(first.running().map((status) => status.id)).toEqual([running]);
    expect(first.status(queued).state).toBe('queued');
    const stopped = first.stop();
    source.letGo();
    await stopped;
    expect(existsSync(join(dir, running))).toBe(false);

    isProtected.clear();
    const second = create();
    await second.start();
    expect([...isProtected].sort()).toEqual([running, queued].sort());
    expect(await finished(second, running)).toMatchObject({ state: 'done' });
    expect(await finished(second, queued)).toMatchObject({ state: 'done' });
    await second.stop();

    const third = create();
    await third.start();
    expect(third.status(running).files[0]?.bytes).toBe((await readFile(third.file(running, 0).path)).length);
  });

  it('that were running when the process was killed run again, and leftovers are swept', async () => {
    const first = create();
    await first.start();
    await first.stop();
    const [id, leftover] = [randomUUID(), randomUUID()];
    const db = new Database(join(dir, 'extractions.sqlite'));
    db.prepare(
      `INSERT INTO extraction (id, camera_id, from_ms, to_ms, state, requested_at_ms) VALUES (?, ?, ?, ?, 'running', 0)`,
    ).run(id, range.cameraId, range.fromMs, range.toMs);
    db.close();
    for (const folder of [id, leftover]) {
      await mkdir(join(dir, folder));
      await writeFile(join(dir, folder, '0.mp4.part'), 'torn');
    }
    const second = create();
    await second.start();
    expect(await finished(second, id)).toMatchObject({ state: 'done' });
    expect(await readdir(join(dir, id))).toEqual(['0.mp4']);
    expect(existsSync(join(dir, leftover))).toBe(false);
  });

  it.each([
    ['of zeros', Buffer.alloc(8192)],
    ['of anything', Buffer.alloc(8192, 0x5a)],
  ])('begin anew with a damaged queue: %s', async (_, bytes) => {
    const path = join(dir, 'extractions.sqlite');
    await writeFile(path, bytes);
    const extraction = create();
    await extraction.start();
    const id = randomUUID();
    await extraction.request(id, range);
    expect(await finished(extraction, id)).toMatchObject({ state: 'done' });
    expect(await readFile(`${path}.damaged`)).toEqual(bytes);
  });

  it('wait for a queue that takes nothing, at the start and while they run', async () => {
    const clock = steppedClock(startAtMs + 60_000);
    const path = join(dir, 'extractions.sqlite');
    const other = new Database(path);
    other.pragma('journal_mode = WAL');
    other.exec('BEGIN IMMEDIATE');
    const source = gated();
    const extraction = create(source, clock);
    await extraction.start();
    const id = randomUUID();
    const refusal = { kind: 'unavailable', code: 'extraction_queue_unavailable' };
    await expect(extraction.request(id, range)).rejects.toMatchObject(refusal);
    expect(isProtected.has(id)).toBe(false);
    other.exec('COMMIT');
    await clock.advance(5000);
    await until(async () => (await extraction.request(id, range).catch(() => undefined)) !== undefined);
    await source.reached;

    other.exec('BEGIN IMMEDIATE');
    source.letGo();
    await expect.poll(() => extraction.running()).toEqual([]);
    expect(extraction.status(id).state).toBe('running');
    other.exec('COMMIT');
    other.close();
    await clock.advance(5000);
    expect(await finished(extraction, id)).toMatchObject({ state: 'done' });
  });

  it('can be removed while they run', async () => {
    const source = gated();
    const extraction = create(source);
    await extraction.start();
    const id = randomUUID();
    await extraction.request(id, range);
    await source.reached;
    const removed = extraction.remove(id);
    source.letGo();
    await removed;
    expect(existsSync(join(dir, id))).toBe(false);
    expect(isProtected.size).toBe(0);
    expect(extraction.running()).toEqual([]);
    expect(() => extraction.status(id)).toThrow('no extraction');
  });

  it.each([
    ['no_footage', { ...range, fromMs: startAtMs - 9000, toMs: startAtMs - 8000 }, undefined],
    ['footage_gone', range, 'delete'],
    ['disk_full', range, 'ENOSPC'],
    ['internal', range, 'EIO'],
  ])('that fail say %s and leave nothing behind', async (errorCode, job, failure) => {
    const extraction = create({
      fragments: (...args) => footage.fragments(...args),
      file: (id) => footage.file(id),
      bounds: (id) => footage.bounds(id),
      read(fileId, offset, byteLength) {
        if (failure === 'delete' && byteLength > 2048) footage.deleteFile(fileId);
        if (failure?.startsWith('E') && byteLength > 2048)
          return Promise.reject(Object.assign(new Error('disk'), { code: failure }));
        return footage.read(fileId, offset, byteLength);
      },
    });
    await extraction.start();
    const id = randomUUID();
    await extraction.request(id, job);
    expect(await finished(extraction, id)).toMatchObject({ state: 'failed', errorCode, files: [] });
    expect(existsSync(join(dir, id))).toBe(false);
    await expect.poll(() => isProtected.size).toBe(0);
  });

  it('are taken as soon as their queue can be opened; the recorder starts all the same', async () => {
    await mkdir(join(dir, 'extractions.sqlite'));
    const extraction = create();
    await extraction.start();
    const id = randomUUID();
    await expect(extraction.request(id, range)).rejects.toMatchObject({ kind: 'unavailable' });
    await rm(join(dir, 'extractions.sqlite'), { recursive: true });
    await until(async () => (await extraction.request(id, range).catch(() => undefined)) !== undefined);
    expect(await finished(extraction, id)).toMatchObject({ state: 'done' });
  });

  it('wait for footage that is being recorded just now', async () => {
    let nowMs = startAtMs + 6000;
    const fragments = await media;
    footage = new FakeFootage('f');
    footage.appendAll(camera, fragments.slice(0, 3));
    let slept = 0;
    const clock: Clock = {
      nowMs: () => nowMs,
      monotonicMs: () => nowMs,
      async sleep(ms) {
        nowMs += ms;
        if (++slept === 3) footage.appendAll(camera, fragments.slice(3));
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    const extraction = create(footage, clock);
    await extraction.start();
    const id = randomUUID();
    await extraction.request(id, range);
    expect((await finished(extraction, id)).files[0]?.frames).toBe(75);
    expect(slept).toBe(3);
  });

  it.each([
    ['an id that is no UUID', '../../etc', range],
    ['an end before the beginning', randomUUID(), { ...range, toMs: range.fromMs }],
    ['over six hours', randomUUID(), { ...range, toMs: range.fromMs + 7 * 3600_000 }],
  ])('are refused with %s', async (_name, id, job) => {
    const extraction = create();
    await extraction.start();
    await expect(extraction.request(id, job)).rejects.toMatchObject({ kind: 'invalid' });
  });
});
