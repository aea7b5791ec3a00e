// The queue of extractions: rows with a state in a small SQLite file of their own, claimed in a transaction, so that a
// restart loses none. Rows are tiny and few; synchronous access takes microseconds. Where the file takes or gives nothing
// now, every call throws AppError unavailable `extraction_queue_unavailable`.
import { clipFile, type ClipFile } from '@choi-canh/shared/evidence';
import type { Database } from 'better-sqlite3';
import { z } from 'zod';
import { AppError, errorMessage } from '../../lib/errors.js';
import type { Logger } from '../../lib/logger.js';
import { openReplaceable } from '../../platform/db/sqlite-file.js';

export type ExtractionState = 'queued' | 'running' | 'done' | 'failed';

export interface ExtractionRow {
  readonly id: string;
  readonly cameraId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly state: ExtractionState;
  readonly errorCode: string | null;
  readonly files: ClipFile[];
}

type StoredRow = Omit<ExtractionRow, 'files'> & { files: string };

const filesSchema = z.array(clipFile);
const requeue = `UPDATE extraction SET state = 'queued'
  WHERE state = 'running' AND id NOT IN (SELECT value FROM json_each(?))`;
const columns = `id, camera_id AS cameraId, from_ms AS fromMs, to_ms AS toMs, state, error_code AS errorCode, files`;

function rowOf(stored: StoredRow): ExtractionRow {
  return { ...stored, files: filesSchema.parse(JSON.parse(stored.files)) };
}

function insist<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = `the queue of extractions cannot be used now: ${errorMessage(error)}`;
    throw new AppError('unavailable', 'extraction_queue_unavailable', message, { cause: error });
  }
}

export class ExtractionQueue {
  private readonly db: Database;

  /** Jobs that ran when the process ended are queued again. */
  constructor(path: string, logger: Logger) {
    this.db = insist(() =>
      openReplaceable(path, logger, (db) => {
        db.exec(`CREATE TABLE IF NOT EXISTS extraction (
          id TEXT PRIMARY KEY,
          camera_id TEXT NOT NULL,
          from_ms INTEGER NOT NULL,
          to_ms INTEGER NOT NULL,
          state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
          error_code TEXT,
          files TEXT NOT NULL DEFAULT '[]',
          requested_at_ms INTEGER NOT NULL
        ) STRICT`);
        db.prepare(requeue).run('[]');
      }),
    );
  }

  /** Jobs that nobody works on run again from their beginning. */
  requeueExcept(ids: readonly string[]): void {
    insist(() => this.db.prepare(requeue).run(JSON.stringify(ids)));
  }

  /** Adds a job unless its id is there already. */
  add(job: { id: string; cameraId: string; fromMs: number; toMs: number; requestedAtMs: number }): void {
    insist(() =>
      this.db
        .prepare(
          `INSERT INTO extraction (id, camera_id, from_ms, to_ms, state, requested_at_ms)
           VALUES (@id, @cameraId, @fromMs, @toMs, 'queued', @requestedAtMs) ON CONFLICT (id) DO NOTHING`,
        )
        .run(job),
    );
  }

  get(id: string): ExtractionRow | undefined {
    const stored = insist(() =>
      this.db.prepare<[string], StoredRow>(`SELECT ${columns} FROM extraction WHERE id = ?`).get(id),
    );
    return stored === undefined ? undefined : rowOf(stored);
  }

  unfinished(): ExtractionRow[] {
    return insist(() =>
      this.db
        .prepare<[], StoredRow>(
          `SELECT ${columns} FROM extraction WHERE state IN ('queued', 'running') ORDER BY requested_at_ms, rowid`,
        )
        .all(),
    ).map(rowOf);
  }

  ids(): string[] {
    return insist(() => this.db.prepare<[], { id: string }>('SELECT id FROM extraction').all()).map((row) => row.id);
  }

  /** Takes the oldest queued job. */
  claim(): ExtractionRow | undefined {
    // A transaction, because `get` does not tell when a statement of its own cannot be committed.
    const take = this.db.transaction(() =>
      this.db
        .prepare<[], StoredRow>(
          `UPDATE extraction SET state = 'running' WHERE id =
             (SELECT id FROM extraction WHERE state = 'queued' ORDER BY requested_at_ms, rowid LIMIT 1)
           RETURNING ${columns}`,
        )
        .get(),
    );
    const stored = insist(take);
    return stored === undefined ? undefined : rowOf(stored);
  }

  finish(id: string, outcome: { files: ClipFile[] } | { errorCode: string }): void {
    const files = 'files' in outcome ? outcome.files : [];
    insist(() =>
      this.db
        .prepare(`UPDATE extraction SET state = ?, error_code = ?, files = ? WHERE id = ?`)
        .run(
          'files' in outcome ? 'done' : 'failed',
          'errorCode' in outcome ? outcome.errorCode : null,
          JSON.stringify(files),
          id,
        ),
    );
  }

  /** Puts a claimed job back, e.g. when the recorder stops. */
  release(id: string): void {
    insist(() => this.db.prepare(`UPDATE extraction SET state = 'queued' WHERE id = ? AND state = 'running'`).run(id));
  }

  remove(id: string): void {
    insist(() => this.db.prepare('DELETE FROM extraction WHERE id = ?').run(id));
  }

  close(): void {
    this.db.close();
  }
}
