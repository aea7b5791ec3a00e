import type { EntityManager } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { casePieces, type CasePiece } from './case-piece.repository.js';
import { tagEntity, type TagRow } from './tag.entity.js';

export type TagView = CasePiece<TagRow>;

export class TagsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(incidentId: string): Promise<TagView[]> {
    return casePieces(
      this.#db.read
        .createQueryBuilder(tagEntity, 'tag')
        .where('tag.incidentId = :incidentId', { incidentId })
        .orderBy('tag.fromAt', 'ASC')
        .addOrderBy('tag.id', 'ASC')
        .limit(5000),
    );
  }

  async find(scope: AreaScope, id: string, manager: EntityManager = this.#db.read): Promise<TagView | undefined> {
    const piece = inScope(scope, 'inc.area_id');
    const query = manager.createQueryBuilder(tagEntity, 'tag').where('tag.id = :id', { id });
    return (await casePieces(query.andWhere(piece.sql, piece.parameters)))[0];
  }

  async insert(manager: EntityManager, row: TagRow): Promise<void> {
    await manager.insert(tagEntity, row);
  }

  async update(manager: EntityManager, id: string, changes: Partial<TagRow>): Promise<void> {
    await manager.update(tagEntity, { id }, changes);
  }

  async delete(manager: EntityManager, id: string): Promise<void> {
    await manager.delete(tagEntity, { id });
  }
}
