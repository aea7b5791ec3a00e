import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { areaRetentions, type AreaRetention } from '../../platform/db/area-retention.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { areaEntity, type AreaRow } from './area.entity.js';

export class AreasRepository {
  constructor(private readonly database: Database) {}

  /** Parents before their children, siblings by name. */
  list(scope: AreaScope): Promise<AreaRow[]> {
    const scoped = inScope(scope, 'area.id');
    return this.database.read
      .createQueryBuilder(areaEntity, 'area')
      .where(scoped.sql, scoped.parameters)
      .orderBy('length(area.path)', 'ASC')
      .addOrderBy('area.name', 'ASC')
      .getMany();
  }

  find(scope: AreaScope, id: string, manager: EntityManager = this.database.read): Promise<AreaRow | null> {
    const scoped = inScope(scope, 'area.id');
    return manager
      .createQueryBuilder(areaEntity, 'area')
      .where('area.id = :id', { id })
      .andWhere(scoped.sql, scoped.parameters)
      .getOne();
  }

  async codes(manager: EntityManager): Promise<Map<string, string>> {
    const rows = await manager.find(areaEntity, { select: { id: true, code: true } });
    return new Map(rows.map((row) => [row.code, row.id]));
  }

  insert(manager: EntityManager, row: AreaRow): Promise<unknown> {
    return manager.insert(areaEntity, row as QueryDeepPartialEntity<AreaRow>);
  }

  update(manager: EntityManager, id: string, change: Partial<AreaRow>): Promise<unknown> {
    return manager.update(areaEntity, { id }, change as QueryDeepPartialEntity<AreaRow>);
  }

  /** Gives an area and everything below it the new path. */
  async repath(manager: EntityManager, fromPath: string, toPath: string): Promise<void> {
    await manager
      .createQueryBuilder()
      .update(areaEntity)
      .set({ path: () => 'CAST(:toPath AS text) || substr(path, :rest)' })
      .where('substr(path, 1, :fromLength) = :fromPath')
      .setParameters({ toPath, rest: fromPath.length + 1, fromLength: fromPath.length, fromPath })
      .execute();
  }

  /** Path of the deepest area at or below the one with this path. */
  async deepest(manager: EntityManager, path: string): Promise<string> {
    const row = await manager
      .createQueryBuilder(areaEntity, 'area')
      .where('substr(area.path, 1, :length) = :path', { length: path.length, path })
      .orderBy('length(area.path)', 'DESC')
      .limit(1)
      .getOne();
    return row?.path ?? path;
  }

  countChildren(manager: EntityManager, id: string): Promise<number> {
    return manager.countBy(areaEntity, { parentId: id });
  }

  delete(manager: EntityManager, id: string): Promise<unknown> {
    return manager.delete(areaEntity, { id });
  }

  /** Days that areas chose, those outside any scope too. */
  retentions(): Promise<AreaRetention[]> {
    return areaRetentions(this.database.read);
  }

  /** Id and path of every area, for the tree kept in memory. */
  paths(): Promise<Pick<AreaRow, 'id' | 'path'>[]> {
    return this.database.read.find(areaEntity, { select: { id: true, path: true } });
  }
}
