import type { EntityManager } from 'typeorm';
import type { Database } from '../../platform/db/database.js';

/** A table whose rows lie in an area, by its column `area_id`. Names are constants of the product, never input. */
export interface AreaUser {
  /** As told to people, e.g. `cameras`. */
  what: string;
  table: string;
}

/** What lies in an area, counted over tables of other features that the app names. */
export class AreaUsageRepository {
  constructor(
    private readonly database: Database,
    private readonly users: AreaUser[],
    /** Table or view of the cameras in use. */
    private readonly cameraTable: string,
  ) {}

  /** How many of each kind lie directly in the area; kinds with none are left out. */
  async usage(manager: EntityManager, areaId: string): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const { what, table } of this.users) {
      const row = await manager
        .createQueryBuilder()
        .select('COUNT(*)', 'count')
        .from(table, 'counted')
        .where('counted.area_id = :areaId', { areaId })
        .getRawOne<{ count: number | string }>();
      const count = Number(row?.count ?? 0);
      if (count > 0) found[what] = count;
    }
    return found;
  }

  /** Cameras in use per area. */
  async camerasPerArea(): Promise<Map<string, number>> {
    const rows = await this.database.read
      .createQueryBuilder()
      .select('counted.area_id', 'area_id')
      .addSelect('COUNT(*)', 'count')
      .from(this.cameraTable, 'counted')
      .groupBy('counted.area_id')
      .getRawMany<{ area_id: string; count: number | string }>();
    return new Map(rows.map((row) => [row.area_id, Number(row.count)]));
  }
}
