import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../config.js';
import type { BackupFacts } from '../console/alerts/console-watch.js';
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

/** As the console's alerts need it. */
export async function backupFacts(config: Pick<Config, 'DATA_DIR' | 'SECRET_KEY_FILE'>): Promise<BackupFacts> {
  const { lastSuccess, failure } = await readBackupStatus(config.DATA_DIR);
  // The key is made at the first start.
  const { mtimeMs } = await stat(config.SECRET_KEY_FILE ?? join(config.DATA_DIR, 'keys/secret.key'));
  return { lastAt: lastSuccess?.at, failure: failure?.reason, installedAtMs: mtimeMs };
}
