import type { CameraStateInterval, CameraStatus } from '@choi-canh/shared/health';
import { In, type EntityManager } from 'typeorm';
import { newId } from '../../lib/ids.js';
import type { Database } from '../../platform/db/database.js';
import { cameraStateIntervalEntity, type CameraStateIntervalRow } from './camera-state-interval.entity.js';

export type StateFact = Omit<CameraStatus, 'cameraId' | 'sinceAt'>;

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

  /** Intervals of a camera that overlap [fromMs, toMs), oldest first, at most `limit`. */
  list(cameraId: string, fromMs: number, toMs: number, limit = 5000): Promise<CameraStateIntervalRow[]> {
    return this.#db.read
      .createQueryBuilder(cameraStateIntervalEntity, 'span')
      .where('span.cameraId = :cameraId AND span.sinceAt < :toMs', { cameraId, toMs })
      .andWhere('(span.toAt IS NULL OR span.toAt > :fromMs)', { fromMs })
      .orderBy('span.sinceAt', 'ASC')
      .limit(limit)
      .getMany();
  }

  /** Open intervals of a recorder's cameras. */
  openOfRecorder(manager: EntityManager, recorderId: string): Promise<CameraStateIntervalRow[]> {
    return manager
      .createQueryBuilder(cameraStateIntervalEntity, 'span')
      .innerJoin('camera', 'cam', 'cam.id = span.camera_id')
      .where('span.toAt IS NULL AND cam.deleted_at IS NULL AND cam.recorder_id = :recorderId', { recorderId })
      .getMany();
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

  async replace(
    manager: EntityManager,
    old: readonly CameraStateIntervalRow[],
    rows: readonly CameraStateIntervalRow[],
  ): Promise<void> {
    for (let start = 0; start < old.length; start += 500) {
      const ids = old.slice(start, start + 500).map((row) => row.id);
      await manager.delete(cameraStateIntervalEntity, { id: In(ids) });
    }
    for (let start = 0; start < rows.length; start += 500) {
      await manager.insert(cameraStateIntervalEntity, rows.slice(start, start + 500));
    }
  }

  /** Areas of those cameras that this recorder has, to know who may hear of them. */
  async areasOf(
    manager: EntityManager,
    recorderId: string,
    cameraIds: readonly string[],
  ): Promise<Map<string, string>> {
    const areas = new Map<string, string>();
    for (let start = 0; start < cameraIds.length; start += 500) {
      const rows = await manager
        .createQueryBuilder()
        .select(['cam.id AS id', 'cam.area_id AS area'])
        .from('camera', 'cam')
        .where('cam.id IN (:...ids) AND cam.deleted_at IS NULL', { ids: cameraIds.slice(start, start + 500) })
        .andWhere('cam.recorder_id = :recorderId', { recorderId })
        .getRawMany<{ id: string; area: string }>();
      for (const row of rows) areas.set(row.id, row.area);
    }
    return areas;
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
