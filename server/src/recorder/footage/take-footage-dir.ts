import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.js';
import { AppError } from '../../lib/errors.js';
import { takeLockFile } from '../../platform/db/lock-file.js';

/** A recorder whose console was killed ends too, and closes its files before. */
const waitMs = 20_000;

/**
 * Makes the footage folder and takes it for this recorder: a second one would mend the files that the first is writing.
 * One that still stops is waited for, for 20 s.
 * @returns a function that gives it free
 * @throws AppError conflict `footage_dir_in_use`; what the disk throws
 */
export async function takeFootageDir(path: string, clock: Clock): Promise<() => void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const release = await takeLockFile(join(path, 'recorder-lock.sqlite'), { clock, waitMs });
  if (release === undefined)
    throw new AppError('conflict', 'footage_dir_in_use', `another recorder runs with the footage folder ${path}`);
  return release;
}
