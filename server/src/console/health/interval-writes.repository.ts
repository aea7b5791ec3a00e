import type { EntityManager } from 'typeorm';
import { bulkRows } from '../../platform/db/bulk-rows.js';
import type { Database } from '../../platform/db/database.js';
import type { CameraStateIntervalRow } from './camera-state-interval.entity.js';

type Row = CameraStateIntervalRow;

const columns = {
  ends: { id: 'text', toAt: 'bigint' },
  beginnings: { id: 'text', sinceAt: 'bigint' },
  states: { id: 'text', state: 'text', reason: 'text', detail: 'text' },
  ids: { id: 'text' },
  rows: {
    ...({ id: 'text', cameraId: 'text', state: 'text', reason: 'text', detail: 'text' } as const),
    ...({ sinceAt: 'bigint', toAt: 'bigint' } as const),
  },
} as const;

/** Changes of many intervals, each kind in one statement. */
export class IntervalWrites {
  readonly #kind: Database['kind'];

  constructor(kind: Database['kind']) {
    this.#kind = kind;
  }

  async end(manager: EntityManager, rows: readonly Pick<Row, 'id' | 'toAt'>[]): Promise<void> {
    if (rows.length === 0) return;
    const { sql, parameters } = bulkRows(this.#kind, 'done', columns.ends, rows);
    await manager.query(
      `UPDATE camera_state_interval SET to_at = done."toAt" FROM ${sql} WHERE camera_state_interval.id = done.id`,
      parameters,
    );
  }

  async beginEarlier(manager: EntityManager, rows: readonly Pick<Row, 'id' | 'sinceAt'>[]): Promise<void> {
    if (rows.length === 0) return;
    const { sql, parameters } = bulkRows(this.#kind, 'begun', columns.beginnings, rows);
    await manager.query(
      `UPDATE camera_state_interval SET since_at = begun."sinceAt" FROM ${sql} WHERE camera_state_interval.id = begun.id`,
      parameters,
    );
  }

  async restate(
    manager: EntityManager,
    rows: readonly Pick<Row, 'id' | 'state' | 'reason' | 'detail'>[],
  ): Promise<void> {
    if (rows.length === 0) return;
    const { sql, parameters } = bulkRows(this.#kind, 'fact', columns.states, rows);
    await manager.query(
      `UPDATE camera_state_interval SET state = fact.state, reason = fact.reason, detail = fact.detail FROM ${sql}
       WHERE camera_state_interval.id = fact.id`,
      parameters,
    );
  }

  async insert(manager: EntityManager, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const whole = rows.map((row) => ({
      ...row,
      sinceAt: Math.trunc(row.sinceAt),
      toAt: row.toAt === null ? null : Math.trunc(row.toAt),
    }));
    const { sql, parameters } = bulkRows(this.#kind, 'fresh', columns.rows, whole);
    await manager.query(
      `INSERT INTO camera_state_interval (id, camera_id, state, reason, detail, since_at, to_at)
       SELECT id, "cameraId", state, reason, detail, "sinceAt", "toAt" FROM ${sql}`,
      parameters,
    );
  }

  async remove(manager: EntityManager, rows: readonly Pick<Row, 'id'>[]): Promise<void> {
    const { sql, parameters } = bulkRows(this.#kind, 'gone', columns.ids, rows);
    await manager.query(`DELETE FROM camera_state_interval WHERE id IN (SELECT id FROM ${sql})`, parameters);
  }
}
