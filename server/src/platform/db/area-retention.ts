import type { Transaction } from './database.js';

/** An area that has its own choice of how long footage is kept. */
export interface AreaRetention {
  readonly areaId: string;
  readonly path: string;
  readonly days: number;
}

/** The choices of all areas: few, and also those above a caller's scope, because they hold below. */
export async function areaRetentions(manager: Transaction): Promise<AreaRetention[]> {
  const rows = await manager
    .createQueryBuilder()
    .select('chosen.id', 'id')
    .addSelect('chosen.path', 'path')
    .addSelect('chosen.retention_days', 'days')
    .from('area', 'chosen')
    .where('chosen.retention_days IS NOT NULL')
    .getRawMany<{ id: string; path: string; days: number }>();
  return rows.map(({ id, path, days }) => ({ areaId: id, path, days }));
}

/** The choice of the nearest area at or above the one with this path; undefined where nobody chose. */
export function nearestRetention(path: string, choices: readonly AreaRetention[]): AreaRetention | undefined {
  let nearest: AreaRetention | undefined;
  for (const choice of choices) {
    if (path.startsWith(choice.path) && choice.path.length > (nearest?.path.length ?? 0)) nearest = choice;
  }
  return nearest;
}
