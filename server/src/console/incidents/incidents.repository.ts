import type { IncidentState } from '@choi-canh/shared/incidents';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { inScope } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { reachedAreas } from '../../platform/db/reached-areas.js';
import { categoryEntity, type CategoryRow } from './category.entity.js';
import { incidentCounterEntity } from './incident-counter.entity.js';
import { IncidentKeys } from './incident-keys.repository.js';
import { freeOrderKey } from './incident-order.js';
import { IncidentTexts } from './incident-text.js';
import { incidentEntity, type IncidentRow } from './incident.entity.js';
import { resolvedByFootage } from './resolved-by-footage.js';
import type { SearchTerm } from './incident-search.js';

/** An incident with what is derived from its tags and clips. */
export interface IncidentView {
  row: IncidentRow;
  resolvedByFootage: boolean;
  tagCount: number;
  clipCount: number;
}
export interface IncidentFilter {
  areaId?: string | undefined;
  state?: IncidentState | undefined;
  category?: string | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
  resolvedByFootage?: boolean | undefined;
  /** All of them must be met. Empty: what was typed has no word, and nothing is found. */
  search?: readonly SearchTerm[] | undefined;
  /** Order key of the last one that is known. */
  after?: number | undefined;
  limit: number;
}

/** More areas than any province has. */
const MAX_AREAS = 2000;

export class IncidentsRepository {
  readonly #db: Database;
  readonly #texts: IncidentTexts;

  constructor(db: Database) {
    this.#db = db;
    this.#texts = new IncidentTexts(db.kind);
  }

  /** Newest first. */
  async list(scope: AreaScope, filter: IncidentFilter): Promise<IncidentView[]> {
    if (filter.search?.length === 0) return [];
    const areas = await reachedAreas(this.#db.read, scope, filter.areaId);
    const keys = await new IncidentKeys(this.#db, this.#texts).list(areas, filter);
    if (keys.length === 0) return [];
    // Again by its scope: what becomes of an incident between the two is nobody's else.
    const query = this.#visible(scope, this.#db.longRead).andWhere('incident.orderKey IN (:...keys)', { keys });
    return (await views(query)).sort((one, other) => other.row.orderKey - one.row.orderKey);
  }

  async find(scope: AreaScope, id: string, manager: EntityManager = this.#db.read): Promise<IncidentView | undefined> {
    return (await views(this.#visible(scope, manager).andWhere('incident.id = :id', { id })))[0];
  }

  async numbersOf(scope: AreaScope, ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#visible(scope, this.#db.read)
      .select(['incident.id', 'incident.number'])
      .andWhere('incident.id IN (:...ids)', { ids })
      .getMany();
    return new Map(rows.map(({ id, number }) => [id, number]));
  }

  async insert(manager: EntityManager, row: IncidentRow): Promise<void> {
    await manager.insert(incidentEntity, row);
    await this.#texts.put(manager, row);
  }

  /** False where somebody else was faster: the row has no longer this version. */
  async update(manager: EntityManager, before: IncidentRow, changes: Partial<IncidentRow>): Promise<boolean> {
    const { id, version } = before;
    const orderKey =
      changes.occurredAt === undefined ? before.orderKey : await freeOrderKey(manager, changes.occurredAt);
    const after = { ...changes, orderKey, version: version + 1 };
    const done = await manager.update(incidentEntity, { id, version }, after);
    if (done.affected !== 1) return false;
    await this.#texts.remove(manager, before.orderKey);
    await this.#texts.put(manager, { ...before, ...after });
    return true;
  }

  /** The next running number; writes are serialised by the database room, and a rollback gives the number back. */
  async nextRunning(manager: EntityManager, year: number, code: string): Promise<number> {
    const counter = await manager.findOneBy(incidentCounterEntity, { year, code });
    const last = (counter?.last ?? 0) + 1;
    if (counter === null) await manager.insert(incidentCounterEntity, { year, code, last });
    else await manager.update(incidentCounterEntity, { year, code }, { last });
    return last;
  }

  categories(): Promise<CategoryRow[]> {
    return this.#db.read.find(categoryEntity, { order: { position: 'ASC' } });
  }

  async hasCategory(manager: EntityManager, code: string): Promise<boolean> {
    return (await manager.findOneBy(categoryEntity, { code })) !== null;
  }

  async area(
    scope: AreaScope,
    areaId: string,
    manager: EntityManager = this.#db.read,
  ): Promise<{ id: string; code: string } | undefined> {
    const piece = inScope(scope, 'area.id');
    return manager
      .createQueryBuilder()
      .select('area.id', 'id')
      .addSelect('area.code', 'code')
      .from('area', 'area')
      .where('area.id = :areaId', { areaId })
      .andWhere(piece.sql, piece.parameters)
      .getRawOne<{ id: string; code: string }>();
  }

  /** Names of the areas in the scope. */
  areaNames(scope: AreaScope): Promise<{ id: string; name: string }[]> {
    const piece = inScope(scope, 'area.id');
    return this.#db.read
      .createQueryBuilder()
      .select('area.id', 'id')
      .addSelect('area.name', 'name')
      .from('area', 'area')
      .where(piece.sql, piece.parameters)
      .limit(MAX_AREAS)
      .getRawMany<{ id: string; name: string }>();
  }

  #visible(scope: AreaScope, manager: EntityManager): SelectQueryBuilder<IncidentRow> {
    const piece = inScope(scope, 'incident.areaId');
    return manager.createQueryBuilder(incidentEntity, 'incident').where(piece.sql, piece.parameters);
  }
}

async function views(query: SelectQueryBuilder<IncidentRow>): Promise<IncidentView[]> {
  const { raw, entities } = await query
    .addSelect(`CASE WHEN ${resolvedByFootage('incident')} THEN 1 ELSE 0 END`, 'view_by_footage')
    .addSelect('(SELECT COUNT(*) FROM tag t WHERE t.incident_id = incident.id)', 'view_tags')
    .addSelect('(SELECT COUNT(*) FROM clip c WHERE c.incident_id = incident.id AND c.deleted_at IS NULL)', 'view_clips')
    .getRawAndEntities<{ view_by_footage: number; view_tags: number | string; view_clips: number | string }>();
  return entities.map((row, index) => ({
    row,
    resolvedByFootage: Number(raw[index]?.view_by_footage ?? 0) === 1,
    tagCount: Number(raw[index]?.view_tags ?? 0),
    clipCount: Number(raw[index]?.view_clips ?? 0),
  }));
}
