import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../lib/logger.js';
import { StreamsStore } from './streams.store.js';

const camera = '0b5e6d8e-9f0f-4f5a-8a43-9d2f6a3c1b11';
const other = '1b5e6d8e-9f0f-4f5a-8a43-9d2f6a3c1b12';
const learnt = {
  engine: { engine: 'ffmpeg', reason: 'codec', decidedAtMs: 1_700_000_000_000, hasProved: true },
  quirks: ['payload_type'],
  lostKeepAlives: ['GET_PARAMETER'],
  habits: { setsPlace: 'samples', recoveryPoints: true },
} as const;
const usual = { quirks: [], lostKeepAlives: [] };

let folder = '';
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'streams-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function opened(): Promise<StreamsStore> {
  const store = new StreamsStore({ folder, logger: silentLogger });
  await store.start();
  return store;
}

it('keeps what was learnt over a restart, for the same address and credentials only', async () => {
  const first = await opened();
  first.learn(camera, 'main', 'a', learnt);
  first.learn(other, 'sub', 'a', learnt);
  await first.stop();
  const second = await opened();
  expect(second.recall(camera, 'main', 'a')).toMatchObject(learnt);
  expect([second.recall(camera, 'main', 'b'), second.recall(camera, 'sub', 'a')]).toEqual([undefined, undefined]);
  second.keepOnly(new Set([camera]));
  second.learn(camera, 'main', 'a', usual);
  await second.stop();
  expect(JSON.parse(await readFile(second.path, 'utf8'))).toEqual({ version: 1, streams: {} });
});

it.each([
  ['damaged', '{"version":1,"streams":'],
  ['of another shape', '{"version":2}'],
  [
    'with what only another version knows',
    `{"version":1,"streams":{"main:${camera}":{"access":"a","engine":{"engine":"gst"}}}}`,
  ],
])('a file that is %s is learnt again', async (_name, text) => {
  await writeFile(join(folder, 'streams.json'), text);
  const store = await opened();
  expect(store.recall(camera, 'main', 'a')).toBeUndefined();
  store.learn(camera, 'main', 'a', learnt);
  await store.stop();
  expect((await opened()).recall(camera, 'main', 'a')).toMatchObject(learnt);
});
