import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../lib/durable-file.js';

/** What became of the newest backups, wherever they went: the console's alerts are made from it. */
export const backupStatus = z.object({
  lastSuccess: z.object({ at: z.iso.datetime(), folder: z.string() }).optional(),
  /** Newer than the last success; `reason` is the code of an AppError. */
  failure: z.object({ at: z.iso.datetime(), reason: z.string() }).optional(),
});
export type BackupStatus = z.infer<typeof backupStatus>;

const pathIn = (dataDir: string) => join(dataDir, 'backup-status.json');

/** `{}` where there was none yet, or where the file says nothing that can be understood. */
export async function readBackupStatus(dataDir: string): Promise<BackupStatus> {
  try {
    return backupStatus.parse(JSON.parse(await readFile(pathIn(dataDir), 'utf8')));
  } catch {
    return {};
  }
}

export async function writeBackupStatus(dataDir: string, status: BackupStatus): Promise<void> {
  await writeDurably(pathIn(dataDir), `${JSON.stringify(status)}\n`);
}
