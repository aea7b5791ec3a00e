import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import type { Database } from '../../platform/db/database.js';
import { areaWays, merged, type ReachedAreas } from '../../platform/db/reached-areas.js';
import { orderKeyRange } from './incident-order.js';
import type { IncidentTexts } from './incident-text.js';
import { incidentEntity, type IncidentRow } from './incident.entity.js';
import type { IncidentFilter } from './incidents.repository.js';
import { resolvedByFootage } from './resolved-by-footage.js';

/** Areas that a search names in the text index; with more of them what it finds is filtered. */
const areasInText = 64;
/** Newest incidents that PostgreSQL looks at one by one before it asks the text index for all there are. */
const walkedFirst = 3000;

/** Which incidents a page of the list shows: their order keys, newest first. */
export class IncidentKeys {
  readonly #manager: EntityManager;
  readonly #kind: Database['kind'];
  readonly #texts: IncidentTexts;

  constructor(db: Database, texts: IncidentTexts) {
    this.#manager = db.longRead;
    this.#kind = db.kind;
    this.#texts = texts;
  }

  async list(areas: ReachedAreas, filter: IncidentFilter): Promise<number[]> {
    if (filter.search !== undefined) return this.#search(areas, filter, filter.search);
    const lists = await Promise.all(
      areaWays(areas, 'incident.area_id').map((way) =>
        keysOf(this.#filtered(filter).andWhere(way.sql, way.parameters).limit(filter.limit)),
      ),
    );
    return merged(lists, (one, other) => other - one, filter.limit);
  }

  async #search(areas: ReachedAreas, filter: IncidentFilter, terms: NonNullable<IncidentFilter['search']>) {
    const isNarrow = areas !== 'all' && areas.length <= areasInText;
    if (isNarrow && areas.length === 0) return [];
    const match = this.#texts.match(terms, { ...filter, areaIds: isNarrow ? areas : undefined });
    const found = this.#filtered(filter);
    // Few areas are in the text index already; that they are the right ones is asked of the rows as well.
    if (areas !== 'all') found.andWhere(`(incident.area_id || '') IN (:...searchedAreas)`, { searchedAreas: areas });
    if (this.#kind === 'sqlite') return keysOf(walkText(found, match, filter));
    if (!isNarrow) {
      const newest = await keysOf(filterNewest(this.#manager, found.clone().limit(walkedFirst), match, filter.limit));
      if (newest.length === filter.limit) return newest;
    }
    return keysOf(
      found
        .innerJoin('incident_text', 'txt', 'txt.order_key = incident.order_key')
        .andWhere('txt.words @@ CAST(:match AS tsquery)', { match })
        .limit(filter.limit),
    );
  }

  /** Newest first, by what the rows themselves say. */
  #filtered(filter: IncidentFilter): SelectQueryBuilder<IncidentRow> {
    const query = this.#manager
      .createQueryBuilder(incidentEntity, 'incident')
      .select('incident.order_key', 'order_key')
      .where('1 = 1');
    if (filter.state !== undefined) query.andWhere('incident.state = :state', { state: filter.state });
    if (filter.category !== undefined) query.andWhere('incident.category = :category', { category: filter.category });
    const { from, to } = orderKeyRange(filter.fromMs, filter.toMs);
    if (from !== undefined) query.andWhere('incident.order_key >= :fromKey', { fromKey: from });
    if (to !== undefined) query.andWhere('incident.order_key < :toKey', { toKey: to });
    if (filter.fromMs !== undefined) query.andWhere('incident.occurred_at >= :fromMs', { fromMs: filter.fromMs });
    if (filter.toMs !== undefined) query.andWhere('incident.occurred_at < :toMs', { toMs: filter.toMs });
    if (filter.after !== undefined) query.andWhere('incident.order_key < :after', { after: filter.after });
    if (filter.resolvedByFootage !== undefined) {
      query.andWhere(`${filter.resolvedByFootage ? '' : 'NOT '}${resolvedByFootage('incident')}`);
    }
    return query.orderBy('incident.order_key', 'DESC');
  }
}

/** FTS5 gives what it finds in the order of the list, newest first, so a page ends where it is full. */
function walkText(
  query: SelectQueryBuilder<IncidentRow>,
  match: string,
  filter: IncidentFilter,
): SelectQueryBuilder<IncidentRow> {
  const { from, to } = orderKeyRange(filter.fromMs, filter.toMs);
  const before = Math.min(to ?? Infinity, filter.after ?? Infinity);
  // The sum keeps SQLite from walking the incidents and asking the text index for each.
  query
    .innerJoin('incident_text', 'txt', 'incident.order_key = txt.rowid + 0')
    .andWhere('txt.incident_text MATCH :match', { match })
    .orderBy('txt.rowid', 'DESC')
    .limit(filter.limit);
  if (before !== Infinity) query.andWhere('txt.rowid < :beforeKey', { beforeKey: before });
  if (from !== undefined) query.andWhere('txt.rowid >= :firstKey', { firstKey: from });
  return query;
}

/** Of the newest incidents those that have the words; each is looked up by its key. */
function filterNewest(
  manager: EntityManager,
  newest: SelectQueryBuilder<IncidentRow>,
  match: string,
  limit: number,
): SelectQueryBuilder<IncidentRow> {
  return manager
    .createQueryBuilder()
    .select('newest.order_key', 'order_key')
    .from(`(${newest.getQuery()})`, 'newest')
    .setParameters({ ...newest.getParameters(), match })
    .where(
      `EXISTS (SELECT 1 FROM incident_text txt WHERE txt.order_key = newest.order_key
        AND txt.words @@ CAST(:match AS tsquery) OFFSET 0)`,
    )
    .orderBy('newest.order_key', 'DESC')
    .limit(limit) as unknown as SelectQueryBuilder<IncidentRow>;
}

async function keysOf(query: SelectQueryBuilder<IncidentRow>): Promise<number[]> {
  return (await query.getRawMany<{ order_key: number | string }>()).map((row) => Number(row.order_key));
}
