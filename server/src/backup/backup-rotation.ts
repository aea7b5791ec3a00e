import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../lib/durable-file.js';
import { readManifest, type BackupManifest } from './backup-manifest.js';

/** Ends the name of a folder that is still being written. */
export const partialSuffix = '.partial';

export interface KeptBackup {
  name: string;
  folder: string;
  manifest: BackupManifest;
}

/** The complete backups in a folder, oldest first. Whatever else lies there is not ours, and stays. */
export async function backupsIn(to: string): Promise<KeptBackup[]> {
  const found: KeptBackup[] = [];
  for (const entry of await readdir(to, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    const folder = join(to, entry.name);
    const manifest = await readManifest(folder).catch(() => undefined);
    if (manifest !== undefined) found.push({ name: entry.name, folder, manifest });
  }
  return found.sort(
    (one, other) =>
      one.manifest.createdAt.localeCompare(other.manifest.createdAt) || one.name.localeCompare(other.name),
  );
}

export async function newestRegular(to: string): Promise<KeptBackup | undefined> {
  return (await backupsIn(to)).filter(({ manifest }) => manifest.purpose === 'regular' && !manifest.encryption).at(-1);
}

/** Removes the oldest of a purpose beyond `keep`. Gives the removed folders. */
export async function prune(
  to: string,
  purpose: BackupManifest['purpose'],
  keep: number | undefined,
): Promise<string[]> {
  if (keep === undefined) return [];
  const ours = (await backupsIn(to)).filter(({ manifest }) => manifest.purpose === purpose);
  const old = ours.slice(0, Math.max(0, ours.length - keep)).map(({ folder }) => folder);
  for (const folder of old) await rm(folder, { recursive: true, force: true });
  if (old.length > 0) await syncFolder(to);
  return old;
}
