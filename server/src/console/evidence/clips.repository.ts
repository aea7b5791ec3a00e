import type { EntityManager } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { casePieces, type CasePiece } from './case-piece.repository.js';
import { clipEntity, type ClipRow } from './clip.entity.js';

export type ClipView = CasePiece<ClipRow>;

export class ClipsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(incidentId: string): Promise<ClipView[]> {
    return casePieces(
      this.#db.read
        .createQueryBuilder(clipEntity, 'clip')
        .where('clip.incidentId = :incidentId AND clip.deletedAt IS NULL', { incidentId })
        .orderBy('clip.createdAt', 'ASC')
        .addOrderBy('clip.id', 'ASC')
        .limit(5000),
    );
  }

  async find(scope: AreaScope, id: string, manager: EntityManager = this.#db.read): Promise<ClipView | undefined> {
    const piece = inScope(scope, 'inc.area_id');
    const query = manager
      .createQueryBuilder(clipEntity, 'clip')
      .where('clip.id = :id AND clip.deletedAt IS NULL', { id })
      .andWhere(piece.sql, piece.parameters);
    return (await casePieces(query))[0];
  }

  /** For the queue, which has no scope; deleted ones too. */
  async byId(id: string, manager: EntityManager = this.#db.read): Promise<ClipView | undefined> {
    return (await casePieces(manager.createQueryBuilder(clipEntity, 'clip').where('clip.id = :id', { id })))[0];
  }

  /** Clips that are not finished, oldest first. */
  waiting(): Promise<ClipRow[]> {
    return this.#db.read
      .createQueryBuilder(clipEntity, 'clip')
      .where(`clip.state IN ('queued', 'running') AND clip.deletedAt IS NULL`)
      .orderBy('clip.createdAt', 'ASC')
      .addOrderBy('clip.id', 'ASC')
      .limit(1000)
      .getMany();
  }

  /** Clips that left something behind: a copy at the recorder, or files of a deleted one. */
  leftovers(): Promise<ClipRow[]> {
    return this.#db.read
      .createQueryBuilder(clipEntity, 'clip')
      .where('clip.deletedAt IS NOT NULL')
      .orWhere(`clip.state IN ('done', 'failed') AND clip.recorderCopy = TRUE`)
      .limit(1000)
      .getMany();
  }

  async insert(manager: EntityManager, row: ClipRow): Promise<void> {
    await manager.insert(clipEntity, row);
  }

  /** False where the clip is finished or was deleted meanwhile. */
  updateUnfinished(id: string, changes: Partial<ClipRow>): Promise<boolean> {
    return this.#db.write(async (manager) => {
      const done = await manager
        .createQueryBuilder()
        .update(clipEntity)
        .set(changes)
        .where(`id = :id AND state IN ('queued', 'running') AND deleted_at IS NULL`, { id })
        .execute();
      if (done.affected !== undefined) return done.affected === 1;
      return true;
    });
  }

  async markDeleted(manager: EntityManager, id: string, deletedAt: number): Promise<void> {
    await manager.update(clipEntity, { id }, { deletedAt });
  }

  async forgotten(id: string): Promise<void> {
    await this.#db.write((manager) => manager.update(clipEntity, { id }, { recorderCopy: false }));
  }

  async remove(id: string): Promise<void> {
    await this.#db.write((manager) => manager.delete(clipEntity, { id }));
  }
}
