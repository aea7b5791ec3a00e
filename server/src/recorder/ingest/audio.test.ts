// Sound through the engines against the simulator, whose units of sound are taken at known instants and of known content.
import { loopbackRules } from '../../lib/loopback.test-harness.js';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../../../../scripts/camera-simulator/simulator.js';
import { framesOf, simulatedUnits, soundOf } from '../../../../test/harness/sound-ruler.js';
import { systemClock } from '../../lib/clock.js';
import type { Fragment } from '../../lib/fragment.js';
import { silentLogger } from '../../lib/logger.js';
import { createFfmpeg } from '../../platform/ffmpeg/ffmpeg.js';
import { createIngestSupervisor, type IngestSupervisor } from './ingest-supervisor.js';

const withB = 3;
const withPcma = 2;
const withAac = 1;
let simulator: Simulator;
let folder: string;
let supervisor: IngestSupervisor | undefined;
/** Units of the simulator's sound, over and over. */
let units: Buffer[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'audio-'));
  simulator = await startSimulator({
    cameras: 4,
    network: '127.84.0.0',
    kinds: {
      [withAac]: { audio: 'aac' },
      [withPcma]: { audio: 'pcma' },
      [withB]: { audio: 'aac' },
      4: { audio: 'aac' },
    },
  });
  units = await simulatedUnits();
}, 120_000);
afterEach(async () => {
  await supervisor?.stop();
});
afterAll(async () => {
  await simulator?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function until(what: string, condition: () => boolean, deadlineMs: number): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await systemClock.sleep(20);
  }
}

const idOf = (number: number) => `camera-${number}`;

async function pull(audioOf: Record<number, boolean>, engine: 'native' | 'ffmpeg', count: number) {
  const started = createIngestSupervisor({
    rules: loopbackRules,
    clock: systemClock,
    logger: silentLogger,
    stallSeconds: engine === 'native' ? 5 : 20,
    startStaggerMs: 0,
    ffmpeg: createFfmpeg({ path: 'ffmpeg' }),
    engines: [engine],
  });
  supervisor = started;
  const numbers = Object.keys(audioOf).map(Number);
  const fragments = new Map<number, Fragment[]>(numbers.map((number) => [number, []]));
  for (const number of numbers) started.subscribe(idOf(number), 'main', (one) => fragments.get(number)!.push(one));
  started.setCameras(
    numbers.map((number) => {
      const { rtspMainUrl, username, password } = simulator.cameras[number - 1]!;
      const audio = audioOf[number];
      return { cameraId: idOf(number), enabled: true, mainUrl: rtspMainUrl, username, password, audio };
    }),
  );
  await started.start();
  await until('fragments of each', () => numbers.every((number) => fragments.get(number)!.length >= count), 60_000);
  return {
    of: (number: number) => fragments.get(number)!.slice(0, count),
    runtime: (number: number) => started.runtime(idOf(number)),
  };
}

/** Every frame there and at its instant: what is so without sound. */
function expectPictures(fragments: readonly Fragment[], exactMs: number): void {
  const frames = fragments.flatMap(framesOf);
  const first = frames[0]!.counter;
  expect(frames.map(({ counter }) => counter)).toEqual(frames.map((_, index) => first + index));
  for (const { errorMs } of frames) expect(Math.abs(errorMs)).toBeLessThanOrEqual(exactMs);
}

async function complaintsOf(fragments: readonly Fragment[], name: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, Buffer.concat([fragments[0]!.init.bytes, ...fragments.map(({ bytes }) => bytes)]));
  return execFileSync('sh', ['-c', `ffmpeg -nostdin -v warning -xerror -i "${path}" -f null - 2>&1`]).toString();
}

describe('native engine', () => {
  it('records AAC and G.711 in step with the picture where it is wanted', async () => {
    const { of, runtime } = await pull({ [withAac]: true, [withPcma]: true, [withB]: true, 4: false }, 'native', 5);
    for (const number of [withAac, withPcma, withB, 4]) expectPictures(of(number), 2);
    for (const number of [withAac, withB]) {
      const sound = of(number).flatMap((one) => soundOf(units, one));
      expect(sound.length).toBeGreaterThan(50);
      expect(sound.map(({ index }) => index)).toEqual(sound.map((_, place) => sound[0]!.index + place));
      expect(sound.every(({ isItself }) => isItself)).toBe(true);
      for (const { errorMs } of sound) expect(Math.abs(errorMs)).toBeLessThanOrEqual(20 + 2);
      expect(of(number)[0]!.init.audio).toMatchObject({ codec: 'mp4a.40.2', timescale: 16_000, channels: 1 });
      expect(runtime(number)).toMatchObject({ audio: true, engine: 'native' });
      expect(await complaintsOf(of(number), `${number}.mp4`)).toBe('');
    }
    expect(of(withPcma)[0]!.init.audio).toMatchObject({ codec: 'alaw', timescale: 8000, channels: 1 });
    expect(runtime(withPcma)).toMatchObject({ audio: true, sound: 'PCMA', engine: 'native' });
    // It says that one channel is taken for mono, and nothing else.
    expect(await complaintsOf(of(withPcma), 'pcma.mp4')).toMatch(/^Guessed Channel Layout.*mono\n$/);
    expect(of(4).every(({ init }) => init.audio === undefined)).toBe(true);
    expect(runtime(4)).toMatchObject({ audio: false, sound: 'MPEG4-GENERIC' });
  }, 90_000);
});

describe('ffmpeg engine', () => {
  it('records AAC beside the picture where it is wanted, and names what it cannot record', async () => {
    const { of, runtime } = await pull({ [withAac]: true, [withPcma]: true, 4: false }, 'ffmpeg', 4);
    for (const number of [withAac, withPcma, 4]) expectPictures(of(number), 2);
    const sound = of(withAac)
      .slice(1)
      .flatMap((one) => soundOf(units, one));
    expect(sound.length).toBeGreaterThan(15);
    expect(sound.every(({ isItself }) => isItself)).toBe(true);
    for (const { errorMs } of sound) expect(Math.abs(errorMs)).toBeLessThanOrEqual(40);
    // Wherever in a group of pictures it came to the stream, it waited for the keyframe.
    for (const number of [withAac, withPcma, 4]) expect(runtime(number)).toMatchObject({ reconnects: 0 });
    expect(runtime(withAac)).toMatchObject({ audio: true, engine: 'ffmpeg' });
    for (const number of [withPcma, 4]) {
      expect(of(number).every(({ init }) => init.audio === undefined)).toBe(true);
      expect(runtime(number)).toMatchObject({ audio: false });
    }
    expect(runtime(withPcma)).toMatchObject({ sound: 'PCMA', state: 'recording' });
  }, 120_000);
});
