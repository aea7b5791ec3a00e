// Answers what was recorded: closed files through catalogue and index, files that are being written or finished through
// the memory of their writers.
import type { StoredFragment } from '../../lib/fragment.js';
import type { CatalogueRow } from './catalogue-database.js';
import type { Catalogue } from './catalogue.js';
import type { CameraWriter } from './camera-writer.js';
import { coverageOf } from './coverage.js';
import { createLane, type DiskLanes } from './disk-lanes.js';
import { createFootageBytes, footageGone } from './footage-bytes.js';
import type { FootageFile, FootageReader } from './footage-types.js';
import { absolutePath } from './footage-paths.js';
import { storedFragment } from './packed-index.js';
import { readIndex } from './recover-file.js';
import type { WaitingRows } from './waiting-rows.js';

/** About 20 MB. */
const cachedFragments = 100_000;
/** How far back pre-roll looks for a keyframe. */
const preRollFiles = 8;

type EpochFragment = StoredFragment & { readonly epoch?: number };

export function createFootageReader(options: {
  directory: string;
  catalogue: Catalogue;
  waitingRows: WaitingRows;
  lanes: DiskLanes;
  writers: ReadonlyMap<string, CameraWriter>;
}): FootageReader {
  const { directory, catalogue, waitingRows, lanes, writers } = options;
  const indexes = new Map<string, { fragments: Promise<StoredFragment[]>; count: number }>();
  let cached = 0;
  /** Indexes are made anew one at a time: each costs the reading of a whole file. */
  const mending = createLane(1);

  async function loadIndex(row: CatalogueRow): Promise<StoredFragment[]> {
    let index = await lanes.read(() => readIndex(directory, row.path));
    if (index?.closed !== true) {
      const mended = await mending.run(() => catalogue.recover(row.path, 'closed', row.epoch)).catch(() => undefined);
      if (mended === undefined) return []; // deleted meanwhile, or damaged: a missing stretch, not a failure of the rest
      index = await lanes.read(() => readIndex(directory, row.path));
    }
    const { id, run, epoch, initId } = row;
    return (index?.records ?? []).map((record) => storedFragment({ id, run, epoch, initId }, record));
  }

  function fragmentsOf(row: CatalogueRow): Promise<StoredFragment[]> {
    const known = indexes.get(row.id);
    if (known !== undefined) {
      indexes.delete(row.id);
      indexes.set(row.id, known); // used last
      return known.fragments;
    }
    const entry = { fragments: loadIndex(row), count: 0 };
    indexes.set(row.id, entry);
    const forget = () => {
      if (indexes.get(row.id) === entry) indexes.delete(row.id);
    };
    entry.fragments.then((found) => {
      if (found.length === 0) forget();
      else if (indexes.get(row.id) === entry) cached += entry.count = found.length;
      for (const [id, oldest] of indexes) {
        if (cached <= cachedFragments) break;
        if (oldest.count === 0) continue; // being loaded
        indexes.delete(id);
        cached -= oldest.count;
      }
    }, forget);
    return entry.fragments;
  }

  /** Closed files, in the order of recording. */
  async function rowsOverlapping(cameraId: string, fromMs: number, toMs: number): Promise<CatalogueRow[]> {
    const waiting = waitingRows.of(cameraId).filter((row) => row.startAtMs < toMs && row.endAtMs > fromMs);
    const entered = await catalogue.overlapping(cameraId, fromMs, toMs);
    if (waiting.length === 0) return entered;
    const known = new Set(waiting.map((row) => row.id));
    return [...entered.filter((row) => !known.has(row.id)), ...waiting].sort(
      (a, b) => a.epoch - b.epoch || a.startAtMs - b.startAtMs,
    );
  }

  async function file(fileId: string): Promise<FootageFile | undefined> {
    for (const writer of writers.values()) {
      const opened = writer.openFile(fileId);
      if (opened !== undefined) return opened;
    }
    const row = waitingRows.byId(fileId) ?? (await catalogue.byId(fileId));
    if (row === undefined) return undefined;
    const { spans: _spans, ...rest } = row;
    return { ...rest, path: absolutePath(directory, row.path), open: false };
  }

  /** Fragments back from `first` to a keyframe, as long as they belong to its run. */
  async function preRoll(
    cameraId: string,
    first: EpochFragment,
    opened: EpochFragment[],
    longestMs: number,
  ): Promise<StoredFragment[]> {
    if (first.independent) return [];
    const before: StoredFragment[] = [];
    const belongs = (one: { run: number; initId: string; epoch?: number | undefined }) =>
      one.run === first.run && one.initId === first.initId && one.epoch === first.epoch;
    const take = (fragments: readonly EpochFragment[]): boolean => {
      const earlier = fragments.filter((one) => belongs(one) && one.baseMediaDecodeTime < first.baseMediaDecodeTime);
      for (const one of earlier.reverse()) {
        before.unshift(one);
        if (one.independent || first.startAtMs - one.startAtMs > longestMs) return true;
      }
      return false;
    };
    if (opened.some((one) => one.fileId === first.fileId) && take(opened)) return before;
    const inMemory = new Set(opened.map((one) => one.fileId));
    const waiting = waitingRows.of(cameraId).filter((row) => row.startAtMs < first.startAtMs);
    const entered = await catalogue.before(cameraId, first.startAtMs, preRollFiles);
    const rows = [...waiting.reverse(), ...entered].filter((row) => belongs(row) && !inMemory.has(row.id));
    for (const row of rows) if (take([...(await fragmentsOf(row))])) return before;
    return before;
  }

  async function fragments(
    cameraId: string,
    fromMs: number,
    toMs: number,
    readOptions: { preRoll?: boolean; longestPreRollMs?: number } = {},
  ): Promise<StoredFragment[]> {
    // Memory first: a file that is closed in between is then found at least once.
    const opened: EpochFragment[] = (await writers.get(cameraId)?.openFragments()) ?? [];
    const inMemory = new Set(opened.map((one) => one.fileId));
    const found: StoredFragment[] = [];
    for (const row of await rowsOverlapping(cameraId, fromMs, toMs))
      if (!inMemory.has(row.id)) found.push(...(await fragmentsOf(row)));
    const overlapping = [...found, ...opened].filter(
      (one) => one.startAtMs < toMs && one.startAtMs + one.durationMs > fromMs,
    );
    const first = overlapping[0];
    if (first === undefined || readOptions.preRoll !== true) return overlapping;
    const { longestPreRollMs = Infinity } = readOptions;
    return [...(await preRoll(cameraId, first, opened, longestPreRollMs)), ...overlapping];
  }

  async function pathOf(fileId: string): Promise<string> {
    const found = await file(fileId);
    if (found === undefined) throw footageGone();
    return found.path;
  }

  return {
    fragments,
    file,
    ...createFootageBytes({ lanes, pathOf }),
    async coverage(cameraId, fromMs, toMs) {
      const opened: EpochFragment[] = (await writers.get(cameraId)?.openFragments()) ?? [];
      const inMemory = new Set(opened.map((one) => one.fileId));
      const rows = (await rowsOverlapping(cameraId, fromMs, toMs)).filter((row) => !inMemory.has(row.id));
      return coverageOf([
        ...rows.flatMap((row) => row.spans.map((span) => ({ ...span, epoch: row.epoch }))),
        ...opened.map(({ startAtMs, durationMs, timeSource, epoch = 0 }) => ({
          fromMs: startAtMs,
          toMs: startAtMs + durationMs,
          timeSource,
          epoch,
        })),
      ])
        .map((span) => ({ ...span, fromMs: Math.max(span.fromMs, fromMs), toMs: Math.min(span.toMs, toMs) }))
        .filter((span) => span.toMs > span.fromMs);
    },
    async bounds(cameraId) {
      const files: { startAtMs: number; endAtMs: number }[] = [
        ...(writers.get(cameraId)?.openFiles() ?? []),
        ...waitingRows.of(cameraId),
      ];
      const closed = await catalogue.bounds(cameraId);
      if (files.length === 0) return closed;
      return {
        oldestAtMs: Math.min(closed?.oldestAtMs ?? Infinity, ...files.map((one) => one.startAtMs)),
        newestAtMs: Math.max(closed?.newestAtMs ?? 0, ...files.map((one) => one.endAtMs)),
      };
    },
    tail(cameraId, ms) {
      const found: StoredFragment[] = [];
      const fragmentsBack = writers.get(cameraId)?.newestFirst() ?? [];
      let wanted = 0;
      let fromMs = Infinity;
      for (const one of fragmentsBack) {
        if (fromMs === Infinity) fromMs = one.startAtMs + one.durationMs - ms;
        const isWanted = one.startAtMs + one.durationMs > fromMs;
        if (!isWanted && found.at(-1)?.independent === true) break;
        found.push(one);
        if (isWanted) wanted = found.length;
      }
      // Without a keyframe in memory, just what was asked for.
      return Promise.resolve((found.at(-1)?.independent === true ? found : found.slice(0, wanted)).reverse());
    },
  };
}
