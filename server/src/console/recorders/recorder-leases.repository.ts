import type { Database } from '../../platform/db/database.js';

/** Now by the database's clock, which all its consoles share. Unix milliseconds. */
const nowMs = `(extract(epoch from clock_timestamp()) * 1000)::bigint`;

/** Which of several consoles on one PostgreSQL keeps a recorder in step. */
export class RecorderLeasesRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** One console alone opens an SQLite file: it needs no leases. */
  get shared(): boolean {
    return this.#db.kind === 'postgres';
  }

  /**
   * Takes those of the leases that are free or run out, and renews those that `holder` has, for `leaseMs`. Returns which it
   * has now, and of every recorder how often it was changed.
   */
  take(
    holder: string,
    wanted: readonly string[],
    leaseMs: number,
  ): Promise<{ held: string[]; changes: ReadonlyMap<string, number> }> {
    return this.#db.write(async (manager) => {
      // A lease that ends later than any that is given was given before the database's clock was set back.
      await manager.query(
        `UPDATE recorder SET lease_holder = $1, lease_until = ${nowMs} + $2::bigint
         WHERE id = ANY($3) AND deleted_at IS NULL
           AND (lease_holder IS NULL OR lease_holder = $1 OR lease_until < ${nowMs} OR lease_until > ${nowMs} + 2 * $2::bigint)`,
        [holder, leaseMs, wanted],
      );
      const rows = (await manager.query(
        'SELECT id, lease_holder AS holder, changes FROM recorder WHERE deleted_at IS NULL',
      )) as { id: string; holder: string | null; changes: unknown }[];
      const asked = new Set(wanted);
      return {
        held: rows.filter((row) => row.holder === holder && asked.has(row.id)).map((row) => row.id),
        changes: new Map(rows.map((row) => [row.id, Number(row.changes)])),
      };
    });
  }

  async release(holder: string, recorderIds: readonly string[]): Promise<void> {
    await this.#db.write((manager) =>
      manager.query(
        'UPDATE recorder SET lease_holder = NULL, lease_until = NULL WHERE id = ANY($2) AND lease_holder = $1',
        [holder, recorderIds],
      ),
    );
  }

  /** Whoever keeps it in step is to look what changed. */
  async noteChange(recorderIds: readonly string[]): Promise<void> {
    await this.#db.write((manager) =>
      manager.query('UPDATE recorder SET changes = changes + 1 WHERE id = ANY($1)', [recorderIds]),
    );
  }
}
