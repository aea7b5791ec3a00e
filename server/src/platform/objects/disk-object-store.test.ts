import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDiskObjectStore } from './disk-object-store.js';
import type { ObjectStore } from './object-store.js';
import { loadKeyFile } from './private-file.js';

const content = Buffer.from('mười ba vụ việc');
const digest = { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };

let folder: string;
let store: ObjectStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-objects-'));
  store = createDiskObjectStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the object store', () => {
  it('gives back what it was given, whole or in part', async () => {
    expect(await store.put('clips/a.mp4', Readable.from([content]), digest)).toEqual(digest);
    const whole = await store.get('clips/a.mp4');
    expect(whole.bytes).toBe(content.length);
    expect(await buffer(whole.stream)).toEqual(content);
    for (const [start, end] of [
      [0, 3],
      [5, content.length],
      [4, 4],
    ] as const) {
      expect(await buffer((await store.get('clips/a.mp4', { start, end })).stream)).toEqual(
        content.subarray(start, end),
      );
    }
    await expect(store.get('clips/a.mp4', { start: 0, end: 999 })).rejects.toMatchObject({ code: 'bad_range' });
    await store.delete('clips/a.mp4');
    await store.delete('clips/a.mp4');
    await expect(store.get('clips/a.mp4')).rejects.toMatchObject({ kind: 'not_found', code: 'object_missing' });
  });

  it('keeps nothing of what is not as promised, or breaks off', async () => {
    const wrong = { ...digest, bytes: 1 };
    await expect(store.put('a.mp4', Readable.from([content]), wrong)).rejects.toMatchObject({ code: 'object_damaged' });
    const breaking = Readable.from(
      (async function* () {
        yield content;
        await Promise.resolve();
        throw new Error('line is gone');
      })(),
    );
    await expect(store.put('a.mp4', breaking)).rejects.toThrow('line is gone');
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves the old object until the new one is whole', async () => {
    await store.put('a.mp4', Readable.from([content]));
    await expect(store.put('a.mp4', Readable.from(['x']), digest)).rejects.toThrow();
    expect(await buffer((await store.get('a.mp4')).stream)).toEqual(content);
  });

  it.each(['', '/', '..', '../a', 'a/../../b', '/etc/passwd', 'a//b', 'a/', '.hidden', 'a\\b', 'a\0b', 'a b'])(
    'refuses the key %j',
    async (key) => {
      await expect(store.get(key)).rejects.toMatchObject({ code: 'bad_object_key' });
      await expect(store.put(key, Readable.from([content]))).rejects.toMatchObject({ code: 'bad_object_key' });
      await expect(store.delete(key)).rejects.toMatchObject({ code: 'bad_object_key' });
    },
  );
});

describe('a key file', () => {
  it('is made once, for its owner only', async () => {
    const path = join(folder, 'keys/secret.key');
    const key = await loadKeyFile(path);
    expect(key).toHaveLength(32);
    expect(await loadKeyFile(path)).toEqual(key);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700);
  });

  it('is never replaced when it is damaged', async () => {
    const path = join(folder, 'secret.key');
    await writeFile(path, 'not a key');
    await expect(loadKeyFile(path)).rejects.toMatchObject({ code: 'bad_key_file' });
  });
});
