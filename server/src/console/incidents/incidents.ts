import type { AuditWriter } from '../../lib/actor.js';
import type { Clock } from '../../lib/clock.js';
import type { Database } from '../../platform/db/database.js';
import type { Broadcaster } from '../../platform/realtime/broadcaster.js';
import { IncidentsRepository } from './incidents.repository.js';
import { incidentsRoutes } from './incidents.routes.js';
import { IncidentsService } from './incidents.service.js';
import { resolvedByFootage } from './resolved-by-footage.js';

/** Incidents and their categories. */
export function createIncidents(deps: { db: Database; audit: AuditWriter; broadcaster: Broadcaster; clock: Clock }) {
  const service = new IncidentsService({ ...deps, repository: new IncidentsRepository(deps.db) });
  return { routes: incidentsRoutes(service), service, resolvedByFootage };
}
