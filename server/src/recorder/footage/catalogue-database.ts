// Questions to the catalogue. Synchronous; runs in the catalogue's thread only. Every question is answered from an index
// or by primary key.
import Database from 'better-sqlite3';
import { migrateCatalogue } from './catalogue-schema.js';
import type { FootageFile, Span } from './footage-types.js';

/** A closed footage file. */
export interface CatalogueRow extends Omit<FootageFile, 'open'> {
  /** Relative to the footage folder, with `/`. */
  readonly path: string;
  readonly spans: Span[];
}

export interface CatalogueTotals {
  readonly files: number;
  readonly bytes: number;
  readonly oldestAtMs: number | undefined;
}

/** A place in the order in which everything was recorded. */
export interface RecordingOrder {
  readonly epoch: number;
  readonly startAtMs: number;
  readonly id: string;
}

/** What one camera's closed files take. */
export interface CameraFacts {
  readonly cameraId: string;
  readonly bytes: number;
  readonly oldestAtMs: number;
  readonly newestAtMs: number;
  /** Of the files that began in the 24 hours up to `recentToMs`. */
  readonly recentBytes: number;
  readonly recentFromMs: number;
  readonly recentToMs: number;
}

/** No file is longer: rotation is forced at twice the longest configurable length, and a jump of time opens another. */
const longestFileMs = 3 * 3_600_000;
const dayMs = 86_400_000;
/** How long a call waits for another process that holds the file; the thread answers nobody else meanwhile. */
const busyTimeoutMs = 200;

interface Stored {
  row: string;
}
const parse = (stored: Stored): CatalogueRow => {
  const row = JSON.parse(stored.row) as CatalogueRow;
  return row.epoch === undefined ? { ...(row as CatalogueRow), epoch: 0 } : row;
};

/** @throws whatever SQLite throws when the file is no database, or another process holds it */
export function openCatalogueDatabase(path: string) {
  const db = new Database(path, { timeout: busyTimeoutMs });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('recursive_triggers = ON'); // INSERT OR REPLACE tells the sums what it replaced
    migrateCatalogue(db);
  } catch (error) {
    db.close();
    throw error;
  }
  const statements = {
    insert: db.prepare(
      `INSERT OR REPLACE INTO file (id, camera_id, path, epoch, start_ms, end_ms, bytes, row)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    remove: db.prepare('DELETE FROM file WHERE id = ?'),
    has: db.prepare<[string], { found: number }>('SELECT 1 AS found FROM file WHERE id = ?'),
    byId: db.prepare<[string], Stored>('SELECT row FROM file WHERE id = ?'),
    overlapping: db.prepare<[string, number, number, number], Stored>(
      `SELECT row FROM file WHERE camera_id = ? AND start_ms >= ? AND start_ms < ? AND end_ms > ?
       ORDER BY epoch, start_ms`,
    ),
    before: db.prepare<[string, number, number], Stored>(
      'SELECT row FROM file WHERE camera_id = ? AND start_ms < ? ORDER BY start_ms DESC LIMIT ?',
    ),
    oldestOf: db.prepare<[string], { at: number | null }>('SELECT min(start_ms) AS at FROM file WHERE camera_id = ?'),
    newestOf: db.prepare<[string], { at: number | null }>(
      'SELECT max(end_ms) AS at FROM (SELECT end_ms FROM file WHERE camera_id = ? ORDER BY start_ms DESC LIMIT 20)',
    ),
    oldest: db.prepare<[number, number, string, number], Stored>(
      'SELECT row FROM file WHERE (epoch, start_ms, id) > (?, ?, ?) ORDER BY epoch, start_ms, id LIMIT ?',
    ),
    expired: db.prepare<[string, number, number, number], Stored>(
      'SELECT row FROM file WHERE camera_id = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms LIMIT ?',
    ),
    cameras: db.prepare<[], { id: string; files: number; bytes: number }>('SELECT id, files, bytes FROM camera'),
    oldestAt: db.prepare<[], { at: number }>('SELECT start_ms AS at FROM file ORDER BY epoch, start_ms, id LIMIT 1'),
    bytesBetween: db.prepare<[string, number, number], { bytes: number; at: number | null }>(
      `SELECT coalesce(sum(bytes), 0) AS bytes, min(start_ms) AS at FROM file
       WHERE camera_id = ? AND start_ms >= ? AND start_ms <= ?`,
    ),
    sizes: db.prepare<[string, number, number, number], { id: string; bytes: number }>(
      'SELECT id, bytes FROM file WHERE camera_id = ? AND start_ms >= ? AND start_ms <= ? AND end_ms >= ?',
    ),
    newestEpoch: db.prepare<[], { epoch: number | null }>('SELECT max(epoch) AS epoch FROM file'),
    getMeta: db.prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?'),
    setMeta: db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)'),
  };

  const insert = (row: CatalogueRow): void =>
    void statements.insert.run(
      row.id,
      row.cameraId,
      row.path,
      row.epoch,
      row.startAtMs,
      row.endAtMs,
      row.byteLength,
      JSON.stringify(row),
    );

  function factsOf(cameraId: string, bytes: number, nowMs: number): CameraFacts | undefined {
    const oldestAtMs = statements.oldestOf.get(cameraId)?.at;
    const newestAtMs = statements.newestOf.get(cameraId)?.at;
    if (typeof oldestAtMs !== 'number' || typeof newestAtMs !== 'number') return undefined;
    let recentToMs = nowMs;
    let recent = statements.bytesBetween.get(cameraId, recentToMs - dayMs, recentToMs)!;
    if (recent.at === null) {
      recentToMs = newestAtMs; // not recording now: what it needed when it last did
      recent = statements.bytesBetween.get(cameraId, recentToMs - dayMs, recentToMs)!;
    }
    const recentFromMs = recent.at ?? recentToMs;
    return { cameraId, bytes, oldestAtMs, newestAtMs, recentBytes: recent.bytes, recentFromMs, recentToMs };
  }

  const insertRows = db.transaction((rows: readonly CatalogueRow[]): void => rows.forEach(insert));

  return {
    insert,
    /** All or none. */
    insertAll: (rows: readonly CatalogueRow[]): void => insertRows(rows),
    remove: (id: string): void => void statements.remove.run(id),
    has: (id: string): boolean => statements.has.get(id) !== undefined,
    byId: (id: string): CatalogueRow | undefined => {
      const found = statements.byId.get(id);
      return found === undefined ? undefined : parse(found);
    },
    /** In the order of recording. */
    overlapping: (cameraId: string, fromMs: number, toMs: number): CatalogueRow[] =>
      statements.overlapping.all(cameraId, fromMs - longestFileMs, toMs, fromMs).map(parse),
    /** Newest first. */
    before: (cameraId: string, beforeMs: number, limit: number): CatalogueRow[] =>
      statements.before.all(cameraId, beforeMs, limit).map(parse),
    bounds(cameraId: string): { oldestAtMs: number; newestAtMs: number } | undefined {
      const oldest = statements.oldestOf.get(cameraId)?.at;
      const newest = statements.newestOf.get(cameraId)?.at;
      return typeof oldest !== 'number' || typeof newest !== 'number'
        ? undefined
        : { oldestAtMs: oldest, newestAtMs: newest };
    },
    /** Of all cameras, in the order of recording, behind `after`. */
    oldest: (after: RecordingOrder | undefined, limit: number): CatalogueRow[] =>
      statements.oldest.all(after?.epoch ?? -1, after?.startAtMs ?? 0, after?.id ?? '', limit).map(parse),
    /** Of one camera, oldest first, from `fromMs` on, begun before `beforeMs`. */
    expired: (cameraId: string, fromMs: number, beforeMs: number, limit: number): CatalogueRow[] =>
      statements.expired.all(cameraId, fromMs, beforeMs, limit).map(parse),
    cameras: (): string[] => statements.cameras.all().map(({ id }) => id),
    totals(): CatalogueTotals {
      const cameras = statements.cameras.all();
      return {
        files: cameras.reduce((sum, camera) => sum + camera.files, 0),
        bytes: cameras.reduce((sum, camera) => sum + camera.bytes, 0),
        oldestAtMs: statements.oldestAt.get()?.at,
      };
    },
    facts: (nowMs: number): CameraFacts[] =>
      statements.cameras.all().flatMap(({ id, bytes }) => factsOf(id, bytes, nowMs) ?? []),
    /** Bytes of the camera's files that touch any of the ranges; each file counts once. */
    bytesTouched(cameraId: string, ranges: readonly { fromMs: number; toMs: number }[]): number {
      const touched = new Map<string, number>();
      for (const { fromMs, toMs } of ranges)
        for (const { id, bytes } of statements.sizes.all(cameraId, fromMs - longestFileMs, toMs, fromMs))
          touched.set(id, bytes);
      return [...touched.values()].reduce((sum, bytes) => sum + bytes, 0);
    },
    newestEpoch: (): number => statements.newestEpoch.get()?.epoch ?? 0,
    getMeta: (key: string): string | undefined => statements.getMeta.get(key)?.value,
    setMeta: (key: string, value: string): void => void statements.setMeta.run(key, value),
    close: (): void => void db.close(),
  };
}

export type CatalogueDatabase = ReturnType<typeof openCatalogueDatabase>;
