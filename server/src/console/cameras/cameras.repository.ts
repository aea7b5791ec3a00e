import { knownCameraReason, knownCameraState } from '@choi-canh/shared/health';
import type { CameraReason, CameraState } from '@choi-canh/shared/health';
import { In, IsNull, type EntityManager, type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { areaRetentions, nearestRetention, type AreaRetention } from '../../platform/db/area-retention.js';
import { inScope, withinArea, type WherePiece } from '../../platform/db/area-scope.js';
import { isUniqueViolation } from '../../platform/db/constraint-errors.js';
import type { Database } from '../../platform/db/database.js';
import { entityOf, selectedColumns } from '../../platform/db/plain-rows.js';
import { areaWays, reachedAreas } from '../../platform/db/reached-areas.js';
import { cameraEntity, type CameraRow } from './camera.entity.js';

export interface CameraNow {
  state: CameraState;
  reason: CameraReason;
  detail: string;
  sinceAt: number;
}
/** Days that a camera's footage is kept, and whose choice that is. */
export interface EffectiveRetention {
  days: number;
  source: 'camera' | 'area' | 'default';
  areaId: string | null;
}
export interface CameraWithRetention {
  row: CameraRow;
  retention: EffectiveRetention;
}
export interface CameraWithState extends CameraWithRetention {
  now: CameraNow;
}

const camerasAtOnce = 500;
/** Columns that no list needs. Whether a password opens is part of a camera's state. */
const notListed = ['endpointReference', 'firmwareVersion'] as const;

export class CamerasRepository {
  readonly #db: Database;
  readonly #defaultDays: number;

  constructor(db: Database, defaultDays: number) {
    this.#db = db;
    this.#defaultDays = defaultDays;
  }

  /**
   * Pages of the cameras in use, or of those out of use, by id, so that thousands of them are never one piece of work.
   * While one page is worked on, the next is being read.
   */
  async *pages(
    scope: AreaScope,
    { areaId, retired = false }: { areaId?: string | undefined; retired?: boolean } = {},
  ): AsyncGenerator<CameraWithState[]> {
    const choices = await areaRetentions(this.#db.read);
    const areas = await reachedAreas(this.#db.read, scope, areaId);
    for (const way of areaWays(areas, 'camera.area_id')) {
      let page: RawCamera[] | undefined = await this.#page(way, retired, '');
      while (page !== undefined && page.length > 0) {
        const last: string | undefined = page.length < camerasAtOnce ? undefined : page.at(-1)?.id;
        const next: Promise<RawCamera[]> | undefined = last === undefined ? undefined : this.#page(way, retired, last);
        // Where the caller stops here, nobody waits for it.
        next?.catch(() => undefined);
        yield page.map((raw) => this.#complete(entityOf(cameraEntity, raw), raw, choices));
        page = await next;
      }
    }
  }

  #page(way: WherePiece, retired: boolean, after: string): Promise<RawCamera[]> {
    const query = this.#db.longRead
      .createQueryBuilder()
      .select(selectedColumns(cameraEntity, 'camera', notListed))
      .from('camera', 'camera')
      .where(`camera.deleted_at IS ${retired ? 'NOT NULL' : 'NULL'} AND camera.id > :after`, { after })
      .andWhere(way.sql, way.parameters)
      .orderBy('camera.id', 'ASC')
      .limit(camerasAtOnce);
    return withPlace(withSpan(query)).getRawMany<RawCamera>();
  }

  async find(
    scope: AreaScope,
    id: string,
    manager: EntityManager = this.#db.read,
  ): Promise<CameraWithState | undefined> {
    return (await this.#withState(this.#present(scope, manager).andWhere('camera.id = :id', { id }), manager))[0];
  }

  /** Also one out of use. */
  async findEver(
    scope: AreaScope,
    id: string,
    manager: EntityManager = this.#db.read,
  ): Promise<CameraWithState | undefined> {
    return (await this.#withState(this.#ever(scope, manager).andWhere('camera.id = :id', { id }), manager))[0];
  }

  /** Every camera that a recorder has or had, in use or not. */
  everOfRecorder(recorderId: string): Promise<CameraRow[]> {
    return this.#db.read.findBy(cameraEntity, { recorderId });
  }

  /** Cameras of a recorder that are out of use, with the days that what is left of them is kept. */
  async keptOf(recorderId: string): Promise<{ id: string; retentionDays: number }[]> {
    const query = this.#db.read
      .createQueryBuilder(cameraEntity, 'camera')
      .where('camera.recorderId = :recorderId AND camera.retiredAt IS NOT NULL', { recorderId });
    return this.#withRetention(query, this.#db.read, ({ row, retention }) => ({
      id: row.id,
      retentionDays: retention.days,
    }));
  }

  /** Every camera in use, of all recorders: what its password is stored as. */
  inUse(): Promise<Pick<CameraRow, 'id' | 'passwordBox'>[]> {
    return this.#db.read.find(cameraEntity, {
      select: { id: true, passwordBox: true },
      where: { retiredAt: IsNull() },
    });
  }

  /** Cameras of a recorder, whatever their area: for the recorder and for recognising found devices. */
  ofRecorder(recorderId: string, manager: EntityManager = this.#db.read): Promise<CameraRow[]> {
    return manager
      .createQueryBuilder(cameraEntity, 'camera')
      .where('camera.recorderId = :recorderId AND camera.retiredAt IS NULL', { recorderId })
      .orderBy('camera.createdAt', 'ASC')
      .addOrderBy('camera.id', 'ASC')
      .getMany();
  }

  countOf(recorderId: string, manager: EntityManager = this.#db.read): Promise<number> {
    return manager.countBy(cameraEntity, { recorderId, retiredAt: IsNull() });
  }

  /** Cameras of a recorder with the days that each keeps, by id: these, or a page behind an id. */
  async desiredOf(
    recorderId: string,
    which: { ids: readonly string[] } | { after: string; limit: number },
  ): Promise<CameraWithRetention[]> {
    const query = this.#db.read
      .createQueryBuilder(cameraEntity, 'camera')
      .where('camera.recorderId = :recorderId AND camera.retiredAt IS NULL', { recorderId })
      .orderBy('camera.id', 'ASC');
    if ('ids' in which) {
      if (which.ids.length === 0) return [];
      query.andWhere('camera.id IN (:...ids)', which);
    } else query.andWhere('camera.id > :after', which).limit(which.limit);
    return this.#withRetention(query, this.#db.read, (found) => found);
  }

  /** Those of the ids that are, or were, cameras. */
  async knownIds(ids: readonly string[], manager: EntityManager): Promise<Set<string>> {
    const known = new Set<string>();
    for (let at = 0; at < ids.length; at += 500) {
      const rows = await manager.find(cameraEntity, {
        select: { id: true },
        where: { id: In(ids.slice(at, at + 500)) },
      });
      for (const { id } of rows) known.add(id);
    }
    return known;
  }

  async insert(manager: EntityManager, row: CameraRow): Promise<void> {
    await manager.insert(cameraEntity, row);
  }

  /** Cameras at or below an area, by the area that each is in: who hears that it changed. */
  async idsWithin(areaId: string): Promise<Map<string, string[]>> {
    const within = withinArea(areaId, 'camera.areaId');
    const rows = await this.#db.read
      .createQueryBuilder(cameraEntity, 'camera')
      .select(['camera.id', 'camera.areaId'])
      .where('camera.retiredAt IS NULL')
      .andWhere(within.sql, within.parameters)
      .getMany();
    const byArea = new Map<string, string[]>();
    for (const { id, areaId: own } of rows) byArea.set(own, [...(byArea.get(own) ?? []), id]);
    return byArea;
  }

  /** Which of these cameras' ids lie in the scope. */
  async idsInScope(scope: AreaScope, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#present(scope, this.#db.read)
      .select('camera.id', 'id')
      .andWhere('camera.id IN (:...ids)', { ids })
      .getRawMany<{ id: string }>();
    return new Set(rows.map((row) => row.id));
  }

  /** Recorder of each of these cameras that lies in the scope. */
  async recordersOf(scope: AreaScope, ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#present(scope, this.#db.read)
      .select('camera.id', 'id')
      .addSelect('camera.recorderId', 'recorderId')
      .andWhere('camera.id IN (:...ids)', { ids })
      .getRawMany<{ id: string; recorderId: string }>();
    return new Map(rows.map((row) => [row.id, row.recorderId]));
  }

  /** Also of those out of use. */
  async namesOf(scope: AreaScope, ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const piece = inScope(scope, 'camera.areaId');
    const rows = await this.#db.read
      .createQueryBuilder(cameraEntity, 'camera')
      .select(['camera.id', 'camera.name'])
      .where('camera.id IN (:...ids)', { ids })
      .andWhere(piece.sql, piece.parameters)
      .getMany();
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  async areaInScope(scope: AreaScope, areaId: string, manager: EntityManager = this.#db.read): Promise<boolean> {
    const piece = inScope(scope, 'area.id');
    const row = await manager
      .createQueryBuilder()
      .select('area.id', 'id')
      .from('area', 'area')
      .where('area.id = :areaId', { areaId })
      .andWhere(piece.sql, piece.parameters)
      .getRawOne<{ id: string }>();
    return row !== undefined;
  }

  /** Inserts a camera and does `work` with it, both or neither; undefined where its recorder has one at that address. */
  async add(row: CameraRow, work: (manager: EntityManager) => Promise<void>): Promise<CameraRow | undefined> {
    try {
      return await this.#db.write(async (manager) => {
        await manager.insert(cameraEntity, row);
        await work(manager);
        return row;
      });
    } catch (error) {
      if (isUniqueViolation(error)) return undefined;
      throw error;
    }
  }

  async update(manager: EntityManager, id: string, changes: Partial<CameraRow>): Promise<void> {
    await manager.update(cameraEntity, { id }, changes);
  }

  #present(scope: AreaScope, manager: EntityManager): SelectQueryBuilder<CameraRow> {
    return this.#ever(scope, manager).andWhere('camera.retiredAt IS NULL');
  }

  #ever(scope: AreaScope, manager: EntityManager): SelectQueryBuilder<CameraRow> {
    const piece = inScope(scope, 'camera.areaId');
    return manager.createQueryBuilder(cameraEntity, 'camera').where(piece.sql, piece.parameters);
  }

  async #withRetention<T>(
    query: SelectQueryBuilder<CameraRow>,
    manager: EntityManager,
    complete: (found: CameraWithRetention, raw: RawState | undefined) => T,
  ): Promise<T[]> {
    const { raw, entities } = await withPlace(query).getRawAndEntities<RawState>();
    const choices = await areaRetentions(manager);
    // At most one interval is open (a unique index says so), hence raw rows and entities go in step.
    return entities.map((row, index) => {
      const retention = this.#retentionOf(row, raw[index]?.area_path ?? '', choices);
      return complete({ row, retention }, raw[index]);
    });
  }

  #retentionOf(row: CameraRow, path: string, choices: readonly AreaRetention[]): EffectiveRetention {
    if (row.retentionDays !== null) return { days: row.retentionDays, source: 'camera', areaId: null };
    const nearest = nearestRetention(path, choices);
    return nearest === undefined
      ? { days: this.#defaultDays, source: 'default', areaId: null }
      : { days: nearest.days, source: 'area', areaId: nearest.areaId };
  }

  async #withState(query: SelectQueryBuilder<CameraRow>, manager: EntityManager): Promise<CameraWithState[]> {
    const { raw, entities } = await withPlace(withSpan(query)).getRawAndEntities<RawState>();
    const choices = await areaRetentions(manager);
    return entities.map((row, index) => this.#complete(row, raw[index], choices));
  }

  #complete(row: CameraRow, raw: RawState | undefined, choices: readonly AreaRetention[]): CameraWithState {
    return {
      row,
      retention: this.#retentionOf(row, raw?.area_path ?? '', choices),
      now: {
        state: knownCameraState(raw?.now_state ?? 'unknown'),
        reason: knownCameraReason(raw?.now_reason ?? 'connecting'),
        detail: raw?.now_detail ?? '',
        sinceAt: Number(raw?.now_since ?? row.createdAt),
      },
    };
  }
}

/** At most one interval is open (a unique index says so), hence raw rows and entities go in step. */
function withSpan<T extends ObjectLiteral>(query: SelectQueryBuilder<T>): SelectQueryBuilder<T> {
  return query
    .leftJoin('camera_state_interval', 'span', 'span.camera_id = camera.id AND span.to_at IS NULL')
    .addSelect('span.state', 'now_state')
    .addSelect('span.reason', 'now_reason')
    .addSelect('span.detail', 'now_detail')
    .addSelect('span.since_at', 'now_since');
}

function withPlace<T extends ObjectLiteral>(query: SelectQueryBuilder<T>): SelectQueryBuilder<T> {
  return query.leftJoin('area', 'place', 'place.id = camera.area_id').addSelect('place.path', 'area_path');
}

type RawCamera = Record<string, unknown> & RawState & { id: string };

interface RawState {
  now_state: string | null;
  now_reason: string | null;
  now_detail: string | null;
  now_since: number | string | null;
  area_path: string | null;
}
