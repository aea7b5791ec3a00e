// Finds footage files on the disk that the catalogue does not know: what a power cut took from the marker, what could
// not be entered while the catalogue was locked, what somebody copied back. Looks at names only.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileIdOf, isCameraFolder, isDayFolder, isFootageName } from './footage-paths.js';

/** Days of each camera in which a file that was open at a crash is looked for at once. */
const newestDays = 2;
/** The rest of the folder is looked at for a sixth of the time, so that nobody notices. */
const pauseFactor = 5;

async function namesIn(folder: string, wanted: (name: string) => boolean): Promise<string[]> {
  return (await readdir(folder).catch(() => [] as string[])).filter(wanted).sort().reverse();
}

export interface DayFolder {
  readonly cameraId: string;
  readonly day: string;
}

/** Newest first. */
export async function dayFolders(directory: string, cameraId: string): Promise<DayFolder[]> {
  return (await namesIn(join(directory, cameraId), isDayFolder)).map((day) => ({ cameraId, day }));
}

export const cameraFolders = (directory: string): Promise<string[]> => namesIn(directory, isCameraFolder);

/** Paths of the footage files in a day's folder, newest first. */
export async function pathsOfDay(directory: string, { cameraId, day }: DayFolder): Promise<string[]> {
  return (await namesIn(join(directory, cameraId, day), isFootageName)).map((name) => `${cameraId}/${day}/${name}`);
}

export interface OrphanSearch {
  readonly directory: string;
  readonly isKnown: (fileId: string) => boolean;
  readonly found: (paths: string[]) => void;
  readonly pause: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
}

/** One walk through the folder: the newest days of every camera at once, everything older at leisure. */
export async function findOrphans(search: OrphanSearch): Promise<void> {
  const lookInto = async (folder: DayFolder): Promise<void> => {
    const unknown = (await pathsOfDay(search.directory, folder)).filter((path) => !search.isKnown(fileIdOf(path)));
    if (unknown.length > 0) search.found(unknown);
  };
  const cameraIds = await cameraFolders(search.directory);
  for (const cameraId of cameraIds) {
    for (const folder of (await dayFolders(search.directory, cameraId)).slice(0, newestDays)) await lookInto(folder);
  }
  for (const cameraId of cameraIds) {
    for (const folder of (await dayFolders(search.directory, cameraId)).slice(newestDays)) {
      const startedAt = search.nowMs();
      await lookInto(folder);
      await search.pause((search.nowMs() - startedAt) * pauseFactor);
    }
  }
}
