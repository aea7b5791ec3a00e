import type { EntityManager } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { openingCameraEntity } from './opening-camera.entity.js';
import { openingEntity, type OpeningRow } from './opening.entity.js';

export interface FootageCamera {
  id: string;
  name: string;
  areaId: string;
  recorderId: string;
}

export class OpeningsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Those of these cameras that the scope covers; also cameras out of use, whose footage stays theirs. */
  cameras(scope: AreaScope, ids: readonly string[], manager: EntityManager = this.#db.read): Promise<FootageCamera[]> {
    const piece = inScope(scope, 'cam.area_id');
    return manager
      .createQueryBuilder()
      .select('cam.id', 'id')
      .addSelect('cam.name', 'name')
      .addSelect('cam.area_id', 'areaId')
      .addSelect('cam.recorder_id', 'recorderId')
      .from('camera', 'cam')
      .where('cam.id IN (:...ids)', { ids })
      .andWhere(piece.sql, piece.parameters)
      .getRawMany<FootageCamera>();
  }

  /** Enters an opening and does away with those that ended; audit records are what is kept of them. */
  async add(manager: EntityManager, row: OpeningRow, cameraIds: readonly string[]): Promise<void> {
    await manager
      .createQueryBuilder()
      .delete()
      .from(openingEntity)
      .where('expires_at < :now', { now: row.createdAt })
      .execute();
    await manager.insert(openingEntity, row);
    for (const cameraId of cameraIds) await manager.insert(openingCameraEntity, { openingId: row.id, cameraId });
  }

  /** An opening of this session that has not ended. */
  async find(
    sessionId: string,
    id: string,
    nowMs: number,
  ): Promise<{ row: OpeningRow; cameraIds: string[] } | undefined> {
    const row = await this.#db.read
      .createQueryBuilder(openingEntity, 'opening')
      .where('opening.id = :id AND opening.sessionId = :sessionId AND opening.expiresAt > :nowMs', {
        id,
        sessionId,
        nowMs,
      })
      .getOne();
    if (row === null) return undefined;
    const cameras = await this.#db.read.findBy(openingCameraEntity, { openingId: id });
    return { row, cameraIds: cameras.map((camera) => camera.cameraId) };
  }

  /** A camera of an opening, in the scope as it is now: one query, since every media segment asks it. */
  async camera(
    scope: AreaScope,
    sessionId: string,
    openingId: string,
    cameraId: string,
    nowMs: number,
  ): Promise<{ camera: FootageCamera; fromAt: number; toAt: number } | undefined> {
    const piece = inScope(scope, 'cam.area_id');
    const found = await this.#db.read
      .createQueryBuilder()
      .select('cam.id', 'id')
      .addSelect('cam.name', 'name')
      .addSelect('cam.area_id', 'areaId')
      .addSelect('cam.recorder_id', 'recorderId')
      .addSelect('op.from_at', 'fromAt')
      .addSelect('op.to_at', 'toAt')
      .from('opening', 'op')
      .innerJoin('opening_camera', 'oc', 'oc.opening_id = op.id')
      .innerJoin('camera', 'cam', 'cam.id = oc.camera_id')
      .where('op.id = :openingId AND op.session_id = :sessionId AND op.expires_at > :nowMs', {
        openingId,
        sessionId,
        nowMs,
      })
      .andWhere('cam.id = :cameraId', { cameraId })
      .andWhere(piece.sql, piece.parameters)
      .getRawOne<FootageCamera & { fromAt: number | string; toAt: number | string }>();
    if (found === undefined) return undefined;
    const { fromAt, toAt, ...camera } = found;
    return { camera, fromAt: Number(fromAt), toAt: Number(toAt) };
  }
}
