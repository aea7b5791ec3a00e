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
import { IntervalWrites } from './interval-writes.repository.js';
import { spliced, type Around, type Splice } from './spliced.js';

export type StateFact = Omit<CameraStatus, 'cameraId' | 'sinceAt'>;

/** The interval of a camera that has no end, and the area that the camera is in. */
export type OpenInterval = CameraStateIntervalRow & { areaId: string };

interface OpenChange<T extends CameraStateIntervalRow = OpenInterval> {
  open: T;
  fact: StateFact;
  atMs: number;
}
/** That a camera is in a state since then, by what its recorder noted. */
export interface NotedState {
  cameraId: string;
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

/** Intervals of one camera touch and never overlap; exactly one has no end. */
export class StateIntervalsRepository {
  readonly #db: Database;
  readonly #writes: IntervalWrites;

  constructor(db: Database) {
    this.#db = db;
    this.#writes = new IntervalWrites(db.kind);
  }

  async begin(manager: EntityManager, cameraId: string, fact: StateFact, sinceAt: number): Promise<void> {
    await manager.insert(cameraStateIntervalEntity, { id: newId(), cameraId, ...fact, sinceAt, toAt: null });
  }

  /** Enters what is so from now on; the open interval is never cut short of its beginning. */
  async enterNow(manager: EntityManager, cameraId: string, fact: StateFact, at: number): Promise<void> {
    const open = await manager
      .createQueryBuilder(cameraStateIntervalEntity, 'span')
      .where('span.cameraId = :cameraId AND span.toAt IS NULL', { cameraId })
      .getOne();
    if (open === null) await this.begin(manager, cameraId, fact, at);
    else await this.enterAll(manager, [{ open, fact, atMs: Math.max(at, open.sinceAt) }]);
  }

  /**
   * Enters what a recorder noted of its cameras in use, each camera at most once: that it was in a state from then on,
   * until the next thing that is known of it; late facts are spliced into the past. Five statements a thousand at most.
   * @returns the open intervals that this changed.
   */
  async enterNoted(manager: EntityManager, recorderId: string, noted: readonly NotedState[]): Promise<OpenInterval[]> {
    const changed: OpenInterval[] = [];
    for (const some of portions(noted)) {
      const known = await this.#around(manager, recorderId, await some);
      const splices: Splice<OpenInterval>[] = [];
      for (const { cameraId, fact, atMs } of await some) {
        const found = known.get(cameraId);
        const splice = found && spliced(found, fact, atMs);
        if (splice !== undefined) splices.push(splice);
      }
      changed.push(...(await this.#write(manager, splices)));
    }
    return changed;
  }

  /** Intervals of a camera that overlap [fromMs, toMs), oldest first; of more than `limit` the newest. */
  async list(
    cameraId: string,
    fromMs: number,
    toMs: number,
    limit = 5000,
  ): Promise<{ rows: CameraStateIntervalRow[]; isCut: boolean }> {
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
      .limit(limit + 1)
      .getRawMany<Record<string, unknown>>();
    const newest = rows.slice(0, limit).reverse();
    return { rows: newest.map((row) => entityOf(cameraStateIntervalEntity, row)), isCut: rows.length > limit };
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
    const { sql, parameters, join } = bulkRows(this.#db.kind, 'said', columns, said);
    const rows: unknown[] = await this.#db.read.query(
      `SELECT 1 FROM ${sql}
       ${join} camera_state_interval span ON span.camera_id = said."cameraId" AND span.to_at IS NULL
       ${join} camera cam ON cam.id = span.camera_id
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
  async enterAll<T extends CameraStateIntervalRow>(
    manager: EntityManager,
    changes: readonly OpenChange<T>[],
  ): Promise<T[]> {
    const changed: T[] = [];
    for (const some of portions(changes)) {
      const splices = (await some).flatMap(
        ({ open, fact, atMs }) => spliced({ covering: open, follower: undefined }, fact, atMs) ?? [],
      );
      changed.push(...(await this.#write(manager, splices)));
    }
    return changed;
  }

  async #write<T extends CameraStateIntervalRow>(manager: EntityManager, splices: readonly Splice<T>[]): Promise<T[]> {
    const of = <K extends keyof Splice<T>>(key: K) => splices.flatMap((splice) => splice[key] ?? []);
    const [restated, begunEarlier, inserted] = [of('restated'), of('begunEarlier'), of('inserted')];
    // Exactly one interval of a camera is open at any time: what ends comes first.
    await this.#writes.end(manager, of('ended'));
    await this.#writes.restate(manager, restated);
    await this.#writes.beginEarlier(manager, begunEarlier);
    await this.#writes.insert(manager, inserted);
    return [...restated, ...begunEarlier, ...inserted].filter(({ toAt }) => toAt === null);
  }

  /** Of each camera in use its interval at that time, else its first, and the one that begins where that ends. */
  async #around(
    manager: EntityManager,
    recorderId: string,
    noted: readonly NotedState[],
  ): Promise<ReadonlyMap<string, Around<OpenInterval>>> {
    const said = noted.map(({ cameraId, atMs }) => ({ cameraId, atMs: Math.trunc(atMs) }));
    const { sql, parameters, join } = bulkRows(this.#db.kind, 'said', { cameraId: 'text', atMs: 'bigint' }, said);
    const rows = (await manager.query(
      `SELECT cam.area_id AS "areaId", ${intervalColumns('covering', '')}, ${intervalColumns('follower', 'next_')}
       FROM ${sql}
       ${join} camera cam ON cam.id = said."cameraId"
       ${join} camera_state_interval covering ON covering.camera_id = cam.id AND covering.since_at = COALESCE(
         (SELECT MAX(early.since_at) FROM camera_state_interval early
          WHERE early.camera_id = cam.id AND early.since_at <= said."atMs"),
         (SELECT MIN(late.since_at) FROM camera_state_interval late WHERE late.camera_id = cam.id))
       LEFT JOIN camera_state_interval follower
         ON follower.camera_id = cam.id AND follower.since_at = covering.to_at AND follower.id <> covering.id
       WHERE cam.deleted_at IS NULL AND cam.recorder_id = ${this.#db.kind === 'sqlite' ? '?' : '$2'}`,
      [...parameters, recorderId],
    )) as RawAround[];
    return new Map(
      rows.map((row) => {
        const { areaId } = row;
        const covering = { areaId, ...intervalOf(row, '') };
        const follower = row.next_id === null ? undefined : { areaId, ...intervalOf(row, 'next_') };
        return [covering.cameraId, { covering, follower }];
      }),
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
      await this.#writes.remove(manager, ids);
      const fresh = (await some).flatMap((cameraId) => rowsOf.get(cameraId) ?? []);
      await this.#writes.insert(manager, fresh);
    }
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

type RawAround = Record<string, string | number | null> & { areaId: string };

const intervalColumns = (alias: string, mark: string) =>
  ['id', 'camera_id', 'state', 'reason', 'detail', 'since_at', 'to_at']
    .map((column) => `${alias}.${column} AS ${mark}${column}`)
    .join(', ');

function intervalOf(row: RawAround, mark: string): CameraStateIntervalRow {
  const text = (column: string) => String(row[mark + column]);
  const toAt = row[`${mark}to_at`] ?? null;
  return {
    id: text('id'),
    cameraId: text('camera_id'),
    state: knownCameraState(text('state')),
    reason: knownCameraReason(text('reason')),
    detail: text('detail'),
    sinceAt: Number(row[`${mark}since_at`]),
    toAt: toAt === null ? null : Number(toAt),
  };
}
