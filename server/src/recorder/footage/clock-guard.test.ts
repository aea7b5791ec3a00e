import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../lib/logger.js';
import { createClockGuard } from './clock-guard.js';
import { steppedClock } from './testing/stepped-clock.js';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 2, 4, 12);
let folder: string;
/** Guards of a test may still be writing their note: each test, and each part of one, has a folder of its own. */
async function enterFolder(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-clock-'));
  const own = folder;
  onTestFinished(() => rm(own, { recursive: true, force: true, maxRetries: 5 }));
}
beforeEach(enterFolder);

async function boot(atMs: number, newestDay?: { fromMs: number; toMs: number }) {
  const clock = steppedClock(atMs);
  const guard = createClockGuard({
    path: join(folder, 'clock.json'),
    clock,
    logger: silentLogger,
    newestDay: () => Promise.resolve(newestDay),
  });
  await guard.start();
  return { clock, guard };
}

describe('a clock that is wrong at the start', () => {
  it.each([
    ['after a minute without power', 60_000, false],
    ['after a long weekend', 2.9 * dayMs, false],
    ['in 2036', 10 * 365 * dayMs, true],
    ['in 1970', -nowMs + 5000, true],
    ['an hour ago', -3_600_000, true],
    ['three seconds ago', -3000, false],
  ])('%s', async (_, laterMs, suspended) => {
    const { clock, guard } = await boot(nowMs);
    await clock.advance(120_000);
    await guard.beat();
    const next = await boot(nowMs + 120_000 + laterMs);
    expect(next.guard.condition()).toMatchObject({
      ageDeletionSuspended: suspended,
      epoch: suspended ? 1 : 0,
      stepMs: suspended ? laterMs : null,
    });
    expect(next.guard.epochBefore()).toBe(0);
    // Whatever happens to the machine, only a person ends it.
    const again = await boot(nowMs + 120_000 + laterMs + 1000);
    expect(again.guard.condition().ageDeletionSuspended).toBe(suspended);
    await again.guard.confirm();
    expect((await boot(nowMs + 120_000 + laterMs + 2000)).guard.condition()).toMatchObject({
      ageDeletionSuspended: false,
      epoch: suspended ? 1 : 0,
    });
  });

  it.each([
    ['missing', undefined],
    ['damaged', '{"version":1,"epo'],
  ])('is noticed by the footage itself when the note of the clock is %s', async (_, content) => {
    const day = { fromMs: nowMs - dayMs, toMs: nowMs };
    for (const [atMs, suspended] of [
      [nowMs + 1000, false],
      [nowMs + 10 * 365 * dayMs, true],
      [10_000, true],
    ] as const) {
      await rm(join(folder, 'clock.json'), { force: true });
      if (content !== undefined) await writeFile(join(folder, 'clock.json'), content);
      expect((await boot(atMs, day)).guard.condition().ageDeletionSuspended).toBe(suspended);
    }
    await rm(join(folder, 'clock.json'), { force: true });
    expect((await boot(10_000)).guard.condition().ageDeletionSuspended).toBe(false); // the first start of all
  });
});

describe('a clock that steps while recording', () => {
  it('opens a new epoch for a step beyond 5 s only, and keeps that over a restart', async () => {
    const { clock, guard } = await boot(nowMs);
    clock.step(4900);
    expect(guard.epoch()).toBe(0);
    for (let at = 0; at < 100; at++) {
      clock.step(50); // drift, or a clock that is slewed
      await clock.advance(250);
      expect(guard.epoch()).toBe(0);
    }
    clock.step(-3_600_000);
    expect(guard.epoch()).toBe(1);
    expect(guard.epoch()).toBe(1);
    expect(guard.condition()).toMatchObject({ ageDeletionSuspended: true, stepMs: -3_600_000 });
    clock.step(5_100);
    expect(guard.epoch()).toBe(2);
    await guard.beat();
    const next = await boot(clock.nowMs() + 1000);
    expect(next.guard.condition()).toMatchObject({ epoch: 2, ageDeletionSuspended: true, stepMs: 5100 });
    next.guard.atLeast(7);
    expect(next.guard.epoch()).toBe(7);
    next.guard.atLeast(3);
    expect(next.guard.epoch()).toBe(7);
  });

  it('knows by how much the times of earlier epochs are off, once the clock is confirmed', async () => {
    const { clock, guard } = await boot(Date.UTC(1970, 0, 1));
    await clock.advance(60_000);
    const step = nowMs - clock.nowMs();
    clock.step(step);
    expect(guard.epoch()).toBe(1);
    expect(guard.shiftMs(0)).toBe(0); // nobody has said which of the two is right
    await guard.confirm();
    expect([guard.shiftMs(0), guard.shiftMs(1)]).toEqual([step, 0]);
    expect(guard.shiftedEpochs()).toEqual([0]);
    // A wrong step that is taken back changes nothing for what was recorded before.
    clock.step(10 * 365 * dayMs);
    guard.epoch();
    clock.step(-10 * 365 * dayMs);
    guard.epoch();
    await guard.confirm();
    expect([0, 1, 2, 3].map((epoch) => guard.shiftMs(epoch))).toEqual([step, 0, -10 * 365 * dayMs, 0]);
    const next = await boot(clock.nowMs() + 1000);
    expect(next.guard.shiftedEpochs()).toEqual([0, 2]);
  });

  it('takes a long time without power, confirmed as it is, for what it was', async () => {
    await boot(nowMs);
    const next = await boot(nowMs + 30 * dayMs);
    expect(next.guard.condition().ageDeletionSuspended).toBe(true);
    await next.guard.confirm();
    expect(next.guard.shiftedEpochs()).toEqual([]);
  });

  it('notes the time durably once a minute', async () => {
    const { clock, guard } = await boot(nowMs);
    const seen = async () =>
      (JSON.parse(await readFile(join(folder, 'clock.json'), 'utf8')) as { lastSeenAtMs: number }).lastSeenAtMs;
    await clock.advance(30_000);
    await guard.beat();
    expect(await seen()).toBe(nowMs);
    await clock.advance(31_000);
    await guard.beat();
    expect(await seen()).toBe(nowMs + 61_000);
  });
});

describe('the time in which the recorder did not run', () => {
  async function ranFor(ms: number) {
    const running = await boot(nowMs);
    for (let at = 0; at < ms; at += 1000) {
      await running.clock.advance(1000);
      await running.guard.beat();
    }
    return running;
  }

  it('is known to the second, until recording begins', async () => {
    expect((await boot(nowMs)).guard.absence()).toBeUndefined(); // the first start of all
    await ranFor(34_000);
    const next = await boot(nowMs + 80_000);
    await next.clock.advance(4000);
    const absence = { fromMs: nowMs + 34_000, toMs: nowMs + 84_000 };
    expect(next.guard.absence()).toEqual(absence);
    // Killed before it could tell that: nothing is lost.
    const again = await boot(nowMs + 90_000);
    expect(again.guard.absence()).toEqual({ ...absence, toMs: nowMs + 90_000 });
  });

  it('does not begin while a full disk took no note', async () => {
    const { clock, guard } = await ranFor(1000);
    await mkdir(join(folder, 'clock.json.new'));
    await clock.advance(600_000);
    await expect(guard.beat()).rejects.toThrow();
    expect((await boot(nowMs + 700_000)).guard.absence()?.fromMs).toBe(nowMs + 601_000);
  });

  it.each([
    ['of the future', new Date(nowMs + dayMs)],
    ['from before', new Date(nowMs - dayMs)],
  ])('goes by the note where the time of its file is one %s', async (_, mtime) => {
    await ranFor(61_000);
    await utimes(join(folder, 'clock.json'), mtime, mtime);
    expect((await boot(nowMs + 90_000)).guard.absence()).toEqual({ fromMs: nowMs + 60_000, toMs: nowMs + 90_000 });
  });

  it('is not told where the clock stepped', async () => {
    await ranFor(2000);
    expect((await boot(nowMs - 3_600_000)).guard.absence()).toBeUndefined();
    await enterFolder();
    await ranFor(2000);
    const next = await boot(nowMs + 60_000);
    next.clock.step(3_600_000);
    expect(next.guard.absence()).toBeUndefined();
  });

  it('is told of many days once a person says that the clock is right', async () => {
    await ranFor(2000);
    const next = await boot(nowMs + 30 * dayMs);
    expect(next.guard.absence()).toBeUndefined();
    const again = await boot(nowMs + 31 * dayMs);
    expect(await again.guard.confirm()).toEqual({ fromMs: nowMs + 2000, toMs: nowMs + 30 * dayMs });
    expect(await again.guard.confirm()).toBeUndefined();
  });

  it('is not made of a jump that was taken back', async () => {
    await ranFor(2000);
    const next = await boot(nowMs + 3650 * dayMs);
    next.clock.step(-3650 * dayMs + 60_000);
    expect(await next.guard.confirm()).toBeUndefined();
  });
});
