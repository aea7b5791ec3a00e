import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Clock } from '../lib/clock.js';
import { silentLogger, type Logger } from '../lib/logger.js';
import { ClockOffsetsStore } from './clock-offsets.store.js';

const startMs = Date.parse('2026-11-22T07:00:00Z');
const one = '6b1f1c5e-3c0c-4a6e-9a41-1f0a5d7f0001';
const two = '6b1f1c5e-3c0c-4a6e-9a41-1f0a5d7f0002';

let folder: string;
let nowMs: number;
let wake: (() => void) | undefined;
let warnings: string[];
const stores: ClockOffsetsStore[] = [];
const clock: Clock = {
  nowMs: () => nowMs,
  monotonicMs: () => nowMs,
  sleep: (_ms, signal) =>
    new Promise((resolve, reject) => {
      wake = resolve;
      signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    }),
};
const logger = { ...silentLogger, warn: (_of: object, text: string) => warnings.push(text) } as unknown as Logger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'choi-canh-clock-offsets-'));
  nowMs = startMs;
  wake = undefined;
  warnings = [];
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function opened(): Promise<ClockOffsetsStore> {
  const store = new ClockOffsetsStore({ folder, clock, logger });
  await store.start();
  stores.push(store);
  return store;
}
/** Time goes by, then the store looks once; it waits again when what it wrote is on the disk. */
async function pass(ms: number): Promise<void> {
  nowMs += ms;
  const look = wake;
  wake = undefined;
  look?.();
  await vi.waitFor(() => expect(wake).toBeDefined(), { timeout: 10_000 });
}
const path = () => join(folder, 'clock-offsets.json');
const onDisk = () => (JSON.parse(readFileSync(path(), 'utf8')) as { cameras: Record<string, unknown> }).cameras;

it('does not count what a stream reports of a clock that is right when the camera is asked', async () => {
  const store = await opened();
  store.note(one, 'onvif', -400, startMs - 60_000);
  store.note(one, 'rtcp', 30_000, startMs);
  expect(store.newest(one)).toMatchObject({ offsetMs: -400 });
  store.note(one, 'onvif', 29_000, startMs - 1000);
  expect(store.newest(one)).toMatchObject({ offsetMs: 30_000 });
});

it('keeps the last of each source over a restart, in a file of its owner; the newest counts', async () => {
  const before = await opened();
  expect(before.newest(one)).toBeUndefined();
  before.note(one, 'onvif', 11_500, startMs - 3000);
  before.note(one, 'rtcp', 12_000.4, startMs - 2000);
  before.note(one, 'rtcp', 12_010.4, startMs - 1000);
  before.note(two, 'onvif', -700, startMs - 500);
  await before.stop();
  expect(onDisk()).toEqual({
    [one]: { onvif: { offsetMs: 11_500, atMs: startMs - 3000 }, rtcp: { offsetMs: 12_010, atMs: startMs - 1000 } },
    [two]: { onvif: { offsetMs: -700, atMs: startMs - 500 } },
  });
  expect(statSync(path()).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['clock-offsets.json']);

  nowMs += 86_400_000;
  const after = await opened();
  expect(after.newest(one)).toEqual({ offsetMs: 12_010, atMs: startMs - 1000 });
  expect(after.newest(two)).toEqual({ offsetMs: -700, atMs: startMs - 500 });
  after.note(one, 'onvif', 500, nowMs);
  expect(after.newest(one)).toEqual({ offsetMs: 500, atMs: nowMs });
  expect(warnings).toEqual([]);
});

it('writes at most once a minute, and only what is worth it', async () => {
  const store = await opened();
  await pass(5000);
  expect(readdirSync(folder)).toEqual([]);
  const note = (offsetMs: number) => store.note(one, 'rtcp', offsetMs, nowMs);
  const offsetOnDisk = () => (onDisk()[one] as { rtcp: { offsetMs: number } }).rtcp.offsetMs;
  note(100);
  await pass(5000);
  expect(offsetOnDisk()).toBe(100);
  note(9000);
  await pass(55_000);
  expect(offsetOnDisk()).toBe(100);
  await pass(5000);
  expect(offsetOnDisk()).toBe(9000);
  // Slightly other: when what the file says is ten minutes old.
  nowMs = startMs + 10_000 + 599_000;
  note(9900);
  await pass(5000);
  expect(offsetOnDisk()).toBe(9000);
  note(9901);
  await pass(5000);
  expect(offsetOnDisk()).toBe(9901);
  await pass(300_000);
  note(9903);
  await store.stop();
  expect(offsetOnDisk()).toBe(9903);
});

it('forgets cameras that are no longer wanted', async () => {
  const store = await opened();
  store.note(one, 'rtcp', 1, startMs);
  store.note(two, 'rtcp', 2, startMs);
  await pass(5000);
  store.keepOnly(new Set([two]));
  expect(store.newest(one)).toBeUndefined();
  await pass(60_000);
  expect(Object.keys(onDisk())).toEqual([two]);
});

it('does not tell what was measured before the host clock was set back, nor lets it hide what is measured now', async () => {
  const store = await opened();
  store.note(one, 'rtcp', 5, startMs + 4000);
  expect(store.newest(one)).toEqual({ offsetMs: 5, atMs: startMs + 4000 });
  nowMs -= 10 * 365 * 86_400_000;
  expect(store.newest(one)).toBeUndefined();
  store.note(one, 'onvif', 700, nowMs);
  expect(store.newest(one)).toEqual({ offsetMs: 700, atMs: nowMs });
});

const whole = JSON.stringify({ version: 1, cameras: { [one]: { rtcp: { offsetMs: 5, atMs: startMs } } } });
it.each<[string, string]>([
  ['is empty', ''],
  ['is torn', whole.slice(0, 60)],
  ['is all zeros', '\0'.repeat(whole.length)],
  ['is something else', '[]'],
  ['is of another version', whole.replace('"version":1', '"version":2')],
  ['has an offset that is none', whole.replace('"offsetMs":5', '"offsetMs":"5"')],
  ['is larger than it can be', whole + ' '.repeat(1024 * 1024)],
])('starts empty with a warning where the file %s, and replaces it', async (_what, content) => {
  writeFileSync(path(), content);
  const store = await opened();
  expect(warnings).toHaveLength(1);
  expect(store.newest(one)).toBeUndefined();
  store.note(two, 'onvif', 7, startMs);
  await store.stop();
  expect(onDisk()).toEqual({ [two]: { onvif: { offsetMs: 7, atMs: startMs } } });
});

it('goes on where the file cannot be written, and writes when it can again', async () => {
  mkdirSync(join(path(), 'in-the-way'), { recursive: true });
  const store = await opened();
  store.note(one, 'rtcp', 5, startMs);
  await pass(5000);
  expect(warnings).toEqual(['the clock offsets cannot be read: begun anew', 'the clock offsets could not be written']);
  rmSync(path(), { recursive: true });
  await pass(60_000);
  expect(onDisk()).toEqual({ [one]: { rtcp: { offsetMs: 5, atMs: startMs } } });
});
