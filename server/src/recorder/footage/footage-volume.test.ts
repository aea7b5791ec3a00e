import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../lib/logger.js';
import { FootageVolume } from './footage-volume.js';

let root: string;
let directory: string;
const open = async (at = directory) => {
  const volume = new FootageVolume({ directory: at, folder: join(root, 'data'), logger: silentLogger });
  const state = await volume.open();
  if (state === 'mounted') await volume.mark();
  return { volume, state };
};
/** As when the volume is not mounted: its mount point is an empty folder. */
const unmount = async () => {
  await rename(directory, join(root, 'aside'));
  await mkdir(directory);
};
const mount = async () => {
  await rm(directory, { recursive: true });
  await rename(join(root, 'aside'), directory);
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'choi-canh-volume-'));
  directory = join(root, 'footage');
  await mkdir(join(root, 'data'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('marks the volume at the first start, and knows it again', async () => {
  expect((await open()).state).toBe('mounted');
  expect((await open()).state).toBe('mounted');
});

it('notices an empty mount point, writes nothing there, and sees the volume come back', async () => {
  await open();
  await unmount();
  const { volume, state } = await open();
  expect(state).toBe('missing');
  expect(await readdir(directory)).toEqual([]);
  await expect(volume.requireMounted()).rejects.toMatchObject({ kind: 'unavailable', code: 'storage_missing' });
  await rm(directory, { recursive: true }); // the mount point may lie on the volume that is missing
  expect(await volume.state()).toBe('missing');
  await mkdir(directory);
  await mount();
  expect(await volume.state()).toBe('mounted');
});

it('tells another volume from its own, until a person accepts it', async () => {
  await open();
  await unmount();
  await writeFile(
    join(directory, 'footage-volume.json'),
    JSON.stringify({ version: 1, id: '6f2d7b0e-52a5-4c5b-9b6f-1f4f4dbf7d11' }),
  );
  const { volume, state } = await open();
  expect(state).toBe('foreign');
  await volume.accept();
  expect(await volume.state()).toBe('mounted');
  await mount();
  expect((await open()).state).toBe('foreign');
});

it('takes an emptied volume when a person accepts it', async () => {
  await open();
  await unmount();
  const { volume } = await open();
  await volume.accept();
  expect((await open()).state).toBe('mounted');
});

it('takes another footage folder that somebody has configured', async () => {
  await open();
  const other = join(root, 'other');
  expect((await open(other)).state).toBe('mounted');
  expect(await readdir(other)).toEqual(['footage-volume.json']);
});

it('takes the marker on the volume where its own note is damaged', async () => {
  await open();
  await writeFile(join(root, 'data', 'footage-volume.json'), '{');
  expect((await open()).state).toBe('mounted');
});
