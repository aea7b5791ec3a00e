import type { DesiredHold } from '@choi-canh/shared/recorder-api';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { casePieces, type CasePiece } from './case-piece.repository.js';
import { holdEntity, type HoldRow } from './hold.entity.js';

export type HoldView = CasePiece<HoldRow>;

export class HoldsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(incidentId: string): Promise<HoldView[]> {
    return casePieces(
      this.#db.read
        .createQueryBuilder(holdEntity, 'hold')
        .where('hold.incidentId = :incidentId', { incidentId })
        .orderBy('hold.createdAt', 'ASC')
        .addOrderBy('hold.id', 'ASC')
        .limit(5000),
    );
  }

  async find(scope: AreaScope, id: string, manager: EntityManager = this.#db.read): Promise<HoldView | undefined> {
    const piece = inScope(scope, 'inc.area_id');
    const query = manager.createQueryBuilder(holdEntity, 'hold').where('hold.id = :id', { id });
    return (await casePieces(query.andWhere(piece.sql, piece.parameters)))[0];
  }

  byIds(manager: EntityManager, ids: readonly string[]): Promise<HoldView[]> {
    if (ids.length === 0) return Promise.resolve([]);
    return casePieces(manager.createQueryBuilder(holdEntity, 'hold').where('hold.id IN (:...ids)', { ids }));
  }

  /** Holds of a recorder's cameras that are on their way into or out of it. */
  unsettled(manager: EntityManager, recorderId: string): Promise<HoldView[]> {
    return casePieces(
      manager
        .createQueryBuilder(holdEntity, 'hold')
        .where(`hold.state IN ('pending', 'releasing') AND cam.recorder_id = :recorderId`, { recorderId }),
    );
  }

  /** All that a recorder shall hold, also of cameras that are out of use. */
  async desired(recorderId: string): Promise<DesiredHold[]> {
    const rows = await this.#wanted(this.#db.read, recorderId)
      .orderBy('hold.createdAt', 'ASC')
      .addOrderBy('hold.id', 'ASC')
      .getMany();
    return rows.map((row) => ({
      id: row.id,
      cameraId: row.cameraId,
      from: new Date(row.fromAt).toISOString(),
      to: new Date(row.toAt).toISOString(),
    }));
  }

  /** How many a recorder holds, or shall hold. */
  countOf(manager: EntityManager, recorderId: string): Promise<number> {
    return this.#wanted(manager, recorderId).getCount();
  }

  async insert(manager: EntityManager, row: HoldRow): Promise<void> {
    await manager.insert(holdEntity, row);
  }

  async update(manager: EntityManager, id: string, changes: Partial<HoldRow>): Promise<void> {
    await manager.update(holdEntity, { id }, changes);
  }

  #wanted(manager: EntityManager, recorderId: string): SelectQueryBuilder<HoldRow> {
    return manager
      .createQueryBuilder(holdEntity, 'hold')
      .innerJoin('camera', 'cam', 'cam.id = hold.camera_id')
      .where(`hold.state IN ('pending', 'held') AND cam.recorder_id = :recorderId`, { recorderId });
  }
}
