// The tables of the catalogue: one row a closed footage file. Synchronous; runs in the worker only.
import Database from 'better-sqlite3';
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

/** No file is longer: rotation is forced at twice the longest configurable length, and a jump of time opens another. */
const longestFileMs = 3 * 3_600_000;
const schemaVersion = 1;

const schema = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS file (
    id TEXT PRIMARY KEY, camera_id TEXT NOT NULL, path TEXT NOT NULL,
    start_ms REAL NOT NULL, end_ms REAL NOT NULL, bytes INTEGER NOT NULL, row TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS file_camera_start ON file (camera_id, start_ms);
  CREATE INDEX IF NOT EXISTS file_start ON file (start_ms, id);
  CREATE INDEX IF NOT EXISTS file_bytes ON file (bytes);
`;

interface Stored {
  row: string;
}
const parse = (stored: Stored): CatalogueRow => JSON.parse(stored.row) as CatalogueRow;

/** @throws whatever SQLite throws when the file is no database */
export function openCatalogueDatabase(path: string) {
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version !== 0 && version !== schemaVersion) throw new Error(`catalogue of version ${version}`);
  db.exec(schema);
  db.pragma(`user_version = ${schemaVersion}`);
  const sums = db.prepare('SELECT count(*) AS files, coalesce(sum(bytes), 0) AS bytes FROM file').get() as {
    files: number;
    bytes: number;
  };
  const totals = { ...sums };
  const statements = {
    insert: db.prepare(
      'INSERT OR REPLACE INTO file (id, camera_id, path, start_ms, end_ms, bytes, row) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    bytesOf: db.prepare<[string], { bytes: number }>('SELECT bytes FROM file WHERE id = ?'),
    remove: db.prepare('DELETE FROM file WHERE id = ?'),
    byId: db.prepare<[string], Stored>('SELECT row FROM file WHERE id = ?'),
    overlapping: db.prepare<[string, number, number, number], Stored>(
      'SELECT row FROM file WHERE camera_id = ? AND start_ms >= ? AND start_ms < ? AND end_ms > ? ORDER BY start_ms',
    ),
    before: db.prepare<[string, number, number], Stored>(
      'SELECT row FROM file WHERE camera_id = ? AND start_ms < ? ORDER BY start_ms DESC LIMIT ?',
    ),
    oldestOf: db.prepare<[string], { at: number | null }>('SELECT min(start_ms) AS at FROM file WHERE camera_id = ?'),
    newestOf: db.prepare<[string], { at: number | null }>(
      `SELECT max(end_ms) AS at FROM (SELECT end_ms FROM file WHERE camera_id = ? ORDER BY start_ms DESC LIMIT 20)`,
    ),
    oldest: db.prepare<[number, number, string, number], Stored>(
      'SELECT row FROM file WHERE start_ms > ? OR (start_ms = ? AND id > ?) ORDER BY start_ms, id LIMIT ?',
    ),
    expired: db.prepare<[string, number, number, number], Stored>(
      'SELECT row FROM file WHERE camera_id = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms LIMIT ?',
    ),
    cameras: db.prepare<[], { id: string }>('SELECT DISTINCT camera_id AS id FROM file'),
    getMeta: db.prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?'),
    setMeta: db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)'),
    oldestAt: db.prepare<[], { at: number | null }>('SELECT min(start_ms) AS at FROM file'),
  };

  return {
    insert(row: CatalogueRow): void {
      const before = statements.bytesOf.get(row.id);
      statements.insert.run(
        row.id,
        row.cameraId,
        row.path,
        row.startAtMs,
        row.endAtMs,
        row.byteLength,
        JSON.stringify(row),
      );
      totals.bytes += row.byteLength - (before?.bytes ?? 0);
      totals.files += before === undefined ? 1 : 0;
    },
    remove(id: string): void {
      const before = statements.bytesOf.get(id);
      if (before === undefined) return;
      statements.remove.run(id);
      totals.bytes -= before.bytes;
      totals.files -= 1;
    },
    byId: (id: string): CatalogueRow | undefined => {
      const found = statements.byId.get(id);
      return found === undefined ? undefined : parse(found);
    },
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
    /** Of all cameras, oldest first, behind (afterMs, afterId). */
    oldest: (afterMs: number, afterId: string, limit: number): CatalogueRow[] =>
      statements.oldest.all(afterMs, afterMs, afterId, limit).map(parse),
    /** Of one camera, oldest first, from `fromMs` on, begun before `beforeMs`. */
    expired: (cameraId: string, fromMs: number, beforeMs: number, limit: number): CatalogueRow[] =>
      statements.expired.all(cameraId, fromMs, beforeMs, limit).map(parse),
    cameras: (): string[] => statements.cameras.all().map(({ id }) => id),
    totals: (): CatalogueTotals => ({ ...totals, oldestAtMs: statements.oldestAt.get()?.at ?? undefined }),
    getMeta: (key: string): string | undefined => statements.getMeta.get(key)?.value,
    setMeta: (key: string, value: string): void => void statements.setMeta.run(key, value),
    close: (): void => void db.close(),
  };
}

export type CatalogueDatabase = ReturnType<typeof openCatalogueDatabase>;
