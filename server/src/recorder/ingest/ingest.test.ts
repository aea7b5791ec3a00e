import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findFrameStamp } from '../../../../scripts/camera-simulator/sei.js';
import {
  startSimulator,
  type SimulatedCamera,
  type Simulator,
} from '../../../../scripts/camera-simulator/simulator.js';
import { systemClock } from '../../lib/clock.js';
import type { Fragment } from '../../lib/fragment.js';
import { parseMoof, parseTrackDefaults } from '../../lib/isobmff/moof.js';
import { silentLogger } from '../../lib/logger.js';
import { createFfmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createIngestSupervisor, type IngestOptions, type IngestSupervisor } from './ingest-supervisor.js';

let simulator: Simulator;
const supervisors: IngestSupervisor[] = [];

beforeAll(async () => {
  simulator = await startSimulator({ cameras: 7, network: '127.83.0.0' });
}, 120_000);
afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) await supervisor.stop();
  for (const { number } of simulator.cameras) await simulator.clearFault(number);
});
afterAll(async () => {
  await simulator?.stop();
});

async function until(what: string, condition: () => boolean, deadlineMs = 25_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await systemClock.sleep(20);
  }
}

const cameraOf = (number: number): SimulatedCamera => simulator.cameras[number - 1]!;
const idOf = (number: number) => `camera-${number}`;

/** A supervisor that pulls these cameras, and all that comes of their main streams. */
async function pull(numbers: number[], options: Partial<IngestOptions> & { password?: string } = {}) {
  const supervisor = createIngestSupervisor({
    rules: loopbackRules,
    clock: systemClock,
    logger: silentLogger,
    stallSeconds: 3,
    startStaggerMs: 0,
    ffmpeg: createFfmpeg({ path: 'ffmpeg' }),
    ...options,
  });
  supervisors.push(supervisor);
  const fragments = new Map<number, Fragment[]>(numbers.map((number) => [number, []]));
  for (const number of numbers) supervisor.subscribe(idOf(number), 'main', (one) => fragments.get(number)!.push(one));
  const set = (change: object = {}) =>
    supervisor.setCameras(
      numbers.map((number) => ({
        cameraId: idOf(number),
        enabled: true,
        mainUrl: cameraOf(number).rtspMainUrl,
        subUrl: cameraOf(number).rtspSubUrl,
        username: cameraOf(number).username,
        password: options.password ?? cameraOf(number).password,
        ...change,
      })),
    );
  set();
  await supervisor.start();
  return { supervisor, set, of: (number: number) => fragments.get(number)! };
}

interface Frame {
  camera: number;
  counter: bigint;
  /** Where the recording puts it minus when it was taken. */
  errorMs: number;
}

/** The frames of a fragment in order of showing. */
function framesOf(fragment: Fragment): Frame[] {
  const { init, bytes } = fragment;
  const moof = parseMoof(bytes, parseTrackDefaults(init.bytes, init.trackId));
  expect(moof.baseMediaDecodeTime).toBe(fragment.baseMediaDecodeTime);
  let ticks = 0;
  return moof.samples
    .map((sample) => {
      const stamp = findFrameStamp(bytes.subarray(sample.offset, sample.offset + sample.size));
      if (stamp === undefined) throw new Error('a frame without stamp');
      const atMs = fragment.startAtMs + ((ticks + sample.compositionOffset) * 1000) / init.timescale;
      ticks += sample.duration;
      return { camera: stamp.cameraNumber, counter: stamp.frameCounter, errorMs: atMs - stamp.utcMs };
    })
    .sort((a, b) => Number(a.counter - b.counter));
}

function expectWhole(frames: readonly Frame[], camera: number): void {
  expect(new Set(frames.map((frame) => frame.camera))).toEqual(new Set([camera]));
  const first = frames[0]!.counter;
  expect(frames.map((frame) => frame.counter)).toEqual(frames.map((_, index) => first + BigInt(index)));
}

/** Stamps are whole milliseconds, sender reports of this simulator too. */
const exactMs = 2;
const withB = 3;

describe('native engine', () => {
  it('places every frame at its instant, also with B-frames, and loses none', async () => {
    const numbers = [1, 2, withB, 4, 6];
    const { supervisor, of } = await pull(numbers);
    await until('six fragments of each', () => numbers.every((number) => of(number).length >= 6));
    for (const number of numbers) {
      const fragments = of(number).slice(0, 6);
      const frames = fragments.flatMap(framesOf);
      expectWhole(frames, number);
      for (const { errorMs } of frames) expect(Math.abs(errorMs)).toBeLessThanOrEqual(exactMs);
      expect(fragments[0]!.independent).toBe(true);
      for (const [index, one] of fragments.entries()) {
        expect(one.timeSource).toBe('rtcp');
        expect(one.durationMs).toBeLessThanOrEqual(2000);
        const before = fragments[index - 1];
        if (before === undefined) continue;
        expect(one.run).toBe(before.run);
        expect(one.startAtMs).toBeGreaterThan(before.startAtMs);
        const ticks = BigInt(Math.round((before.durationMs * one.init.timescale) / 1000));
        expect(one.baseMediaDecodeTime).toBe(before.baseMediaDecodeTime + ticks);
      }
      expect(supervisor.runtime(idOf(number))).toMatchObject({ state: 'recording', reason: 'ok', engine: 'native' });
      expect(supervisor.runtime(idOf(number))!.frameRate).toBeGreaterThan(5);
      expect(supervisor.runtime(idOf(number))!.bitrateKbps).toBeGreaterThan(50);
    }
    const hasB = (number: number) =>
      parseMoof(of(number)[0]!.bytes).samples.some((sample) => sample.compositionOffset !== 0);
    expect(numbers.filter(hasB)).toEqual([withB]);
  }, 60_000);

  it('does not believe a clock that is far off: arrival counts, the offset is told', async () => {
    await simulator.setFault(1, { kind: 'wrong-clock', offsetMs: 3_600_000 });
    const { supervisor, of } = await pull([1]);
    await until('three fragments', () => of(1).length >= 3);
    for (const one of of(1).slice(0, 3)) {
      expect(one.timeSource).toBe('arrival');
      for (const { errorMs } of framesOf(one)) expect(Math.abs(errorMs)).toBeLessThan(300);
    }
    expect(supervisor.runtime(idOf(1))!.clockOffsetMs).toBeGreaterThan(3_590_000);
  });

  it('begins a new run after a reset and misses little', async () => {
    const { supervisor, of } = await pull([2]);
    await until('a fragment', () => of(2).length >= 1);
    await simulator.setFault(2, { kind: 'reset' });
    const run = of(2)[0]!.run;
    await until('a fragment of another run', () => of(2).at(-1)!.run > run);
    expect(of(2).at(-1)!.independent).toBe(true);
    expect(of(2).at(-1)!.startAtMs).toBeGreaterThan(of(2).at(-2)!.startAtMs);
    expect(supervisor.runtime(idOf(2))).toMatchObject({ state: 'recording', reason: 'ok', reconnects: 1 });
    for (const one of of(2)) expectWhole(framesOf(one), 2);
  });

  it('begins a new run with a new init segment when the parameters change', async () => {
    const { of } = await pull([1]);
    await until('a fragment', () => of(1).length >= 1);
    const before = of(1)[0]!;
    await simulator.setFault(1, { kind: 'parameters-changed', width: 352, height: 288 });
    await until('a fragment of the new size', () => of(1).at(-1)!.init.id !== before.init.id);
    const after = of(1).at(-1)!;
    expect([after.init.width, after.init.height]).toEqual([352, 288]);
    expect(after.run).toBeGreaterThan(before.run);
    expect(after.independent).toBe(true);
    expectWhole(of(1).flatMap(framesOf), 1);
  }, 60_000);

  it.each([
    ['off', 'connection_refused'],
    ['not-video', 'not_video'],
  ] as const)(
    'says why a camera with the fault %s is not recorded: %s',
    async (kind, reason) => {
      await simulator.setFault(5, { kind });
      const { supervisor } = await pull([5]);
      await until(reason, () => supervisor.runtime(idOf(5))?.reason === reason);
      await simulator.clearFault(5);
      await until('recording', () => supervisor.runtime(idOf(5))?.state === 'recording');
      expect(supervisor.runtime(idOf(5))).toMatchObject({ reason: 'ok', detail: '' });
    },
    60_000,
  );

  it('tells a wrong password, and records when the right one is set', async () => {
    const { supervisor, set } = await pull([2], { password: 'falsch' });
    await until('wrong password', () => supervisor.runtime(idOf(2))?.reason === 'wrong_password');
    expect(JSON.stringify(supervisor.runtime(idOf(2)))).not.toContain('falsch');
    set({ password: cameraOf(2).password });
    await until('recording', () => supervisor.runtime(idOf(2))?.state === 'recording');
  });

  it('tells a picture that stands still within ten seconds, and no other', async () => {
    const numbers = [1, 2];
    const { supervisor } = await pull(numbers);
    await until('both recorded', () =>
      numbers.every((number) => supervisor.runtime(idOf(number))?.state === 'recording'),
    );
    await simulator.setFault(2, { kind: 'frozen' });
    await until('frozen', () => supervisor.runtime(idOf(2))?.reason === 'picture_frozen', 20_000);
    expect(supervisor.runtime(idOf(2))).toMatchObject({ state: 'recording', codec: 'h264', engineReason: 'default' });
    expect(supervisor.runtime(idOf(1))).toMatchObject({
      state: 'recording',
      reason: 'ok',
      timeSource: 'rtcp',
      lostPackets: 0,
    });
    await simulator.clearFault(2);
    await until('alive', () => supervisor.runtime(idOf(2))?.reason === 'ok');
  }, 60_000);

  it('tells a stream that stalls from one that never came', async () => {
    const { supervisor, of } = await pull([4]);
    await until('a fragment', () => of(4).length >= 1);
    await simulator.setFault(4, { kind: 'hang' });
    await until('stalled', () => supervisor.runtime(idOf(4))?.reason === 'stream_stalled');
    const { sinceAtMs } = supervisor.runtime(idOf(4))!;
    await until('no stream', () => supervisor.runtime(idOf(4))?.reason === 'no_stream');
    expect(supervisor.runtime(idOf(4))!.sinceAtMs).toBeGreaterThan(sinceAtMs);
    await simulator.clearFault(4);
    await until('recording', () => supervisor.runtime(idOf(4))?.state === 'recording', 40_000);
  }, 90_000);
});

describe('ffmpeg engine', () => {
  it('places frames exactly behind the first fragment and shows no password', async () => {
    const numbers = [1, withB, 7];
    const { supervisor, of } = await pull(numbers, { engines: ['ffmpeg'], stallSeconds: 15 });
    await until('four fragments of each', () => numbers.every((number) => of(number).length >= 4), 40_000);
    for (const number of numbers) {
      const fragments = of(number).slice(0, 4);
      expectWhole(fragments.flatMap(framesOf), number);
      for (const one of fragments.slice(1)) {
        expect(one.timeSource).toBe('rtcp');
        for (const { errorMs } of framesOf(one)) expect(Math.abs(errorMs)).toBeLessThanOrEqual(exactMs);
      }
      expect(supervisor.runtime(idOf(number))).toMatchObject({ state: 'recording', reason: 'ok', engine: 'ffmpeg' });
    }
    const children = ffmpegChildren();
    expect(children).toHaveLength(numbers.length);
    for (const { commandLine, environment } of children)
      for (const number of numbers) expect(commandLine + environment).not.toContain(cameraOf(number).password);
    await supervisor.stop();
    expect(ffmpegChildren()).toEqual([]);
  }, 90_000);

  it.each([
    ['wrong_password', undefined, 'falsch'],
    ['connection_refused', 'off', undefined],
    ['not_video', 'not-video', undefined],
  ] as const)(
    'finds %s',
    async (reason, kind, password) => {
      if (kind !== undefined) await simulator.setFault(5, { kind });
      const { supervisor } = await pull([5], {
        engines: ['ffmpeg'],
        stallSeconds: 20,
        ...(password === undefined ? {} : { password }),
      });
      await until(reason, () => supervisor.runtime(idOf(5))?.reason === reason);
      expect(JSON.stringify(supervisor.runtime(idOf(5)))).not.toContain('falsch');
    },
    60_000,
  );
});

describe('supervisor', () => {
  it('pulls a sub-stream only while it is held', async () => {
    const { supervisor } = await pull([1]);
    await until('main recorded', () => supervisor.runtime(idOf(1))?.state === 'recording');
    expect(simulator.load(1).subReceivers).toBe(0);
    const fragments: Fragment[] = [];
    const unsubscribe = supervisor.subscribe(idOf(1), 'sub', (one) => fragments.push(one));
    const release = [supervisor.acquire(idOf(1), 'sub'), supervisor.acquire(idOf(1), 'sub')];
    await until('a fragment', () => fragments.length > 0);
    expect(simulator.load(1).subReceivers).toBe(1);
    expect(fragments[0]!.init.width).toBeLessThan(1000);
    for (const one of release) one();
    unsubscribe();
    await until('let go', () => simulator.load(1).subReceivers === 0);
    expect(simulator.load(1).mainReceivers).toBe(1);
  }, 60_000);

  it('follows what it is told: disabled, enabled, removed', async () => {
    const { supervisor, set } = await pull([1]);
    const changed: string[] = [];
    supervisor.onChange((cameraId) => changed.push(cameraId));
    await until('recording', () => supervisor.runtime(idOf(1))?.state === 'recording');
    set();
    expect(supervisor.runtime(idOf(1))!.state).toBe('recording');
    set({ enabled: false });
    expect(supervisor.runtime(idOf(1))).toMatchObject({ state: 'stopped', reason: 'disabled' });
    await until('disconnected', () => simulator.load(1).mainReceivers === 0);
    set();
    await until('recording again', () => supervisor.runtime(idOf(1))?.state === 'recording');
    supervisor.setCameras([]);
    expect(supervisor.runtime(idOf(1))).toBeUndefined();
    expect(changed).toContain(idOf(1));
  });
});

function ffmpegChildren(): { commandLine: string; environment: string }[] {
  const read = (pid: string, name: string) => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'latin1');
    } catch {
      return ''; // it ended meanwhile
    }
  };
  return readdirSync('/proc')
    .filter(
      (pid) =>
        /^\d+$/.test(pid) && / (\d+) /.exec(read(pid, 'stat').replace(/.*\) \w/, ''))?.[1] === String(process.pid),
    )
    .map((pid) => ({ commandLine: read(pid, 'cmdline'), environment: read(pid, 'environ') }))
    .filter(({ commandLine }) => commandLine.includes('concat'));
}
