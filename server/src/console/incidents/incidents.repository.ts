import type { IncidentState } from '@choi-canh/shared/incidents';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import type { AreaScope } from '../../lib/actor.js';
import { indexedWords } from '../../lib/search-words.js';
import { inScope, withinArea } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { categoryEntity, type CategoryRow } from './category.entity.js';
import { incidentCounterEntity } from './incident-counter.entity.js';
import type { IncidentCursor } from './incident-cursor.js';
import { incidentEntity, type IncidentRow } from './incident.entity.js';
import { resolvedByFootage } from './resolved-by-footage.js';
import type { SearchTerm } from './incident-search.js';
import { incidentWordEntity } from './incident-word.entity.js';

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
  after?: IncidentCursor | undefined;
  limit: number;
}

/** More areas than any province has. */
const MAX_AREAS = 2000;

export class IncidentsRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Newest first. */
  list(scope: AreaScope, filter: IncidentFilter): Promise<IncidentView[]> {
    const query = this.#visible(scope, this.#db.read);
    if (filter.areaId !== undefined) {
      const within = withinArea(filter.areaId, 'incident.areaId');
      query.andWhere(within.sql, within.parameters);
    }
    if (filter.state !== undefined) query.andWhere('incident.state = :state', { state: filter.state });
    if (filter.category !== undefined) query.andWhere('incident.category = :category', { category: filter.category });
    if (filter.fromMs !== undefined) query.andWhere('incident.occurredAt >= :fromMs', { fromMs: filter.fromMs });
    if (filter.toMs !== undefined) query.andWhere('incident.occurredAt < :toMs', { toMs: filter.toMs });
    if (filter.resolvedByFootage !== undefined) {
      query.andWhere(`${filter.resolvedByFootage ? '' : 'NOT '}${resolvedByFootage('incident')}`);
    }
    if (filter.search?.length === 0) return Promise.resolve([]);
    for (const [index, term] of (filter.search ?? []).entries()) addTerm(query, term, index);
    if (filter.after !== undefined) {
      query.andWhere(
        '(incident.occurredAt < :afterAt OR (incident.occurredAt = :afterAt AND incident.id < :afterId))',
        {
          afterAt: filter.after.occurredAt,
          afterId: filter.after.id,
        },
      );
    }
    query.orderBy('incident.occurredAt', 'DESC').addOrderBy('incident.id', 'DESC').limit(filter.limit);
    return views(query);
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
    await this.#index(manager, row);
  }

  /** False where somebody else was faster: the row has no longer this version. */
  async update(manager: EntityManager, before: IncidentRow, changes: Partial<IncidentRow>): Promise<boolean> {
    const { id, version } = before;
    const done = await manager.update(incidentEntity, { id, version }, { ...changes, version: version + 1 });
    if (done.affected !== 1) return false;
    await manager.delete(incidentWordEntity, { incidentId: id });
    await this.#index(manager, { ...before, ...changes });
    return true;
  }

  async #index(manager: EntityManager, row: IncidentRow): Promise<void> {
    const texts = [`${row.number} ${row.title} ${row.place}`, `${row.description} ${row.outcome}`] as const;
    const words = indexedWords(...texts).map((word) => ({ word, incidentId: row.id }));
    for (let start = 0; start < words.length; start += 400) {
      await manager.insert(incidentWordEntity, words.slice(start, start + 400));
    }
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

/** Incidents with the word, or of a category, state or area whose name has it; each part has its index. */
function addTerm(query: SelectQueryBuilder<IncidentRow>, term: SearchTerm, index: number): void {
  const name = (part: string) => `search${index}${part}`;
  const parts = [
    term.prefix
      ? `SELECT incident_id FROM incident_word WHERE word >= :${name('From')} AND word < :${name('To')}`
      : `SELECT incident_id FROM incident_word WHERE word = :${name('From')}`,
  ];
  const parameters: Record<string, unknown> = {
    [name('From')]: term.text,
    // Behind everything that begins so: the last code point there is.
    ...(term.prefix && { [name('To')]: `${term.text}\u{10ffff}` }),
  };
  for (const [column, values] of [
    ['category', term.categories],
    ['state', term.states],
    ['area_id', term.areaIds],
  ] as const) {
    if (values.length === 0) continue;
    parts.push(`SELECT id FROM incident WHERE ${column} IN (:...${name(column)})`);
    parameters[name(column)] = values;
  }
  query.andWhere(`incident.id IN (${parts.join(' UNION ALL ')})`, parameters);
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
