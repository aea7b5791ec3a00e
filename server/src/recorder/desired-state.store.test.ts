import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../lib/logger.js';
import { DesiredStateStore, type StoredState } from './desired-state.store.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'choi-canh-state-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const key: Buffer = randomBytes(32);
const store = (withKey = key) => new DesiredStateStore({ folder, key: withKey, logger: silentLogger });
const state = (revision: number): StoredState => ({
  state: {
    consoleId: 'c0000000-0000-4000-8000-000000000001',
    revision,
    minFreeBytes: 1,
    cameras: [
      {
        ...{ id: '6b1f1c5e-3c0c-4a6e-9a41-1f0a5d7f0001', name: 'Cổng chợ', deviceAddress: 'http://10.0.0.2/' },
        ...{ username: 'admin', password: 'rất-bí-mật-1', enabled: true, retentionDays: 30, audio: false },
        ...{ mainProfileToken: 'a', subProfileToken: null, mark: 'm' },
      },
    ],
  },
  addresses: { x: { key: 'k', mainUrl: 'rtsp://10.0.0.2/1', subUrl: null } },
});

it('gives back what was saved last, sealed, in a file of its owner', async () => {
  expect(await store().load()).toBeUndefined();
  const one = store();
  await Promise.all([one.save(state(1)), one.save(state(2)), one.save(state(3))]);
  expect(await store().load()).toEqual(state(3));
  expect(readFileSync(one.path, 'utf8')).not.toMatch(/rất-bí-mật|10\.0\.0\.2/);
  expect(statSync(one.path).mode & 0o777).toBe(0o600);
});

it('reads the state of a version that had holds in it and knew of no console', async () => {
  const { consoleId: _, ...former } = state(7).state;
  const cameras = former.cameras.map(({ mark: __, ...camera }) => camera);
  await store().load();
  await store().save({ ...state(7), state: { ...former, cameras, holds: [] } } as unknown as StoredState);
  expect((await store().load())?.state).toMatchObject({ consoleId: null, revision: 7, cameras: [{ mark: '' }] });
});

it.each<[string, (path: string) => void, Buffer]>([
  ['another key', () => undefined, randomBytes(32) as Buffer],
  ['a flipped byte', (path) => flip(path, 40), key],
  ['a torn file', (path) => writeFileSync(path, readFileSync(path).subarray(0, 30)), key],
  ['an empty file', (path) => writeFileSync(path, ''), key],
])('starts empty and keeps the file for a person when it has %s', async (_what, spoil, withKey) => {
  await store().load();
  await store().save(state(1));
  const { path } = store();
  spoil(path);
  expect(await store(withKey).load()).toBeUndefined();
  expect(existsSync(`${path}.unreadable`)).toBe(true);
});

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = bytes[at] === 0x41 ? 0x42 : 0x41;
  writeFileSync(path, bytes);
}
