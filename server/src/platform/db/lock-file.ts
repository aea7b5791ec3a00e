import Database from 'better-sqlite3';
import type { Clock } from '../../lib/clock.js';

const retryMs = 200;

/**
 * Takes a file as the sign that this process, and no other, works in the folder in which it lies; makes it where there
 * is none. The lock is the system's own, on an SQLite file that stays empty: it ends with the process, however that
 * ends, holds between containers, and needs no room on the disk.
 * @param waiting how long another process that holds it is waited for, in milliseconds; default not at all
 * @returns a function that gives it free; undefined while another process, or this one, holds it
 * @throws what SQLite throws where the file cannot be made or locked
 */
export async function takeLockFile(
  path: string,
  waiting?: { clock: Clock; waitMs: number },
): Promise<(() => void) | undefined> {
  const endAt = waiting === undefined ? 0 : waiting.clock.monotonicMs() + waiting.waitMs;
  for (;;) {
    const release = tryLock(path);
    if (release !== undefined || waiting === undefined || waiting.clock.monotonicMs() >= endAt) return release;
    await waiting.clock.sleep(retryMs);
  }
}

function tryLock(path: string): (() => void) | undefined {
  const file = new Database(path, { timeout: 0 });
  try {
    file.pragma('journal_mode = MEMORY'); // no second file beside it
    file.exec('BEGIN EXCLUSIVE');
    return () => void file.close();
  } catch (error) {
    file.close();
    if ((error as { code?: unknown }).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}
