// Small files that survive a power cut: written beside, flushed, renamed, folder flushed.
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A new name, or a renamed or removed file, is on the disk only when its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * When it resolves, the new content is on the disk; after a rejection or a crash the old or the new one, never a mixture.
 * Mode 0600. `beside` is written first: whoever may write the same file at the same time gives a name of their own.
 * @throws what the disk throws
 */
export async function writeDurably(path: string, content: string | Buffer, beside = `${path}.new`): Promise<void> {
  const file = await open(beside, 'w', 0o600);
  try {
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}
