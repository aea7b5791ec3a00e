import type { AreaScope } from '../../lib/actor.js';
import type { Transaction } from './database.js';
import { inScope, withinArea, type WherePiece } from './area-scope.js';

/** More areas than any country has communes. */
const most = 20_000;
/** With so few areas their newest rows are read area by area; with more the list is walked and filtered. */
const few = 16;

/** Areas whose rows a question is about: all there are, or these. */
export type ReachedAreas = 'all' | readonly string[];

/** Areas of the scope, and of those only what lies at or below `areaId` where it is given. */
export async function reachedAreas(manager: Transaction, scope: AreaScope, areaId?: string): Promise<ReachedAreas> {
  if (scope.areaId === null && areaId === undefined) return 'all';
  const query = manager.createQueryBuilder().select('area.id', 'id').from('area', 'area');
  const pieces = [inScope(scope, 'area.id'), ...(areaId === undefined ? [] : [withinArea(areaId, 'area.id')])];
  for (const { sql, parameters } of pieces) query.andWhere(sql, parameters);
  return (await query.limit(most).getRawMany<{ id: string }>()).map(({ id }) => id);
}

/**
 * How a list in its own order reads the areas: one by one where they are few, each by an index of area and order, else
 * as a filter over the list. Without this a database finds all rows of the areas first, years of them, and sorts them.
 */
export function areaWays(areas: ReachedAreas, column: string): WherePiece[] {
  if (areas === 'all') return [{ sql: '1 = 1', parameters: {} }];
  if (areas.length <= few) {
    return areas.map((id) => ({ sql: `${column} = :reachedArea`, parameters: { reachedArea: id } }));
  }
  // An expression over the column: no index of it is taken.
  return [{ sql: `(${column} || '') IN (:...reachedAreas)`, parameters: { reachedAreas: areas } }];
}

/** The first `limit` of several lists in one order. */
export function merged<T>(lists: readonly T[][], compare: (one: T, other: T) => number, limit: number): T[] {
  return lists.length === 1 ? lists[0]!.slice(0, limit) : lists.flat().sort(compare).slice(0, limit);
}
