import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { tagEntity, type TagRow } from './tag.entity.js';

export interface TagView {
  row: TagRow;
  cameraName: string;
  recorderId: string;
  areaId: string;
  incidentNumber: string;
}

export class TagsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(incidentId: string): Promise<TagView[]> {
    return views(
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
    return (await views(query.andWhere(piece.sql, piece.parameters)))[0];
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

async function views(query: SelectQueryBuilder<TagRow>): Promise<TagView[]> {
  const { raw, entities } = await query
    .innerJoin('incident', 'inc', 'inc.id = tag.incident_id')
    .innerJoin('camera', 'cam', 'cam.id = tag.camera_id')
    .addSelect('cam.name', 'view_camera')
    .addSelect('cam.recorder_id', 'view_recorder')
    .addSelect('inc.area_id', 'view_area')
    .addSelect('inc.number', 'view_number')
    .getRawAndEntities<Record<'view_camera' | 'view_recorder' | 'view_area' | 'view_number', string>>();
  return entities.map((row, index) => ({
    row,
    cameraName: raw[index]?.view_camera ?? '',
    recorderId: raw[index]?.view_recorder ?? '',
    areaId: raw[index]?.view_area ?? '',
    incidentNumber: raw[index]?.view_number ?? '',
  }));
}
