// Events from the simulated camera to the file: subscribed over real sockets, mapped to its camera, kept and read.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { tinyMedia } from '../../../../scripts/camera-simulator/camera-media.js';
import { startSimulator } from '../../../../scripts/camera-simulator/simulator.js';
import { systemClock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { silentLogger } from '../../lib/logger.js';
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { createOnvif } from '../../platform/onvif/onvif.js';
import { DeviceEventsStore, type StoredEvent } from './device-events.store.js';
import { EventWatch, type EventCamera, type EventSubscription, type ReportedEvent } from './event-watch.js';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 15_000; !(await condition());) {
    if (performance.now() > end) throw new Error(`waited 15 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
async function newStore() {
  const folder = await mkdtemp(join(tmpdir(), 'choi-canh-events-'));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const store = new DeviceEventsStore({ folder, logger: silentLogger });
  await store.start();
  return { store, folder };
}
const at = (atMs: number, change: Partial<StoredEvent> = {}): StoredEvent => ({
  ...{ kind: 'motion', active: true, atMs, deviceAtMs: atMs + 5, clockOffsetMs: 5 },
  ...change,
});
const camera = (change: Partial<EventCamera> = {}): EventCamera => ({
  ...{ cameraId: 'c1', enabled: true, deviceAddress: 'http://10.0.0.1/', username: 'u', password: 'p' },
  ...{ confirmedHosts: ['10.0.0.1'], tlsKey: null, plainPassword: true, sourceToken: 'VS1', ...change },
});

describe('events of a simulated camera', () => {
  it('are heard, once each, with its own time and how far its clock is off', async () => {
    const simulator = await startSimulator({
      ...{ cameras: 1, network: '127.96.0.0', media: tinyMedia, kinds: { 1: { events: true } } },
    });
    ends.push(() => simulator.stop());
    const behindMs = -3_600_000;
    await simulator.setFault(1, { kind: 'wrong-clock', offsetMs: behindMs });
    const one = simulator.cameras[0]!;
    const onvif = createOnvif({ clock: systemClock, logger: silentLogger, rules: loopbackRules, interfaces: [] });
    const { store } = await newStore();
    const heard: StoredEvent[] = [];
    let subscriptions = 0;
    const watch = new EventWatch({
      clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 20), signal) },
      logger: silentLogger,
      subscribe: async (address, access, signal) => {
        const subscription = await onvif.subscribe(address, access, signal);
        subscriptions += 1;
        return subscription;
      },
      isSignedIn: () => true,
      append: (cameraId, event) => {
        heard.push(event);
        store.append(cameraId, event);
      },
    });
    ends.push(() => watch.stop());
    const { username, password, host: confirmed, deviceAddress } = one;
    const account = { username, password, confirmedHosts: [confirmed], deviceAddress, sourceToken: 'VideoSource_1' };
    simulator.emitEvent(1, { kind: 'storage_failure', active: true });
    watch.setCameras([camera(account)]);
    watch.start();
    await until('it is subscribed', () => subscriptions === 1 && heard.length === 1);
    for (const kind of ['motion', 'tamper', 'line_crossing', 'digital_input'] as const)
      simulator.emitEvent(1, { kind, active: true });
    simulator.emitEvent(1, { kind: 'motion', active: true });
    simulator.emitEvent(1, { kind: 'motion', active: false });
    await until('they are heard', () => heard.length === 6);
    expect(heard.map(({ kind, active }) => [kind, active])).toEqual([
      ['storage_failure', true],
      ['motion', true],
      ['tamper', true],
      ['line_crossing', null],
      ['digital_input', true],
      ['motion', false],
    ]);
    for (const { atMs, deviceAtMs, clockOffsetMs } of heard) {
      expect(Math.abs(atMs - Date.now())).toBeLessThan(20_000);
      expect(Math.abs((deviceAtMs ?? 0) - (Date.now() + behindMs))).toBeLessThan(20_000);
      expect(Math.abs((clockOffsetMs ?? 0) - behindMs)).toBeLessThan(5000);
    }
    await store.stop();
    const page = await store.page('c1', 0, Date.now() + 60_000);
    expect(page.items.map(({ kind }) => kind).sort()).toEqual(heard.map(({ kind }) => kind).sort());
    expect(page.more).toBe(false);
  });

  it('of a device with several inputs are of the camera that is the input', async () => {
    const kinds = { 1: { device: 'dual-lens', events: true } } as const;
    const simulator = await startSimulator({ cameras: 1, network: '127.98.0.0', media: tinyMedia, kinds });
    ends.push(() => simulator.stop());
    const one = simulator.cameras[0]!;
    const onvif = createOnvif({ clock: systemClock, logger: silentLogger, rules: loopbackRules, interfaces: [] });
    const { username, password, host } = one;
    const { channels } = await onvif.identify(one.deviceAddress, { username, password, confirmedHosts: [host] });
    const heard: string[] = [];
    let isSubscribed = false;
    const watch = new EventWatch({
      ...{ clock: systemClock, logger: silentLogger, isSignedIn: () => true },
      subscribe: async (address, access, signal) => {
        const subscription = await onvif.subscribe(address, access, signal);
        isSubscribed = true;
        return subscription;
      },
      append: (cameraId, { kind }) => heard.push(`${cameraId} ${kind}`),
    });
    ends.push(() => watch.stop());
    const account = { username, password, confirmedHosts: [host], deviceAddress: one.deviceAddress };
    watch.setCameras(
      channels.map(({ sourceToken, number }) => camera({ ...account, sourceToken, cameraId: `c${number}` })),
    );
    watch.start();
    await until('it is subscribed', () => isSubscribed);
    simulator.emitEvent(1, { kind: 'motion', active: true, channel: 2 });
    simulator.emitEvent(1, { kind: 'tamper', active: true, channel: 1 });
    await until('both are heard', () => heard.length === 2);
    expect(heard).toEqual(['c2 motion', 'c1 tamper']);
    // A question for events is under way: the device is unsubscribed from all the same.
    expect(simulator.load(1).subscriptions).toBe(1);
    watch.setCameras([]);
    await until('the pull point is gone', () => simulator.load(1).subscriptions === 0);
  });

  it('are told so where a device has none', async () => {
    const simulator = await startSimulator({ cameras: 1, network: '127.97.0.0', media: tinyMedia });
    ends.push(() => simulator.stop());
    const one = simulator.cameras[0]!;
    const onvif = createOnvif({ clock: systemClock, logger: silentLogger, rules: loopbackRules, interfaces: [] });
    const account = { username: one.username, password: one.password, confirmedHosts: [one.host] };
    await expect(onvif.subscribe(one.deviceAddress, account)).rejects.toMatchObject({ code: 'no_events' });
  });
});

describe('a device that never waits for events', () => {
  it('is asked once a second, and goes on to be heard', async () => {
    let [nowMs, pulls] = [0, 0];
    const slept: number[] = [];
    const heard: string[] = [];
    const subscription: EventSubscription = {
      pull: async () => {
        pulls += 1;
        // It takes its time once.
        if (pulls === 2) nowMs += 1500;
        if (pulls === 5) throw new Error('away');
        const one = { kind: 'motion', active: null, isInitial: false, sourceToken: 'VS1', deviceAtMs: null } as const;
        return { events: pulls === 4 ? [one] : [], clockOffsetMs: null };
      },
      close: async () => undefined,
    };
    const watch = new EventWatch({
      clock: {
        ...systemClock,
        monotonicMs: () => nowMs,
        sleep: (ms, signal) => {
          // The schedule's own looks take two seconds.
          if (ms < 2000) slept.push(ms);
          return systemClock.sleep(1, signal);
        },
      },
      ...{ logger: silentLogger, isSignedIn: () => true, subscribe: async () => subscription },
      append: (cameraId, { kind }) => heard.push(`${cameraId} ${kind}`),
    });
    ends.push(() => watch.stop());
    watch.setCameras([camera()]);
    watch.start();
    await until('it is away', () => pulls === 5);
    expect(slept).toEqual([1000, 1000, 1000]);
    expect(heard).toEqual(['c1 motion']);
  });
});

describe('which camera an event is of', () => {
  const event = (change: Partial<ReportedEvent> = {}): ReportedEvent => ({
    ...{ kind: 'motion', active: true, isInitial: false, sourceToken: '', deviceAtMs: null, ...change },
  });
  async function heardOf(cameras: EventCamera[], events: ReportedEvent[]): Promise<string[]> {
    const heard: string[] = [];
    let pulls = 0;
    const subscription: EventSubscription = {
      pull: () => {
        pulls += 1;
        return pulls === 1 ? Promise.resolve({ events, clockOffsetMs: null }) : Promise.reject(new Error('away'));
      },
      close: async () => undefined,
    };
    const watch = new EventWatch({
      clock: { ...systemClock, sleep: (_ms, signal) => systemClock.sleep(5, signal) },
      ...{ logger: silentLogger, isSignedIn: () => true },
      subscribe: async () => subscription,
      append: (cameraId, { kind }) => heard.push(`${cameraId} ${kind}`),
    });
    watch.setCameras(cameras);
    watch.start();
    await until('it was asked', () => pulls === 2);
    await watch.stop();
    return heard;
  }
  const [first, second] = [camera(), camera({ cameraId: 'c2', sourceToken: 'VS2' })];

  it.each<[string, EventCamera[], ReportedEvent, string[]]>([
    ['by its source', [first, second], event({ sourceToken: 'VS2' }), ['c2 motion']],
    ['none, of a channel that was not added', [first], event({ sourceToken: 'VS9' }), []],
    ['none, of several where no source is named', [first, second], event(), []],
    ['the only one, where no source is named', [first], event(), ['c1 motion']],
    [
      'the only one, whose source is not known yet',
      [camera({ sourceToken: '' })],
      event({ sourceToken: 'x' }),
      ['c1 motion'],
    ],
    [
      'all, of what is of the device',
      [first, second],
      event({ kind: 'storage_failure' }),
      ['c1 storage_failure', 'c2 storage_failure'],
    ],
    ['none, of what is out of use', [camera({ enabled: false }), second], event({ sourceToken: 'VS2' }), ['c2 motion']],
  ])('%s', async (_name, cameras, one, expected) => {
    expect(await heardOf(cameras, [one])).toEqual(expected);
  });

  it('states that hold when it begins are told where they are on; repeated ones once; a flood is cut off', async () => {
    const on = { sourceToken: 'VS1' };
    expect(
      await heardOf(
        [first],
        [
          event({ ...on, active: false, isInitial: true }),
          event({ ...on, kind: 'tamper', isInitial: true }),
          event({ ...on, kind: 'tamper' }),
        ],
      ),
    ).toEqual(['c1 tamper']);
    const flood = Array.from({ length: 400 }, (_, index) => event({ ...on, active: index % 2 === 0 }));
    expect(await heardOf([first], flood)).toHaveLength(120);
  });

  it.each(['no_events', 'wrong_password', 'password_withheld'])(
    'no password is tried before the device took it over ONVIF, and after %s it is left alone',
    async (code) => {
      let tries = 0;
      let isSignedIn = false;
      const watch = new EventWatch({
        clock: { ...systemClock, sleep: (_ms, signal) => systemClock.sleep(5, signal) },
        logger: silentLogger,
        isSignedIn: () => isSignedIn,
        subscribe: () => {
          tries += 1;
          return Promise.reject(new AppError('precondition', code, 'none'));
        },
        append: () => undefined,
      });
      ends.push(() => watch.stop());
      watch.setCameras([first]);
      watch.start();
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(tries).toBe(0);
      isSignedIn = true;
      await until('it is tried', () => tries === 1);
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(tries).toBe(1);
    },
  );
});

describe('kept events', () => {
  it('are the newest of a range, newest first, before and after they are written', async () => {
    const { store } = await newStore();
    for (let index = 0; index < 450; index += 1) store.append('c1', at(1000 + index));
    expect((await store.page('c1', 1000, 1100)).items).toHaveLength(100);
    await store.stop();
    for (let index = 450; index < 800; index += 1)
      store.append('c1', at(1000 + index, { active: null, deviceAtMs: null }));
    const all = await store.page('c1', 0, 10_000);
    expect([all.items.length, all.more, all.items[0]?.at]).toEqual([500, true, '1970-01-01T00:00:01.799Z']);
    expect((await store.page('c1', 1000, 1001)).items).toEqual([
      {
        kind: 'motion',
        active: true,
        at: '1970-01-01T00:00:01.000Z',
        deviceAt: '1970-01-01T00:00:01.005Z',
        clockOffsetMs: 5,
      },
    ]);
    expect(await store.page('c2', 0, 10_000)).toEqual({ items: [], more: false });
    await store.stop();
  });

  it('are bounded, and a torn line loses itself alone', async () => {
    const { store, folder } = await newStore();
    for (let round = 0; round < 12; round += 1) {
      for (let index = 0; index < 400; index += 1) store.append('c1', at(round * 1000 + index));
      await store.stop();
    }
    const files = ['c1.jsonl', 'c1.old.jsonl'].map((name) => join(folder, 'device-events', name));
    for (const path of files) expect((await readFile(path)).length).toBeLessThan(100 * 1024);
    const newest = await readFile(files[0]!, 'utf8');
    await writeFile(files[0]!, `${newest}[11500,"motion",tr`);
    const { items } = await store.page('c1', 11_000, 12_000);
    expect(items).toHaveLength(400);
  });
});
