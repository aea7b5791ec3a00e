import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, errorMessage } from './lib/errors.js';
import { takeLockFile } from './platform/db/lock-file.js';

/**
 * Makes the folder of everything the product keeps and takes it for this process: two consoles in one folder would
 * each start a recorder and write the same footage.
 * @returns a function that gives it free.
 * @throws AppError precondition `data_dir_not_writable`, conflict `data_dir_in_use`.
 */
export async function takeDataDir(path: string): Promise<() => void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const probe = join(path, `.${randomUUID()}.tmp`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw new AppError('precondition', 'data_dir_not_writable', `cannot write to ${path}: ${errorMessage(error)}`);
  }
  const release = await takeLockFile(join(path, 'console-lock.sqlite'));
  if (release === undefined)
    throw new AppError('conflict', 'data_dir_in_use', `another console runs with the data folder ${path}`);
  return release;
}
