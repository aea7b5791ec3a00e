import type { AuditWriter } from '../../lib/actor.js';
import type { Database, Transaction } from '../../platform/db/database.js';
import type { Route } from '../../platform/http/route.js';
import { areaLevelEntity, reportTextEntity, roleNameEntity, type NameEntity } from './name-row.entity.js';
import { NamesRepository } from './names.repository.js';
import { namesRoutes } from './names.routes.js';
import { NamesService } from './names.service.js';

/** The levels of areas, as the feature about areas needs them. */
export interface AreaLevels {
  has(manager: Transaction, code: string): Promise<boolean>;
  /** What people call them in Vietnamese, each alternative of "Thôn/Bản" by itself. */
  words(manager: Transaction): Promise<string[]>;
}

/** `categories`: the catalogue that belongs to incidents; its entries have the shape of names. */
export function createNames(deps: { database: Database; audit: AuditWriter; categories: NameEntity }): {
  routes: Route[];
  areaLevels: AreaLevels;
} {
  const { database, audit, categories } = deps;
  const levels = new NamesRepository(database, areaLevelEntity, { table: 'area', column: 'level' });
  const service = new NamesService({
    database,
    audit,
    lists: {
      role: new NamesRepository(database, roleNameEntity),
      area_level: levels,
      category: new NamesRepository(database, categories, { table: 'incident', column: 'category' }),
      report_text: new NamesRepository(database, reportTextEntity),
    },
  });
  return {
    routes: namesRoutes(service),
    areaLevels: {
      has: (manager, code) => levels.has(manager, code),
      words: async (manager) => (await levels.list(manager)).flatMap(({ vi }) => vi.split('/')),
    },
  };
}
