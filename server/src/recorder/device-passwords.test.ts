import { expect, it } from 'vitest';
import type { Clock } from '../lib/clock.js';
import { AccountLocks } from './account-locks.js';
import { DevicePasswords } from './device-passwords.js';

/** Time that passes when somebody sleeps. */
function passingClock(): Clock & { pass(ms: number): void } {
  let now = 0;
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    pass: (ms) => void (now += ms),
    sleep: async (ms) => {
      await new Promise((resolve) => setImmediate(resolve));
      now += ms / 16; // sixteen wait side by side
    },
  };
}

const camera = (number: number, more: object = {}) => ({
  ...{ cameraId: `c${number}`, deviceId: 'nvr', username: 'admin', password: 'p', passwordTypedAt: 1 },
  ...more,
});
const channels = (count: number, more: object = {}) => Array.from({ length: count }, (_, index) => camera(index, more));
const never = () => new AbortController().signal;

function made(count = 16) {
  const clock = passingClock();
  const again: string[][] = [];
  const passwords = new DevicePasswords({
    ...{ clock, pausesMs: [7000, 600_000] as const, onTakenAgain: (ids: readonly string[]) => again.push([...ids]) },
  });
  passwords.setCameras(channels(count));
  /** All channels at once; how many of them sent a password that the device refuses. */
  const allTry = async () => {
    let tries = 0;
    await Promise.all(
      channels(count).map(async ({ cameraId }) => {
        if (!(await passwords.enter(cameraId, never()))) return;
        tries += 1;
        await new Promise((resolve) => setImmediate(resolve));
        passwords.refused(cameraId);
      }),
    );
    return tries;
  };
  return { clock, passwords, again, allTry };
}

it('sends a wrong password once, however many channels the device has', async () => {
  const { clock, allTry } = made();
  expect(await allTry()).toBe(1);
  expect(await allTry()).toBe(0);
  clock.pass(7000);
  expect(await allTry()).toBe(1);
  clock.pass(500_000);
  expect(await allTry()).toBe(0);
  clock.pass(100_000);
  expect(await allTry()).toBe(1);
});

it('lets all channels go once the device has taken the password of one', async () => {
  const { passwords } = made();
  expect(await passwords.enter('c0', never())).toBe(true);
  const others = channels(16)
    .slice(1)
    .map(({ cameraId }) => passwords.enter(cameraId, never()));
  passwords.taken('c0');
  expect(await Promise.all(others)).toEqual(Array(15).fill(true));
});

it('finds out anew after a connection was lost, one channel at a time', async () => {
  const { passwords, allTry } = made();
  expect(await passwords.enter('c0', never())).toBe(true);
  passwords.taken('c0');
  passwords.lost('c3');
  expect(await allTry()).toBe(1);
});

it('does not wait for ever for a channel that comes to no end', async () => {
  const { clock, passwords } = made();
  expect(await passwords.enter('c0', never())).toBe(true);
  const waiting = passwords.enter('c1', never());
  clock.pass(3000);
  expect(await waiting).toBe(true);
});

it('is tried once more by a person, and tells the others when the device takes it again', async () => {
  const { passwords, again, allTry } = made(3);
  await allTry();
  passwords.forgive('c1');
  expect(await passwords.enter('c1', never())).toBe(true);
  passwords.taken('c1');
  expect(again).toEqual([['c0', 'c2']]);
  expect(await passwords.enter('c2', never())).toBe(true);
});

it('forgets a refusal with the password, and leaves single cameras alone', async () => {
  const { passwords, allTry } = made(2);
  await allTry();
  passwords.setCameras(channels(2, { passwordTypedAt: 2 }));
  expect(await passwords.enter('c0', never())).toBe(true);
  passwords.setCameras([camera(0), camera(1, { deviceId: 'other' })]);
  for (const id of ['c0', 'c1', 'c0', 'c1']) {
    expect(await passwords.enter(id, never())).toBe(true);
    passwords.refused(id);
  }
});

it('spares a locked account every try over both ways until the lock is over, also of a device with one camera', async () => {
  const clock = passingClock();
  const locks = new AccountLocks(clock);
  const cameras = [...channels(3), camera(9, { deviceId: 'alone' })];
  const make = () => new DevicePasswords({ clock, locks, pausesMs: [7000, 600_000] });
  const [rtsp, onvif] = [make(), make()];
  for (const one of [locks, rtsp, onvif]) one.setCameras(cameras);
  for (const [first, other] of [
    ['c0', 'c2'],
    ['c9', 'c9'],
  ] as const) {
    expect(await rtsp.enter(first, never())).toBe(true);
    rtsp.locked(first, 900_000);
    expect([await rtsp.enter(other, never()), await onvif.enter(other, never())]).toEqual([false, false]);
    expect(onvif.lockedMs(other)).toBe(900_000);
    clock.pass(899_000);
    expect(await onvif.enter(other, never())).toBe(false);
    clock.pass(1000);
    expect(await onvif.enter(other, never())).toBe(true);
    onvif.taken(other);
    // A person's word: it was unlocked, or another password was typed.
    rtsp.locked(first, 900_000);
    rtsp.forgive(other);
    expect(await rtsp.enter(first, never())).toBe(true);
    rtsp.left(first);
    rtsp.locked(first, 900_000);
    const typed = cameras.map((one) => ({ ...one, passwordTypedAt: 2 }));
    for (const one of [locks, rtsp, onvif]) one.setCameras(typed);
    expect(await rtsp.enter(other, never())).toBe(true);
    for (const one of [locks, rtsp, onvif]) one.setCameras(cameras);
  }
});
