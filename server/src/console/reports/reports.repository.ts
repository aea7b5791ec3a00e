import type { AreaScope } from '../../lib/actor.js';
import { inScope, withinArea, type WherePiece } from '../../platform/db/area-scope.js';
import type { Database } from '../../platform/db/database.js';
import { areaWays, reachedAreas } from '../../platform/db/reached-areas.js';

export interface CaseCell {
  areaId: string;
  areaName: string;
  category: string;
  incidents: number;
  resolved: number;
  resolvedByFootage: number;
}

/** Counts, made by the database. */
export class ReportsRepository {
  readonly #db: Database;
  readonly #resolvedByFootage: (incidentAlias: string) => string;

  constructor(db: Database, resolvedByFootage: (incidentAlias: string) => string) {
    this.#db = db;
    this.#resolvedByFootage = resolvedByFootage;
  }

  /**
   * Incidents of [fromMs, toMs) per area and category; areas and categories without any are left out. Every column is in
   * one index, which is read in its order.
   */
  async cells(scope: AreaScope, areaId: string | undefined, fromMs: number, toMs: number): Promise<CaseCell[]> {
    const areas = await reachedAreas(this.#db.read, scope, areaId);
    const [rows, names] = await Promise.all([
      Promise.all(areaWays(areas, 'inc.area_id').map((way) => this.#counts(way, fromMs, toMs))),
      this.#areaNames(scope),
    ]);
    return rows.flat().map((row) => ({
      areaId: String(row.areaId),
      areaName: names.get(String(row.areaId)) ?? '',
      category: String(row.category),
      incidents: Number(row.incidents),
      resolved: Number(row.resolved),
      resolvedByFootage: Number(row.resolvedByFootage),
    }));
  }

  #counts(way: WherePiece, fromMs: number, toMs: number) {
    return this.#db.longRead
      .createQueryBuilder()
      .select('inc.area_id', 'areaId')
      .addSelect('inc.category', 'category')
      .addSelect('COUNT(*)', 'incidents')
      .addSelect(`SUM(CASE WHEN inc.state = 'resolved' THEN 1 ELSE 0 END)`, 'resolved')
      .addSelect(`SUM(CASE WHEN ${this.#resolvedByFootage('inc')} THEN 1 ELSE 0 END)`, 'resolvedByFootage')
      .from('incident', 'inc')
      .where('inc.occurred_at >= :fromMs AND inc.occurred_at < :toMs', { fromMs, toMs })
      .andWhere(way.sql, way.parameters)
      .groupBy('inc.area_id')
      .addGroupBy('inc.category')
      .getRawMany<Record<Exclude<keyof CaseCell, 'areaName'>, string | number>>();
  }

  async #areaNames(scope: AreaScope): Promise<Map<string, string>> {
    const piece = inScope(scope, 'area.id');
    const rows = await this.#db.read
      .createQueryBuilder()
      .select('area.id', 'id')
      .addSelect('area.name', 'name')
      .from('area', 'area')
      .where(piece.sql, piece.parameters)
      .getRawMany<{ id: string; name: string }>();
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  /** In the order of the catalogue. */
  async categories(): Promise<{ code: string; retired: boolean }[]> {
    const rows = await this.#db.read
      .createQueryBuilder()
      .select('cat.code', 'code')
      .addSelect('CASE WHEN cat.retired THEN 1 ELSE 0 END', 'retired')
      .from('incident_category', 'cat')
      .orderBy('cat.position', 'ASC')
      .getRawMany<{ code: string; retired: string | number }>();
    return rows.map((row) => ({ code: row.code, retired: Number(row.retired) === 1 }));
  }

  /** Areas of the scope directly below one; null: those that have no parent. */
  children(scope: AreaScope, parentId: string | null): Promise<{ id: string; name: string }[]> {
    const piece = inScope(scope, 'area.id');
    return this.#db.read
      .createQueryBuilder()
      .select('area.id', 'id')
      .addSelect('area.name', 'name')
      .from('area', 'area')
      .where(parentId === null ? 'area.parent_id IS NULL' : 'area.parent_id = :parentId', { parentId })
      .andWhere(piece.sql, piece.parameters)
      .getRawMany<{ id: string; name: string }>();
  }

  area(scope: AreaScope, id: string): Promise<{ id: string; name: string } | undefined> {
    const piece = inScope(scope, 'area.id');
    return this.#db.read
      .createQueryBuilder()
      .select('area.id', 'id')
      .addSelect('area.name', 'name')
      .from('area', 'area')
      .where('area.id = :id', { id })
      .andWhere(piece.sql, piece.parameters)
      .getRawOne<{ id: string; name: string }>();
  }

  /**
   * Cameras in use; those of them that work now, and those that are recorded but need attention. What is kept of cameras
   * of the `unheard` recorders is of before, and counts for nothing.
   */
  async cameras(
    scope: AreaScope,
    areaId: string | undefined,
    unheard: readonly string[],
  ): Promise<{ total: number; alive: number; degraded: number }> {
    const piece = inScope(scope, 'cam.area_id');
    const isHeard = unheard.length === 0 ? '1 = 1' : 'cam.recorder_id NOT IN (:...unheard)';
    const query = this.#db.longRead
      .createQueryBuilder()
      .select('COUNT(*)', 'total')
      .addSelect(`SUM(CASE WHEN span.state = 'alive' AND ${isHeard} THEN 1 ELSE 0 END)`, 'alive')
      .setParameters(unheard.length === 0 ? {} : { unheard })
      .addSelect(`SUM(CASE WHEN span.state = 'degraded' AND ${isHeard} THEN 1 ELSE 0 END)`, 'degraded')
      .from('camera', 'cam')
      .leftJoin('camera_state_interval', 'span', 'span.camera_id = cam.id AND span.to_at IS NULL')
      .where('cam.deleted_at IS NULL')
      .andWhere(piece.sql, piece.parameters);
    if (areaId !== undefined) {
      const within = withinArea(areaId, 'cam.area_id');
      query.andWhere(within.sql, within.parameters);
    }
    const row = await query.getRawOne<Record<'total' | 'alive' | 'degraded', string | number | null>>();
    return { total: Number(row?.total ?? 0), alive: Number(row?.alive ?? 0), degraded: Number(row?.degraded ?? 0) };
  }
}
