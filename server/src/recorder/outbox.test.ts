import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.js';
import { silentLogger } from '../lib/logger.js';
import { Outbox, type NewRecorderEvent } from './outbox.js';

let folder: string;
let outbox: Outbox;
const open = (limits: { coalesceAbove?: number; maxEvents?: number } = {}) =>
  new Outbox({ path: join(folder, 'outbox.sqlite'), clock: systemClock, logger: silentLogger, ...limits });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'choi-canh-outbox-'));
  outbox = open();
});
afterEach(() => {
  outbox.close();
  rmSync(folder, { recursive: true, force: true });
});

const cameraId = randomUUID();
const state = (id = cameraId, down = false): NewRecorderEvent => ({
  type: 'camera.state',
  status: {
    cameraId: id,
    state: down ? 'down' : 'alive',
    reason: down ? 'no_stream' : 'ok',
    detail: '',
    sinceAt: '2026-01-01T00:00:00.000Z',
  },
});
const never = new AbortController().signal;
const page = (after: number, waitMs = 0, signal = never, onBehind = () => undefined as void) =>
  outbox.page(after, waitMs, signal, onBehind);
const sequences = async (after: number) => (await page(after)).events.map((event) => event.sequence);

it('numbers events, keeps them until they are acknowledged, over a restart too', async () => {
  const first = outbox.sequence + 1;
  outbox.append([state(), state(), state()]);
  expect(await sequences(0)).toEqual([first, first + 1, first + 2]);
  expect(await sequences(first + 1)).toEqual([first + 2]);
  outbox.close();
  outbox = open();
  expect(await sequences(0)).toEqual([first + 2]);
  expect(await sequences(first + 2)).toEqual([]);
  outbox.close();
  outbox = open();
  outbox.append([state()]);
  expect(await sequences(first + 2)).toEqual([outbox.sequence]);
});

it('says what is so now to a console that lacks what another one has read', async () => {
  outbox.append([state()]);
  const read = outbox.sequence;
  expect(await sequences(read)).toEqual([]);
  const poll = async (after: number) => {
    let times = 0;
    const { events } = await page(after, 0, never, () => {
      times += 1;
      outbox.append([state()]);
    });
    return { times, sequences: events.map(({ sequence }) => sequence) };
  };
  expect(await poll(read)).toEqual({ times: 0, sequences: [] });
  expect(await poll(0)).toEqual({ times: 1, sequences: [read + 1] });
  // What is kept is enough.
  expect(await poll(0)).toEqual({ times: 0, sequences: [read + 1] });
  expect(await poll(read + 1)).toEqual({ times: 0, sequences: [] });
});

it('gives no number again where its file is as it was earlier, as after a power cut', async () => {
  const path = join(folder, 'outbox.sqlite');
  outbox.append([state()]);
  outbox.close();
  copyFileSync(path, `${path}.earlier`);
  outbox = open();
  outbox.append(Array.from({ length: 100 }, () => state()));
  const consoles = (await sequences(0)).at(-1)!;
  outbox.close();
  rmSync(`${path}-wal`, { force: true });
  renameSync(`${path}.earlier`, path);
  // The number that it took at the opening reached the disk, the events after it did not.
  open().close();
  outbox = open();
  outbox.append([{ type: 'recorder.stopped', from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T00:01:00.000Z' }], true);
  expect((await page(consoles)).events).toMatchObject([{ type: 'recorder.stopped' }]);
});

it('wakes a waiting console at once, and lets it go when it leaves', async () => {
  const startedAt = performance.now();
  const waiting = page(0, 20_000);
  outbox.append([state()]);
  expect((await waiting).events).toHaveLength(1);
  const gone = new AbortController();
  const leaving = page(outbox.sequence, 20_000, gone.signal);
  gone.abort();
  expect((await leaving).events).toEqual([]);
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

it('gives at most 500 events a page', async () => {
  outbox.append(Array.from({ length: 1100 }, () => state()));
  expect((await sequences(0)).length).toBe(500);
  expect((await sequences(outbox.sequence - 100)).length).toBe(100);
});

it('goes on from the number of a console that is ahead, with all that it has not read, and says so', async () => {
  let behind = 0;
  outbox.append([state(), state()]);
  const ahead = outbox.sequence + 1;
  const { events } = await page(ahead, 0, never, () => void (behind += 1));
  expect(events.map((event) => event.sequence)).toEqual([ahead + 1, ahead + 2]);
  expect(behind).toBe(1);
  outbox.append([state()]);
  expect(await sequences(ahead)).toEqual([ahead + 1, ahead + 2, ahead + 3]);
  expect(await sequences(ahead + 5000)).toEqual([ahead + 5001, ahead + 5002, ahead + 5003]);
  expect(await sequences(ahead + 5003)).toEqual([]);
  expect(await sequences(ahead + 9000)).toEqual([]);
  outbox.append([state()]);
  expect(await sequences(ahead + 9000)).toEqual([ahead + 9001]);
});

it('drops superseded states when nobody reads, never the newest of a camera, and keeps to its bound', async () => {
  outbox.close();
  outbox = open({ coalesceAbove: 100, maxEvents: 150 });
  const others = Array.from({ length: 20 }, () => randomUUID());
  const stops = [1, 2].map((day) => ({ from: `2026-01-0${day}T00:00:00.000Z`, to: `2026-01-0${day}T00:01:00.000Z` }));
  outbox.append(
    stops.map((stop) => ({ type: 'recorder.stopped', ...stop })),
    true,
  );
  outbox.append(others.map((id) => state(id, true)));
  for (let round = 0; round < 50; round += 1)
    outbox.append(Array.from({ length: 10 }, (_, index) => state(cameraId, index < 9)));
  const { events } = await page(0);
  expect(events.length).toBeLessThanOrEqual(150);
  const last = new Map(
    events.flatMap((event) => (event.type === 'camera.state' ? [[event.status.cameraId, event.status.state]] : [])),
  );
  expect(others.every((id) => last.get(id) === 'down')).toBe(true);
  expect(last.get(cameraId)).toBe('alive');
  expect(events.filter((event) => event.type === 'recorder.stopped')).toMatchObject(stops);
  const order = events.map((event) => event.sequence);
  expect([...order].sort((a, b) => a - b)).toEqual(order);
  for (let round = 0; round < 30; round += 1) outbox.append(Array.from({ length: 20 }, () => state(randomUUID())));
  let total = 0;
  for (let after = 0; ;) {
    const next = (await page(after)).events;
    if (next.length === 0) break;
    total += next.length;
    after = next.at(-1)?.sequence ?? after;
  }
  expect(total).toBeLessThanOrEqual(200);
});

describe('a file that takes or gives nothing', () => {
  const path = () => join(folder, 'outbox.sqlite');

  it('loses no subject meanwhile, and tells the newest of each in order once it is written', async () => {
    outbox.append([state()]);
    const [first = 0] = await sequences(0);
    const other = new Database(path());
    other.exec('BEGIN IMMEDIATE');
    const second = randomUUID();
    for (const down of [true, false, true]) outbox.append([state(cameraId, down)]);
    outbox.append([state(second)]);
    expect(outbox.sequence).toBe(first);
    expect(await sequences(0)).toEqual([first]);
    other.close();
    expect((await page(first)).events).toMatchObject([
      { sequence: first + 1, status: { cameraId, state: 'down' } },
      { sequence: first + 2, status: { cameraId: second } },
    ]);
  });

  it('is opened later when it could not be at first', async () => {
    outbox.close();
    const other = new Database(path());
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('BEGIN EXCLUSIVE');
    outbox = open();
    outbox.append([state()]);
    expect(await page(0)).toEqual({ events: [], sequence: 0 });
    other.close();
    expect(await sequences(0)).toHaveLength(1);
  });

  it.each([
    ['of zeros', () => writeFileSync(path(), Buffer.alloc(8192))],
    ['of anything', () => writeFileSync(path(), Buffer.alloc(8192, 0x5a))],
    // Reading its first byte is an input/output error, as of a bad sector.
    ['that the disk does not give back', () => symlinkSync('/proc/self/mem', path())],
  ])('is set aside and begun anew: %s', async (_, damage) => {
    outbox.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(path() + suffix, { force: true });
    damage();
    outbox = open();
    outbox.append([state()]);
    expect(await sequences(0)).toHaveLength(1);
    expect(existsSync(`${path()}.damaged`)).toBe(true);
  });
});
