import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, errorMessage } from './lib/errors.js';

/**
 * Makes the folder of everything the product keeps and takes it for this process: two consoles in one folder would
 * each start a recorder and write the same footage.
 * @returns a function that gives it free.
 * @throws AppError precondition `data_dir_not_writable`, conflict `data_dir_in_use`.
 */
export async function takeDataDir(path: string): Promise<() => Promise<void>> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const probe = join(path, `.${randomUUID()}.tmp`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw new AppError('precondition', 'data_dir_not_writable', `cannot write to ${path}: ${errorMessage(error)}`);
  }
  const lock = join(path, 'console.lock');
  const own = `${process.pid} ${startTicks(process.pid) ?? ''}`;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const file = await open(lock, 'wx', 0o600);
      await file.writeFile(own);
      await file.close();
      return () => rm(lock, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (isAlive(await readFile(lock, 'utf8').catch(() => ''))) {
        throw new AppError('conflict', 'data_dir_in_use', `another console runs with the data folder ${path}`);
      }
      await rm(lock, { force: true }); // left by one that was killed
    }
  }
  throw new AppError('conflict', 'data_dir_in_use', `another console is starting with the data folder ${path}`);
}

/** Whether the process that wrote a lock still runs; a process of later that got its number does not count. */
function isAlive(lock: string): boolean {
  const [pidText = '', ticks = ''] = lock.trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  const now = startTicks(pid);
  if (now !== undefined && ticks !== '') return now === ticks;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started, in ticks since the boot (proc(5), stat field 22); undefined where there is no /proc. */
function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
