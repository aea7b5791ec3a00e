import type { CameraReason, CameraState } from '@choi-canh/shared/health';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope, withinArea } from '../../platform/db/area-scope.js';
import { isUniqueViolation } from '../../platform/db/constraint-errors.js';
import type { Database } from '../../platform/db/database.js';
import { cameraEntity, type CameraRow } from './camera.entity.js';

export interface CameraNow {
  state: CameraState;
  reason: CameraReason;
  detail: string;
  sinceAt: number;
}
export interface CameraWithState {
  row: CameraRow;
  now: CameraNow;
}

export class CamerasRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(scope: AreaScope, areaId?: string): Promise<CameraWithState[]> {
    const query = this.#present(scope, this.#db.read);
    if (areaId !== undefined) {
      const within = withinArea(areaId, 'camera.areaId');
      query.andWhere(within.sql, within.parameters);
    }
    return withState(query);
  }

  async find(
    scope: AreaScope,
    id: string,
    manager: EntityManager = this.#db.read,
  ): Promise<CameraWithState | undefined> {
    return (await withState(this.#present(scope, manager).andWhere('camera.id = :id', { id })))[0];
  }

  /** Cameras of a recorder, whatever their area: for the recorder and for recognising found devices. */
  ofRecorder(recorderId: string, manager: EntityManager = this.#db.read): Promise<CameraRow[]> {
    return manager
      .createQueryBuilder(cameraEntity, 'camera')
      .where('camera.recorderId = :recorderId AND camera.deletedAt IS NULL', { recorderId })
      .orderBy('camera.createdAt', 'ASC')
      .addOrderBy('camera.id', 'ASC')
      .getMany();
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
    const piece = inScope(scope, 'camera.areaId');
    return manager
      .createQueryBuilder(cameraEntity, 'camera')
      .where('camera.deletedAt IS NULL')
      .andWhere(piece.sql, piece.parameters);
  }
}

interface RawState {
  now_state: CameraState | null;
  now_reason: CameraReason | null;
  now_detail: string | null;
  now_since: number | string | null;
}

async function withState(query: SelectQueryBuilder<CameraRow>): Promise<CameraWithState[]> {
  const { raw, entities } = await query
    .leftJoin('camera_state_interval', 'span', 'span.camera_id = camera.id AND span.to_at IS NULL')
    .addSelect('span.state', 'now_state')
    .addSelect('span.reason', 'now_reason')
    .addSelect('span.detail', 'now_detail')
    .addSelect('span.since_at', 'now_since')
    .getRawAndEntities<RawState>();
  // At most one interval is open (a unique index says so), hence raw rows and entities go in step.
  return entities.map((row, index) => {
    const state = raw[index];
    return {
      row,
      now: {
        state: state?.now_state ?? 'unknown',
        reason: state?.now_reason ?? 'connecting',
        detail: state?.now_detail ?? '',
        sinceAt: Number(state?.now_since ?? row.createdAt),
      },
    };
  });
}
