import {
  knownCameraReason,
  knownCameraState,
  type CameraStateInterval,
  type CameraStatus,
} from '@choi-canh/shared/health';
import type { EntityManager } from 'typeorm';
import { newId } from '../../lib/ids.js';
import { bulkRows } from '../../platform/db/bulk-rows.js';
import type { Database } from '../../platform/db/database.js';
import { entityOf, selectedColumns } from '../../platform/db/plain-rows.js';
import { cameraStateIntervalEntity, type CameraStateIntervalRow } from './camera-state-interval.entity.js';

export type StateFact = Omit<CameraStatus, 'cameraId' | 'sinceAt'>;

/** The interval of a camera that has no end, and the area that the camera is in. */
export type OpenInterval = CameraStateIntervalRow & { areaId: string };

interface OpenChange {
  open: OpenInterval;
  fact: StateFact;
  atMs: number;
}

const portionSize = 1000;

/** Bounded portions: between two of them the process forwards video. What belongs to one camera is in one portion. */
function* portions<T>(all: readonly T[]): Generator<Promise<readonly T[]>> {
  for (let start = 0; start < all.length; start += portionSize) {
    const portion = all.slice(start, start + portionSize);
    yield start === 0 ? Promise.resolve(portion) : new Promise((resolve) => setImmediate(() => resolve(portion)));
  }
}

function byCamera(rows: readonly CameraStateIntervalRow[]): ReadonlyMap<string, CameraStateIntervalRow[]> {
  const found = new Map<string, CameraStateIntervalRow[]>();
  for (const row of rows) {
    const of = found.get(row.cameraId);
    if (of === undefined) found.set(row.cameraId, [row]);
    else of.push(row);
  }
  return found;
}

const insertedColumns = {
  ...({ id: 'text', cameraId: 'text', state: 'text', reason: 'text', detail: 'text' } as const),
  ...({ sinceAt: 'bigint', toAt: 'bigint' } as const),
};

/** Intervals of one camera touch and never overlap; exactly one has no end. */
export class StateIntervalsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  open(manager: EntityManager, cameraId: string): Promise<CameraStateIntervalRow | null> {
    return manager
      .createQueryBuilder(cameraStateIntervalEntity, 'span')
      .where('span.cameraId = :cameraId AND span.toAt IS NULL', { cameraId })
      .getOne();
  }

  async begin(manager: EntityManager, cameraId: string, fact: StateFact, sinceAt: number): Promise<void> {
    await manager.insert(cameraStateIntervalEntity, { id: newId(), cameraId, ...fact, sinceAt, toAt: null });
  }

  /** Enters what is so from now on; the open interval is never cut short of its beginning. */
  async enterNow(manager: EntityManager, cameraId: string, fact: StateFact, at: number): Promise<void> {
    const open = await this.open(manager, cameraId);
    if (open === null) await this.begin(manager, cameraId, fact, at);
    else await this.enter(manager, cameraId, fact, Math.max(at, open.sinceAt));
  }

  /**
   * Enters that the camera was in a state from `sinceAt` on, until the next thing that is known of it. Late facts are
   * spliced into the past. @returns the open interval where this changed it, else undefined.
   */
  async enter(
    manager: EntityManager,
    cameraId: string,
    fact: StateFact,
    sinceAt: number,
  ): Promise<CameraStateIntervalRow | undefined> {
    const at = (await this.#covering(manager, cameraId, sinceAt)) ?? (await this.#first(manager, cameraId));
    if (at === null) return undefined;
    if (at.state === fact.state && at.reason === fact.reason) {
      if (at.detail === fact.detail || at.toAt !== null) return undefined;
      await manager.update(cameraStateIntervalEntity, { id: at.id }, { detail: fact.detail });
      return { ...at, detail: fact.detail };
    }
    // Before the first interval there was no camera: a fact from then holds from its beginning.
    const startAt = Math.max(sinceAt, at.sinceAt);
    if (startAt === at.sinceAt) {
      await manager.update(cameraStateIntervalEntity, { id: at.id }, fact);
      return at.toAt === null ? { ...at, ...fact } : undefined;
    }
    const follower = at.toAt === null ? null : await this.#startingAt(manager, cameraId, at.toAt);
    await manager.update(cameraStateIntervalEntity, { id: at.id }, { toAt: startAt });
    if (follower !== null && follower.state === fact.state && follower.reason === fact.reason) {
      await manager.update(cameraStateIntervalEntity, { id: follower.id }, { sinceAt: startAt });
      return follower.toAt === null ? { ...follower, sinceAt: startAt } : undefined;
    }
    const row: CameraStateIntervalRow = { id: newId(), cameraId, ...fact, sinceAt: startAt, toAt: at.toAt };
    await manager.insert(cameraStateIntervalEntity, row);
    return row.toAt === null ? row : undefined;
  }

  /** Intervals of a camera that overlap [fromMs, toMs), oldest first; of more than `limit` the newest. */
  async list(cameraId: string, fromMs: number, toMs: number, limit = 5000): Promise<CameraStateIntervalRow[]> {
    const rows = await this.#db.longRead
      .createQueryBuilder()
      .select(selectedColumns(cameraStateIntervalEntity, 'span'))
      .from('camera_state_interval', 'span')
      .where('span.camera_id = :cameraId AND span.since_at < :toMs', { cameraId, toMs })
      .andWhere('(span.to_at IS NULL OR span.to_at > :fromMs)', { fromMs })
      // Already said, but this finds the first of them in the index instead of reading years before it.
      .andWhere(
        `span.since_at >= COALESCE((SELECT MAX(earlier.since_at) FROM camera_state_interval earlier
          WHERE earlier.camera_id = :cameraId AND earlier.since_at <= :fromMs), :fromMs)`,
      )
      .orderBy('span.since_at', 'DESC')
      .limit(limit)
      .getRawMany<Record<string, unknown>>();
    return rows.reverse().map((row) => entityOf(cameraStateIntervalEntity, row));
  }

  /** Open intervals of a recorder's cameras in use, with their areas. One statement; no entities, for there may be thousands. */
  async openOfRecorder(manager: EntityManager, recorderId: string): Promise<OpenInterval[]> {
    const rows = await manager
      .createQueryBuilder()
      .select([
        'span.id AS id',
        'span.camera_id AS camera',
        'span.state AS state',
        'span.reason AS reason',
        'span.detail AS detail',
        'span.since_at AS since',
        'cam.area_id AS area',
      ])
      .from('camera', 'cam')
      .innerJoin('camera_state_interval', 'span', 'span.camera_id = cam.id AND span.to_at IS NULL')
      .where('cam.recorder_id = :recorderId AND cam.deleted_at IS NULL', { recorderId })
      .getRawMany<Record<'id' | 'camera' | 'state' | 'reason' | 'detail' | 'since' | 'area', string>>();
    return rows.map((row) => ({
      id: row.id,
      cameraId: row.camera,
      state: knownCameraState(row.state),
      reason: knownCameraReason(row.reason),
      detail: row.detail,
      sinceAt: Number(row.since),
      toAt: null,
      areaId: row.area,
    }));
  }

  /** Whether any camera in use of a recorder is in another state than is said of it. */
  async differs(
    recorderId: string,
    said: readonly Pick<CameraStatus, 'cameraId' | 'state' | 'reason'>[],
  ): Promise<boolean> {
    if (said.length === 0) return false;
    const columns = { cameraId: 'text', state: 'text', reason: 'text' } as const;
    const { sql, parameters } = bulkRows(this.#db.kind, 'said', columns, said);
    const rows: unknown[] = await this.#db.read.query(
      `SELECT 1 FROM ${sql}
       JOIN camera_state_interval span ON span.camera_id = said."cameraId" AND span.to_at IS NULL
       JOIN camera cam ON cam.id = span.camera_id
       WHERE (span.state <> said.state OR span.reason <> said.reason) AND cam.deleted_at IS NULL
         AND cam.recorder_id = ${this.#db.kind === 'sqlite' ? '?' : '$2'} LIMIT 1`,
      [...parameters, recorderId],
    );
    return rows.length > 0;
  }

  /**
   * Enters what is so of many cameras from now on, in three statements a thousand. `atMs` is never before the open interval.
   * @returns the open intervals that this changed.
   */
  async enterAll(manager: EntityManager, changes: readonly OpenChange[]): Promise<OpenInterval[]> {
    const changed: OpenInterval[] = [];
    for (const some of portions(changes)) changed.push(...(await this.#enterSome(manager, await some)));
    return changed;
  }

  async #enterSome(manager: EntityManager, changes: readonly OpenChange[]): Promise<OpenInterval[]> {
    const closed: { id: string; toAt: number }[] = [];
    const replaced: OpenInterval[] = [];
    const begun: OpenInterval[] = [];
    for (const { open, fact, atMs } of changes) {
      const isSame = open.state === fact.state && open.reason === fact.reason;
      if (isSame && open.detail === fact.detail) continue;
      if (isSame || atMs <= open.sinceAt) {
        replaced.push({ ...open, ...fact });
        continue;
      }
      closed.push({ id: open.id, toAt: atMs });
      begun.push({ ...open, ...fact, id: newId(), sinceAt: atMs });
    }
    if (closed.length > 0) {
      const { sql, parameters } = bulkRows(this.#db.kind, 'done', { id: 'text', toAt: 'bigint' }, closed);
      await manager.query(
        `UPDATE camera_state_interval SET to_at = done."toAt" FROM ${sql} WHERE camera_state_interval.id = done.id`,
        parameters,
      );
    }
    if (replaced.length > 0) {
      const columns = { id: 'text', state: 'text', reason: 'text', detail: 'text' } as const;
      const facts = replaced.map(({ id, state, reason, detail }) => ({ id, state, reason, detail }));
      const { sql, parameters } = bulkRows(this.#db.kind, 'fact', columns, facts);
      await manager.query(
        `UPDATE camera_state_interval SET state = fact.state, reason = fact.reason, detail = fact.detail FROM ${sql}
         WHERE camera_state_interval.id = fact.id`,
        parameters,
      );
    }
    await this.#insertAll(manager, begun);
    return [...replaced, ...begun];
  }

  async #insertAll(manager: EntityManager, rows: readonly CameraStateIntervalRow[]): Promise<void> {
    if (rows.length === 0) return;
    const plain = rows.map(({ id, cameraId, state, reason, detail, sinceAt, toAt }) => ({
      ...{ id, cameraId, state, reason, detail },
      ...{ sinceAt: Math.trunc(sinceAt), toAt: toAt === null ? null : Math.trunc(toAt) },
    }));
    const { sql, parameters } = bulkRows(this.#db.kind, 'fresh', insertedColumns, plain);
    await manager.query(
      `INSERT INTO camera_state_interval (id, camera_id, state, reason, detail, since_at, to_at)
       SELECT id, "cameraId", state, reason, detail, "sinceAt", "toAt" FROM ${sql}`,
      parameters,
    );
  }

  /** Intervals of all cameras that a recorder has or had until they were deleted, where they overlap [fromMs, toMs). */
  ofRecorder(
    manager: EntityManager,
    recorderId: string,
    range: { fromMs: number; toMs: number },
  ): Promise<CameraStateIntervalRow[]> {
    return (
      manager
        .createQueryBuilder(cameraStateIntervalEntity, 'span')
        .innerJoin('camera', 'cam', 'cam.id = span.camera_id')
        .where('cam.recorder_id = :recorderId AND span.sinceAt < :toMs', { recorderId, toMs: range.toMs })
        .andWhere('(span.toAt IS NULL OR span.toAt > :fromMs)', { fromMs: range.fromMs })
        // Already said, but this finds the first of them in the index instead of reading years of every camera.
        .andWhere(
          `span.sinceAt >= COALESCE((SELECT max(earlier.since_at) FROM camera_state_interval earlier
          WHERE earlier.camera_id = cam.id AND earlier.since_at <= :fromMs), :fromMs)`,
        )
        .getMany()
    );
  }

  /** Puts intervals in the place of others of the same cameras, in two statements a thousand cameras. */
  async replace(
    manager: EntityManager,
    old: readonly CameraStateIntervalRow[],
    rows: readonly CameraStateIntervalRow[],
  ): Promise<void> {
    const oldOf = byCamera(old);
    const rowsOf = byCamera(rows);
    for (const some of portions([...oldOf.keys()])) {
      const ids = (await some).flatMap((cameraId) => (oldOf.get(cameraId) ?? []).map(({ id }) => ({ id })));
      const { sql, parameters } = bulkRows(this.#db.kind, 'gone', { id: 'text' }, ids);
      await manager.query(`DELETE FROM camera_state_interval WHERE id IN (SELECT id FROM ${sql})`, parameters);
      await this.#insertAll(
        manager,
        (await some).flatMap((cameraId) => rowsOf.get(cameraId) ?? []),
      );
    }
  }

  /** Area of a camera in use, where this recorder has it: who may hear of it. */
  async areaOf(manager: EntityManager, recorderId: string, cameraId: string): Promise<string | undefined> {
    const row = await manager
      .createQueryBuilder()
      .select('cam.area_id', 'area')
      .from('camera', 'cam')
      .where('cam.id = :cameraId AND cam.deleted_at IS NULL AND cam.recorder_id = :recorderId', {
        cameraId,
        recorderId,
      })
      .getRawOne<{ area: string }>();
    return row?.area;
  }

  #covering(manager: EntityManager, cameraId: string, at: number): Promise<CameraStateIntervalRow | null> {
    return manager
      .createQueryBuilder(cameraStateIntervalEntity, 'span')
      .where('span.cameraId = :cameraId AND span.sinceAt <= :at', { cameraId, at })
      .andWhere('(span.toAt IS NULL OR span.toAt > :at)')
      .getOne();
  }

  #first(manager: EntityManager, cameraId: string): Promise<CameraStateIntervalRow | null> {
    return manager.findOne(cameraStateIntervalEntity, { where: { cameraId }, order: { sinceAt: 'ASC' } });
  }

  #startingAt(manager: EntityManager, cameraId: string, sinceAt: number): Promise<CameraStateIntervalRow | null> {
    return manager.findOneBy(cameraStateIntervalEntity, { cameraId, sinceAt });
  }
}

export function intervalOnWire(row: CameraStateIntervalRow): CameraStateInterval {
  return {
    cameraId: row.cameraId,
    state: row.state,
    reason: row.reason,
    detail: row.detail,
    sinceAt: new Date(row.sinceAt).toISOString(),
    toAt: row.toAt === null ? null : new Date(row.toAt).toISOString(),
  };
}
