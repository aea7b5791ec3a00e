import { access, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../config.js';
import { systemClock } from '../lib/clock.js';
import { silentLogger } from '../lib/logger.js';
import { createConsoleApp } from './console.app.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-key-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Starts on the same data folder and stops again. */
async function startAndStop(more: Record<string, string> = {}): Promise<void> {
  const config = loadConfig({
    ...{ CHOI_CANH_DATA_DIR: folder, CHOI_CANH_PORT: '0', CHOI_CANH_RECORDER: 'none' },
    ...more,
  });
  const app = await createConsoleApp({ config, clock: systemClock, logger: silentLogger, version: '1' });
  await app.start().finally(() => app.stop());
}

it('no new key takes the place of a lost one that sealed something, unless a person says so', async () => {
  const path = join(folder, 'keys/secret.key');
  const isThere = () =>
    access(path).then(
      () => true,
      () => false,
    );
  await startAndStop();
  expect(await isThere()).toBe(true);
  await rename(path, join(folder, 'saved.key'));

  await expect(startAndStop()).rejects.toMatchObject({ kind: 'unavailable', code: 'secret_key_missing' });
  expect(await isThere()).toBe(false);

  await rename(join(folder, 'saved.key'), path);
  await startAndStop();
  await rm(path);
  await startAndStop({ CHOI_CANH_NEW_SECRET_KEY: 'true' });
  expect(await isThere()).toBe(true);
  await startAndStop();
});
