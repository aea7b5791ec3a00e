import type { EntityManager } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { AppError } from '../../lib/errors.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';

export interface CaseIncident {
  id: string;
  number: string;
  areaId: string;
}
export interface CaseCamera {
  id: string;
  name: string;
  recorderId: string;
}

/** The incidents and cameras that evidence hangs on, as far as a scope covers them. */
export class CasesRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @throws AppError not_found `incident_not_found`. */
  async incident(scope: AreaScope, id: string, manager: EntityManager = this.#db.read): Promise<CaseIncident> {
    const piece = inScope(scope, 'inc.area_id');
    const found = await manager
      .createQueryBuilder()
      .select('inc.id', 'id')
      .addSelect('inc.number', 'number')
      .addSelect('inc.area_id', 'areaId')
      .from('incident', 'inc')
      .where('inc.id = :id', { id })
      .andWhere(piece.sql, piece.parameters)
      .getRawOne<CaseIncident>();
    if (found === undefined) throw new AppError('not_found', 'incident_not_found', 'no such incident');
    return found;
  }

  /** In the order asked for; also cameras out of use, whose footage can be evidence. @throws AppError not_found `camera_not_found` unless the scope covers all of them. */
  async cameras(
    scope: AreaScope,
    ids: readonly string[],
    manager: EntityManager = this.#db.read,
  ): Promise<CaseCamera[]> {
    const piece = inScope(scope, 'cam.area_id');
    const rows = await manager
      .createQueryBuilder()
      .select('cam.id', 'id')
      .addSelect('cam.name', 'name')
      .addSelect('cam.recorder_id', 'recorderId')
      .from('camera', 'cam')
      .where('cam.id IN (:...ids)', { ids })
      .andWhere(piece.sql, piece.parameters)
      .getRawMany<CaseCamera>();
    const found = new Map(rows.map((row) => [row.id, row]));
    return [...new Set(ids)].map((id) => {
      const camera = found.get(id);
      if (camera === undefined) throw new AppError('not_found', 'camera_not_found', 'no such camera');
      return camera;
    });
  }

  /** @throws AppError not_found `camera_not_found`. */
  async camera(scope: AreaScope, id: string, manager: EntityManager = this.#db.read): Promise<CaseCamera> {
    const [camera] = await this.cameras(scope, [id], manager);
    if (camera === undefined) throw new AppError('not_found', 'camera_not_found', 'no such camera');
    return camera;
  }
}
