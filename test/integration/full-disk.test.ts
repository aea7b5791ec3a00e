import { mkdir, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../../scripts/camera-simulator/simulator.js';
import { startRecorder, type RecorderProcess } from '../harness/recorder.js';
import { smallFileSystem, type SmallFileSystem } from '../harness/small-file-system.js';
import { waitFor } from '../harness/wait.js';

const minFreeBytes = 200e6;
const volumeBytes = 300e6;
/** What the cameras may write before the oldest footage has to go. */
const roomBytes = 10e6;

let folder: string;
let footage: string;
let volume: SmallFileSystem | undefined;
let simulator: Simulator;
let recorder: RecorderProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-full-'));
  footage = join(folder, 'footage');
  await mkdir(footage);
  volume = smallFileSystem(footage, volumeBytes);
  simulator = await startSimulator({ cameras: 2, discoveryPort: 0 });
});
afterEach(async () => {
  await recorder?.stop();
  await simulator.stop();
  volume?.unmount();
  await rm(folder, { recursive: true, force: true });
});

const start = async () => {
  recorder = await startRecorder({
    ...{ folder: join(folder, 'data'), footage, minFreeBytes, fileSeconds: 10 },
    discoveryPort: simulator.discovery.port,
  });
  return recorder;
};

/** Names of the footage files of a camera, oldest first. */
async function filesOf(cameraId: string): Promise<string[]> {
  const entries = await readdir(join(footage, cameraId), { recursive: true }).catch(() => []);
  return entries.filter((name) => name.endsWith('.mp4')).sort();
}

it('alone on a full disk, killed and without its catalogue, a recorder goes on: the oldest footage makes room', async () => {
  // Without the right to mount there is no small disk here; how footage decides is tested beside footage-store.ts.
  if (volume === undefined) return;
  const { bavail, bsize } = await statfs(footage);
  await writeFile(join(footage, 'somebody-elses.bin'), Buffer.alloc(bavail * bsize - minFreeBytes - roomBytes, 1));

  const first = await start();
  const [cameraId = ''] = await first.add(simulator.cameras);
  let oldest = '';
  await waitFor('there is footage', async () => (oldest = (await filesOf(cameraId))[0] ?? '') !== '', 60_000);
  await waitFor('the oldest is deleted', async () => !(await filesOf(cameraId)).includes(oldest), 90_000);
  await first.kill();
  for (const name of await readdir(footage)) if (name.startsWith('catalogue.')) await rm(join(footage, name));

  const second = await start();
  const known = new Set(await filesOf(cameraId));
  await waitFor(
    'it records, and older footage goes',
    async () => {
      const { storage } = await second.status();
      const files = await filesOf(cameraId);
      const isNew = files.some((name) => !known.has(name));
      const isFreed = [...known].some((name) => !files.includes(name));
      return storage.state === 'ok' && isNew && isFreed;
    },
    90_000,
  );
  expect((await second.cameras()).get(cameraId)?.state).toBe('alive');
});
