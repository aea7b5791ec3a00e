import type { AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import type { Database } from '../../platform/db/database.js';
import type { Route } from '../../platform/http/route.js';
import { AreaTree } from './area-tree.js';
import { AreaUsageRepository, type AreaUser } from './area-usage.repository.js';
import { areasRoutes } from './areas.routes.js';
import { AreasRepository } from './areas.repository.js';
import { AreasService, type AreaLevels } from './areas.service.js';

export interface AreasFeature {
  readonly routes: Route[];
  readonly service: AreasService;
  readonly repository: AreasRepository;
  readonly tree: AreaTree;
  /** Loads the tree. */
  start(): Promise<void>;
}

/** `users`: the tables whose rows lie in an area; an area with any of them is not deleted. `cameraTable`: cameras in use. */
export function createAreas(deps: {
  database: Database;
  audit: AuditWriter;
  levels: AreaLevels;
  clock: Clock;
  users: AreaUser[];
  cameraTable: string;
  retentionDays: number;
  treeChanged(): void;
  retentionChanged(areaId: string): Promise<void>;
}): AreasFeature {
  const repository = new AreasRepository(deps.database);
  const usage = new AreaUsageRepository(deps.database, deps.users, deps.cameraTable);
  const tree = new AreaTree(repository);
  const service = new AreasService({ ...deps, repository, usage, tree });
  return { routes: areasRoutes(service), service, repository, tree, start: () => tree.reload() };
}
