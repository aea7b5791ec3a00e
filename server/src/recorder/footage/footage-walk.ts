import { readIndex } from './recover-file.js';
import { stat } from 'node:fs/promises';
import { absolutePath, fileIdOf, parseFootagePath } from './footage-paths.js';
import { cameraFolders, dayFolders, pathsOfDay } from './orphans.js';
import type { RemovableFile } from './retention.js';

/** Closed footage files as they lie on the disk, oldest first by the times in their names. */
export type FootageWalk = () => AsyncIterable<RemovableFile>;

/** No file is longer: what its index does not say is taken to last so long. */
const longestFileMs = 3 * 3_600_000;

export function createFootageWalk(options: {
  directory: string;
  /** Being written, finished or mended: not to be touched. */
  isBusy: (cameraId: string, path: string) => boolean;
}): FootageWalk {
  const { directory } = options;

  async function look(path: string): Promise<RemovableFile | undefined> {
    const named = parseFootagePath(path);
    if (named === undefined || options.isBusy(named.cameraId, path)) return undefined;
    const size = await stat(absolutePath(directory, path)).then(
      (stats) => stats.size,
      () => undefined,
    );
    if (size === undefined) return undefined;
    const index = await readIndex(directory, path);
    const startAtMs = Math.min(
      named.startAtMs,
      ...(index?.records.slice(0, 1).map((record) => record.startAtMs) ?? []),
    );
    const endAtMs =
      index?.closed === true
        ? index.records.reduce((end, record) => Math.max(end, record.startAtMs + record.durationMs), startAtMs)
        : startAtMs + longestFileMs;
    return {
      id: fileIdOf(path),
      cameraId: named.cameraId,
      path,
      epoch: index?.header.epoch ?? 0,
      startAtMs,
      endAtMs,
      byteLength: size,
    };
  }

  return async function* walk() {
    const days = new Map<string, string[]>();
    for (const cameraId of await cameraFolders(directory))
      for (const { day } of await dayFolders(directory, cameraId)) days.set(day, [...(days.get(day) ?? []), cameraId]);
    for (const [day, cameraIds] of [...days].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const paths: string[] = [];
      for (const cameraId of cameraIds) paths.push(...(await pathsOfDay(directory, { cameraId, day })));
      const startOf = (path: string): number => parseFootagePath(path)?.startAtMs ?? Infinity;
      for (const path of paths.sort((one, other) => startOf(one) - startOf(other))) {
        const file = await look(path);
        if (file !== undefined) yield file;
      }
    }
  };
}
