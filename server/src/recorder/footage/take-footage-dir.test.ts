import { loopbackAddresses } from '../../lib/loopback.test-harness.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../lib/clock.js';
import { silentLogger } from '../../lib/logger.js';
import { createRecorderApp } from '../recorder.app.js';
import { takeFootageDir } from './take-footage-dir.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'choi-canh-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Time passes as fast as it is slept. */
function quickClock(onSleep: () => void = () => undefined): Clock & { sleptMs: number } {
  const clock = {
    sleptMs: 0,
    nowMs: () => Date.now(),
    monotonicMs: () => clock.sleptMs,
    sleep: (ms: number) => {
      clock.sleptMs += ms;
      onSleep();
      return new Promise<void>((resolve) => setImmediate(resolve));
    },
  };
  return clock;
}

it('waits 20 s for the recorder that has the folder, and takes it as soon as it is free', async () => {
  const release = await takeFootageDir(folder, quickClock());
  const waiting = quickClock();
  await expect(takeFootageDir(folder, waiting)).rejects.toMatchObject({ kind: 'conflict', code: 'footage_dir_in_use' });
  expect(waiting.sleptMs).toBe(20_000);
  const patient = quickClock(() => patient.sleptMs === 1000 && release());
  const releaseAgain = await takeFootageDir(folder, patient);
  expect(patient.sleptMs).toBe(1000);
  expect(await readdir(folder)).toEqual(['recorder-lock.sqlite']);
  releaseAgain();
});

it('is held by another process until that ends, however it ends', async () => {
  const lockFile = new URL('../../platform/db/lock-file.ts', import.meta.url).href;
  const script = `const { takeLockFile } = await import(${JSON.stringify(lockFile)});
    globalThis.release = await takeLockFile(${JSON.stringify(join(folder, 'recorder-lock.sqlite'))});
    process.stdout.write('taken');
    setInterval(() => undefined, 1000);`;
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', script],
    { cwd: fileURLToPath(new URL('.', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  try {
    await Promise.race([once(child.stdout, 'data'), exited]);
    await expect(takeFootageDir(folder, quickClock())).rejects.toMatchObject({ code: 'footage_dir_in_use' });
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  const clock = quickClock();
  (await takeFootageDir(folder, clock))();
  expect(clock.sleptMs).toBe(0);
}, 30_000);

it('keeps a second recorder from the folder before it touches anything there', async () => {
  const config = {
    DATA_DIR: join(folder, 'data'),
    FOOTAGE_DIR: join(folder, 'footage'),
    FFMPEG_PATH: 'ffmpeg',
    RECORDER_HOST: '127.0.0.1',
    RECORDER_PORT: 0,
    MIN_FREE_GB: 0,
    FOOTAGE_FILE_SECONDS: 10,
    SYNC_SECONDS: 1,
    STALL_SECONDS: 10,
    START_STAGGER_MS: 0,
    DISCOVERY_INTERFACES: ['127.0.0.1'],
    DISCOVERY_PORT: 0,
    ALLOWED_ADDRESSES: loopbackAddresses,
    ENGINE: 'auto' as const,
    MAX_TRANSCODES: 1,
  };
  const recorder = (dataDir: string, clock: Clock) =>
    createRecorderApp({
      ...{ config: { ...config, DATA_DIR: dataDir }, clock, logger: silentLogger, access: { token: 't'.repeat(20) } },
      onVolumeLost: () => undefined,
    });
  const first = recorder(config.DATA_DIR, systemClock);
  const second = recorder(join(folder, 'other'), quickClock());
  await first.start();
  try {
    const before = await readdir(config.FOOTAGE_DIR);
    await expect(second.start()).rejects.toMatchObject({ code: 'footage_dir_in_use' });
    expect(await readdir(config.FOOTAGE_DIR)).toEqual(before);
    expect(await readdir(folder)).not.toContain('other');
  } finally {
    await second.stop();
    await first.stop();
  }
  (await takeFootageDir(config.FOOTAGE_DIR, quickClock()))();
}, 30_000);
