// Answers what was recorded and hands out its bytes: closed files through catalogue and index, files being written
// through the memory of their writers.
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { PassThrough, pipeline } from 'node:stream';
import { AppError } from '../../lib/errors.js';
import type { StoredFragment } from '../../lib/fragment.js';
import type { CatalogueRow } from './catalogue-database.js';
import type { Catalogue } from './catalogue.js';
import type { CameraWriter } from './camera-writer.js';
import type { FootageFile, FootageReader, Span } from './footage-types.js';
import { absolutePath, indexPathOf } from './footage-paths.js';
import { decodeIndex, joinSpans } from './index-file.js';

const cachedIndexes = 128;
/** How far back pre-roll looks for a keyframe. */
const preRollFiles = 4;
const maxReadBytes = 256 * 1024 * 1024;

const gone = () => new AppError('not_found', 'footage_gone', 'this footage was deleted');

export function createFootageReader(options: {
  directory: string;
  catalogue: Catalogue;
  writers: ReadonlyMap<string, CameraWriter>;
}): FootageReader {
  const { directory, catalogue, writers } = options;
  const indexes = new Map<string, Promise<StoredFragment[]>>();

  async function loadIndex(row: CatalogueRow): Promise<StoredFragment[]> {
    const bytes = await readFile(absolutePath(directory, indexPathOf(row.path))).catch(() => undefined);
    const index = bytes === undefined ? undefined : decodeIndex(bytes);
    if (index === undefined) return []; // deleted meanwhile, or damaged: a missing stretch, not a failure of the rest
    return index.records.map((record) => ({
      fileId: row.id,
      offset: record.offset,
      byteLength: record.byteLength,
      startAtMs: record.startAtMs,
      durationMs: record.durationMs,
      independent: record.independent,
      baseMediaDecodeTime: record.baseMediaDecodeTime,
      run: row.run,
      initId: row.initId,
      timeSource: record.timeSource,
      sampleCount: record.sampleCount,
    }));
  }

  function fragmentsOf(row: CatalogueRow): Promise<StoredFragment[]> {
    const known = indexes.get(row.id);
    indexes.delete(row.id);
    const loading = known ?? loadIndex(row);
    indexes.set(row.id, loading);
    for (const oldest of indexes.keys()) {
      if (indexes.size <= cachedIndexes) break;
      indexes.delete(oldest);
    }
    return loading;
  }

  function openFileById(fileId: string): FootageFile | undefined {
    for (const writer of writers.values()) if (writer.openFileId() === fileId) return writer.openFile();
    return undefined;
  }

  async function file(fileId: string): Promise<FootageFile | undefined> {
    const opened = openFileById(fileId);
    if (opened !== undefined) return opened;
    const row = await catalogue.byId(fileId);
    if (row === undefined) return undefined;
    const { spans: _spans, ...rest } = row;
    return { ...rest, path: absolutePath(directory, row.path), open: false };
  }

  /** Fragments back from `first` to a keyframe, as long as they belong to its run. */
  async function preRoll(cameraId: string, first: StoredFragment): Promise<StoredFragment[]> {
    if (first.independent) return [];
    const before: StoredFragment[] = [];
    const take = (fragments: readonly StoredFragment[]): boolean => {
      const earlier = fragments.filter(
        (one) =>
          one.run === first.run && one.initId === first.initId && one.baseMediaDecodeTime < first.baseMediaDecodeTime,
      );
      for (const one of earlier.reverse()) {
        before.unshift(one);
        if (one.independent) return true;
      }
      return false;
    };
    const openFragments = writers.get(cameraId)?.openFragments() ?? [];
    if (openFragments[0]?.fileId === first.fileId && take([...openFragments])) return before;
    const rows = await catalogue.before(cameraId, first.startAtMs, preRollFiles);
    for (const row of rows) {
      if (row.run !== first.run || row.initId !== first.initId) break;
      if (take([...(await fragmentsOf(row))])) return before;
    }
    return before;
  }

  async function fragments(
    cameraId: string,
    fromMs: number,
    toMs: number,
    readOptions: { preRoll?: boolean } = {},
  ): Promise<StoredFragment[]> {
    // Memory first: a file that is closed in between is then found at least once.
    const opened = [...(writers.get(cameraId)?.openFragments() ?? [])];
    const rows = await catalogue.overlapping(cameraId, fromMs, toMs);
    const found: StoredFragment[] = [];
    for (const row of rows) if (row.id !== opened[0]?.fileId) found.push(...(await fragmentsOf(row)));
    const overlapping = [...found, ...opened].filter(
      (one) => one.startAtMs < toMs && one.startAtMs + one.durationMs > fromMs,
    );
    const first = overlapping[0];
    if (first === undefined || readOptions.preRoll !== true) return overlapping;
    return [...(await preRoll(cameraId, first)), ...overlapping];
  }

  async function pathOf(fileId: string): Promise<string> {
    const found = await file(fileId);
    if (found === undefined) throw gone();
    return found.path;
  }

  function assertRange(offset: number, byteLength: number): void {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(byteLength) || offset < 0 || byteLength < 0)
      throw new AppError('invalid', 'bad_range', 'not a range of bytes');
  }

  return {
    fragments,
    file,
    async read(fileId, offset, byteLength) {
      assertRange(offset, byteLength);
      if (byteLength > maxReadBytes) throw new AppError('invalid', 'bad_range', 'range too large');
      const path = await pathOf(fileId);
      const handle = await open(path, 'r').catch(() => {
        throw gone();
      });
      try {
        const buffer = Buffer.allocUnsafe(byteLength);
        let done = 0;
        while (done < byteLength) {
          const { bytesRead } = await handle.read(buffer, done, byteLength - done, offset + done);
          if (bytesRead === 0) throw gone();
          done += bytesRead;
        }
        return buffer;
      } finally {
        await handle.close();
      }
    },
    stream(fileId, offset, byteLength) {
      assertRange(offset, byteLength);
      const out = new PassThrough();
      if (byteLength === 0) return out.end();
      pathOf(fileId).then(
        (path) => {
          const source = createReadStream(path, { start: offset, end: offset + byteLength - 1 });
          source.once('error', () => out.destroy(gone()));
          pipeline(source, out, () => undefined); // an error has destroyed `out`, whose reader is told
        },
        (error: Error) => out.destroy(error),
      );
      return out;
    },
    async coverage(cameraId, fromMs, toMs) {
      const opened = [...(writers.get(cameraId)?.openFragments() ?? [])];
      const rows = await catalogue.overlapping(cameraId, fromMs, toMs);
      const spans: Span[] = rows.filter((row) => row.id !== opened[0]?.fileId).flatMap((row) => row.spans);
      for (const one of opened)
        spans.push({ fromMs: one.startAtMs, toMs: one.startAtMs + one.durationMs, timeSource: one.timeSource });
      return joinSpans(spans.sort((a, b) => a.fromMs - b.fromMs))
        .map((span) => ({ ...span, fromMs: Math.max(span.fromMs, fromMs), toMs: Math.min(span.toMs, toMs) }))
        .filter((span) => span.toMs > span.fromMs);
    },
    async bounds(cameraId) {
      const opened = writers.get(cameraId)?.openFile();
      const closed = await catalogue.bounds(cameraId);
      if (opened === undefined) return closed;
      return {
        oldestAtMs: Math.min(opened.startAtMs, closed?.oldestAtMs ?? Infinity),
        newestAtMs: Math.max(opened.endAtMs, closed?.newestAtMs ?? 0),
      };
    },
    tail(cameraId, ms) {
      const recent = writers.get(cameraId)?.recent() ?? [];
      const newest = recent.at(-1);
      if (newest === undefined) return Promise.resolve([]);
      const fromMs = newest.startAtMs + newest.durationMs - ms;
      let at = recent.findIndex((one) => one.startAtMs + one.durationMs > fromMs);
      const wanted = at;
      while (at > 0 && !recent[at]!.independent) at -= 1;
      if (!recent[at]!.independent) at = wanted;
      return Promise.resolve(recent.slice(at));
    },
  };
}
