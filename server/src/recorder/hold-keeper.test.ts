import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../lib/logger.js';
import { Holds } from './footage/holds.js';
import { HoldKeeper } from './hold-keeper.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-keeper-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function open(): Promise<{ keeper: HoldKeeper; holds: Holds }> {
  const holds = new Holds({ directory: folder, logger: silentLogger });
  await holds.load(() => Promise.resolve(true));
  return { holds, keeper: new HoldKeeper(holds) };
}
const cameraId = randomUUID();
const hold = (minute = 0) => ({
  ...{ id: randomUUID(), cameraId, incident: { id: randomUUID(), number: 'CĐ-2026-0007' } },
  ...{ from: `2026-01-01T00:0${minute}:00.000Z`, to: `2026-01-01T00:0${minute + 1}:00.000Z` },
});

it('says of what it holds what it was told, in pages', async () => {
  const { keeper } = await open();
  const told = [hold(0), hold(1), hold(2)].sort((one, other) => (one.id < other.id ? -1 : 1));
  const answer = await keeper.change({ put: told, release: [] });
  expect(answer).toMatchObject({ count: 3, gone: [] });
  expect(keeper.page('', 2)).toMatchObject({ count: 3, digest: answer.digest, holds: told.slice(0, 2) });
  expect(keeper.page(told[1]!.id, 2).holds).toEqual(told.slice(2));
  // Told again, and of an id that it does not have: nothing changes.
  expect(await keeper.change({ put: told, release: [randomUUID()] })).toEqual(answer);
});

it('keeps extractions and consoles apart: neither releases what the other holds', async () => {
  const { keeper, holds } = await open();
  const mine = hold();
  await keeper.change({ put: [mine], release: [] });
  const summary = keeper.summary();
  const [first, second] = [randomUUID(), randomUUID()];
  await keeper.protect(first, cameraId, 0, 1000);
  await keeper.protect(second, cameraId, 5000, 6000);
  expect(keeper.summary()).toEqual(summary);
  expect(keeper.page('', 10).holds).toEqual([mine]);
  expect(holds.isHeld(cameraId, 500, 500)).toBe(true);
  await keeper.unprotect(first);
  expect(holds.isHeld(cameraId, 500, 500)).toBe(false);

  // After a restart an extraction that is over protects nothing more.
  const again = await open();
  expect(again.holds.isHeld(cameraId, 5500, 5500)).toBe(true);
  await again.keeper.protectOnly([]);
  expect(again.holds.isHeld(cameraId, 5500, 5500)).toBe(false);
  expect(again.keeper.page('', 10).holds).toEqual([mine]);
});

it('takes what it holds for complete only where the console means the same', async () => {
  const { keeper, holds } = await open();
  const { count, digest } = await keeper.change({ put: [hold()], release: [] });
  expect(await keeper.confirm({ count: 0, digest: '0' })).toBe(false);
  expect(holds.known).toBe(false);
  expect(await keeper.confirm({ count, digest })).toBe(true);
  expect(holds.known).toBe(true);
});
