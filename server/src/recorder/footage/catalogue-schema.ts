// The tables of the catalogue and their versions. One row a closed footage file; sums a camera are kept by triggers, so
// that nothing needs to look at millions of rows.
import type { Database } from 'better-sqlite3';

const version = 2;

const tables = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS file (
    id TEXT PRIMARY KEY, camera_id TEXT NOT NULL, path TEXT NOT NULL,
    start_ms REAL NOT NULL, end_ms REAL NOT NULL, bytes INTEGER NOT NULL, row TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS camera (id TEXT PRIMARY KEY, files INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;
`;
const indexesAndTriggers = `
  CREATE INDEX IF NOT EXISTS file_of_camera ON file (camera_id, start_ms, end_ms, bytes);
  CREATE INDEX IF NOT EXISTS file_in_order ON file (epoch, start_ms, id);
  CREATE TRIGGER IF NOT EXISTS file_added AFTER INSERT ON file BEGIN
    INSERT INTO camera (id, files, bytes) VALUES (new.camera_id, 1, new.bytes)
    ON CONFLICT (id) DO UPDATE SET files = files + 1, bytes = bytes + new.bytes;
  END;
  CREATE TRIGGER IF NOT EXISTS file_removed AFTER DELETE ON file BEGIN
    UPDATE camera SET files = files - 1, bytes = bytes - old.bytes WHERE id = old.camera_id;
    DELETE FROM camera WHERE id = old.camera_id AND files <= 0;
  END;
`;

/** Version 1 had no epochs and no sums. */
function fromVersion1(db: Database): void {
  db.exec('ALTER TABLE file ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0');
  db.exec('DROP INDEX IF EXISTS file_camera_start; DROP INDEX IF EXISTS file_start; DROP INDEX IF EXISTS file_bytes');
}

/** Brings the tables to the present version, all or nothing. @throws for a version that is not known */
export function migrateCatalogue(db: Database): void {
  const found = db.pragma('user_version', { simple: true }) as number;
  if (found === version) return;
  if (found > version || found < 0) throw new UnknownCatalogueVersion(found);
  db.transaction(() => {
    if (found === 1) fromVersion1(db);
    db.exec(tables);
    if (found === 1) db.exec('INSERT INTO camera SELECT camera_id, count(*), sum(bytes) FROM file GROUP BY camera_id');
    db.exec(indexesAndTriggers);
    db.pragma(`user_version = ${version}`);
  })();
}

export class UnknownCatalogueVersion extends Error {
  constructor(found: number) {
    super(`a catalogue of version ${found}`);
  }
}
