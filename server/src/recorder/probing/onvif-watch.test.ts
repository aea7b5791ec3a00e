import { afterEach, expect, it } from 'vitest';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { silentLogger } from '../../lib/logger.js';
import { DevicePasswords } from '../device-passwords.js';
import { createOnvifWatch, type CameraLooker, type OnvifWatch, type WatchedCamera } from './onvif-watch.js';

/** Time that moves only when it is told to; whoever sleeps is woken in order. */
function handClock() {
  let nowMs = 0;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  const settle = async () => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const gone = () => {
          sleepers.delete(sleeper);
          reject(new Error('aborted'));
        };
        const wake = () => {
          signal?.removeEventListener('abort', gone);
          resolve();
        };
        const sleeper = { at: nowMs + ms, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', gone);
      }),
  };
  return {
    clock,
    async pass(ms: number) {
      for (const until = nowMs + ms; nowMs < until; nowMs += 250) {
        await settle();
        for (const sleeper of [...sleepers]) {
          if (sleeper.at > nowMs) continue;
          sleepers.delete(sleeper);
          sleeper.wake();
        }
        await settle();
      }
    },
  };
}

const camera = (index: number, change: Partial<WatchedCamera> = {}): WatchedCamera => ({
  ...{ cameraId: `c${index}`, enabled: true, deviceAddress: `http://10.0.0.${index}/`, username: 'u', password: 'p' },
  ...{ mainProfileToken: 'main', subProfileToken: null, confirmedHosts: [`10.0.0.${index}`], tlsKey: null },
  ...{ plainPassword: true, passwordTypedAt: 5 },
  ...change,
});
const sight = { clockOffsetMs: 12, mainUrl: 'rtsp://x/', subUrl: null };
const failure = (code: string, reason: string) =>
  new AppError('unavailable', code, 'rtsp://u:secret@x/ failed', { details: { reason } });

let watch: OnvifWatch | undefined;
afterEach(async () => {
  await watch?.stop();
  watch = undefined;
});

function watching(look: CameraLooker['look'], hand = handClock(), passwords?: DevicePasswords) {
  const looks: { at: number; address: string }[] = [];
  const told: string[] = [];
  const digests = new Map<string, number>();
  watch = createOnvifWatch({
    digests: {
      took: (cameraId, typedAt) => digests.set(cameraId, typedAt),
      tookBefore: (cameraId, typedAt) => digests.get(cameraId) === typedAt,
    },
    onvif: {
      look: (address, ...rest) => {
        looks.push({ at: hand.clock.monotonicMs(), address });
        return look(address, ...rest);
      },
      profiles: async () => [
        { profileToken: 'main', codec: 'H264', width: 1, height: 1, frameRate: 25, bitrateKbps: null },
      ],
    },
    ...(passwords === undefined ? {} : { passwords }),
    clock: hand.clock,
    logger: silentLogger,
    random: () => 0.5,
    onAddresses: (cameraId) => told.push(cameraId),
  });
  watch.start();
  return { ...hand, looks, told, watch, setCameras: watch.setCameras };
}
const gaps = (looks: { at: number }[]) => looks.slice(1).map(({ at }, index) => at - (looks[index]?.at ?? 0));

it('looks at once, then once a minute, and tells the addresses and the promised frame rate', async () => {
  const { watch: one, looks, told, pass } = watching(async () => sight);
  one.setCameras([camera(1)]);
  await pass(185_000);
  expect(gaps(looks)).toEqual([60_000, 60_000, 60_000]);
  expect(told).toHaveLength(4);
  expect(one.sight('c1')).toMatchObject({ kind: 'ok', clockOffsetMs: 12, promisedFrameRate: 25 });
});

it.each([
  'wrong_password',
  'password_withheld', // the device wants it in clear, after it refused it as a digest
])(
  'tries twice after %s, then every ten minutes only, whatever the stream does; a new password at once',
  async (code) => {
    const { watch: one, looks, pass } = watching(() => Promise.reject(failure(code, code)));
    one.setCameras([camera(1)]);
    for (let second = 0; second < 500; second += 5) {
      one.lookSoon('c1');
      await pass(5000);
    }
    expect(looks.length).toBeLessThanOrEqual(2);
    expect(one.sight('c1')).toMatchObject({ kind: 'failed', reason: code });
    expect(JSON.stringify(one.sight('c1'))).not.toContain('secret');
    one.setCameras([camera(1, { password: 'q' })]);
    await pass(500);
    expect(looks.length).toBeLessThanOrEqual(3);
    expect(looks.at(-1)?.at).toBeGreaterThanOrEqual(500_000 - 5000);
  },
);

it('looks again soon after a miss, and soon when the stream breaks, but not more often than every ten seconds', async () => {
  let answers = true;
  const {
    watch: one,
    looks,
    pass,
  } = watching(() => (answers ? Promise.resolve(sight) : Promise.reject(failure('unreachable', 'host_unreachable'))));
  one.setCameras([camera(1)]);
  await pass(15_000);
  answers = false;
  for (let second = 0; second < 40; second += 1) {
    one.lookSoon('c1');
    await pass(1000);
  }
  expect(Math.min(...gaps(looks))).toBeGreaterThanOrEqual(10_000);
  expect(looks.length).toBeGreaterThanOrEqual(4);
  expect(one.sight('c1')).toMatchObject({ kind: 'failed', reason: 'host_unreachable' });
});

it('has at most eight looks under way, and one slow camera holds up nobody', async () => {
  let underWay = 0;
  let most = 0;
  const {
    watch: one,
    looks,
    pass,
    clock,
  } = (() => {
    const made = watching(async (address, _credentials, _profiles, signal) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await made.clock.sleep(address === 'http://10.0.0.0/' ? 50_000 : 1000, signal);
      underWay -= 1;
      return sight;
    });
    return made;
  })();
  one.setCameras(Array.from({ length: 60 }, (_, index) => camera(index)));
  await pass(20_000);
  expect(most).toBe(8);
  expect(new Set(looks.map(({ address }) => address)).size).toBe(60);
  expect(clock.monotonicMs()).toBeGreaterThan(0);
});

it('leaves disabled and removed cameras alone, and forgets what it saw of a changed one', async () => {
  const { watch: one, looks, told, pass } = watching(async () => sight);
  one.setCameras([camera(1, { enabled: false }), camera(2)]);
  await pass(70_000);
  expect(looks.every(({ address }) => address === 'http://10.0.0.2/')).toBe(true);
  one.setCameras([camera(1)]);
  await pass(500);
  expect(looks.at(-1)?.address).toBe('http://10.0.0.1/');
  expect(one.sight('c2')).toEqual({ kind: 'none' });
  one.setCameras([camera(1, { deviceAddress: 'http://10.0.0.9/' })]);
  expect(one.sight('c1')).toEqual({ kind: 'none' });
  await pass(500);
  expect(told.at(-1)).toBe('c1');
});

it('lets a password go in clear only until the camera took it as a digest, and again when it is typed anew', async () => {
  const allowed: unknown[] = [];
  const { watch: one, pass } = watching((_address, credentials) => {
    allowed.push(credentials.plainPassword);
    if (allowed.length === 2) credentials.onDigest();
    return Promise.resolve(sight);
  });
  one.setCameras([camera(1)]);
  await pass(185_000);
  expect(allowed).toEqual([true, true, false, false]);
  one.setCameras([camera(1, { passwordTypedAt: 6 })]);
  await pass(1000);
  one.setCameras([camera(1, { passwordTypedAt: 7, plainPassword: false })]);
  await pass(1000);
  expect(allowed.slice(4)).toEqual([true, false]);
});

it('sends the wrong password of a device with many channels twice, and then every ten minutes', async () => {
  const hand = handClock();
  const passwords = new DevicePasswords({ clock: hand.clock, pausesMs: [7000, 590_000] });
  const one = watching(() => Promise.reject(failure('wrong_password', 'wrong_password')), hand, passwords);
  const channels = Array.from({ length: 16 }, (_, index) => camera(index, { deviceAddress: 'http://10.0.0.9/' }));
  passwords.setCameras(channels.map((channel) => ({ ...channel, deviceId: 'nvr' })));
  one.setCameras(channels);
  await one.pass(120_000);
  expect(one.looks).toHaveLength(2);
  // All say so, though one of them tried.
  expect(channels.map(({ cameraId }) => one.watch.sight(cameraId))).toEqual(
    channels.map(() => expect.objectContaining({ kind: 'failed', reason: 'wrong_password' })),
  );
  await one.pass(600_000);
  expect(one.looks.length).toBeLessThanOrEqual(4);
});
